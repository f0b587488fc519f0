"""Result -> Bundle with the RequestGroup first (R4 content in the shape of CPG's $apply)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.request_group import made_resources, operation_outcome_of, request_group_of
from fhir_gepnet.engine.trace_resources import trace_resources

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result


def bundle_of(result: Result, *, trace: bool = False) -> dict[str, Any]:
    """The Bundle; see ``Result.bundle``."""
    group = request_group_of(result, _urn)
    resources = [group, *made_resources(result.decisions)]
    outcome = operation_outcome_of(result) if result.issues else None
    if outcome is not None:
        resources.append(outcome)
    if trace:
        resources += trace_resources(result, group, outcome, _urn)
    return {
        "resourceType": "Bundle",
        "id": identity_of("Bundle", result.subject, result.now, result.plan.canonical),
        "type": "collection",
        "timestamp": result.now.isoformat(),
        "entry": [{"fullUrl": _urn(resource), "resource": resource} for resource in resources],
    }


def _urn(resource: dict[str, Any]) -> str:
    return f"urn:uuid:{resource['id']}"
