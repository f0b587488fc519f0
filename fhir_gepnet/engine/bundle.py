"""Result -> Bundle with the RequestGroup first (R4 content in the shape of R5's and CPG's $apply)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid5

from fhir_gepnet.engine.careplan import MESSAGES
from fhir_gepnet.engine.identity import NAMESPACE, identity_of
from fhir_gepnet.engine.parts import Part, parts_of
from fhir_gepnet.engine.request_group import (
    OUTCOME,
    Form,
    made_resources,
    operation_outcome_of,
    request_group_of,
)
from fhir_gepnet.engine.trace_resources import trace_resources
from fhir_gepnet.pathway.action_output import PERTAINS_TO_GOAL

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result


def bundle_of(result: Result, merge_nested: bool, *, trace: bool = False) -> dict[str, Any]:
    """The Bundle; see ``Result.bundle``."""
    form = Form(result, _urn, merge_nested, "RequestGroup")
    written = [_written(part, form) for part in parts_of(result, merge_nested)]
    resources = [resource for each in written for resource in each.resources]
    if trace:
        groups = [each.group for each in written]
        outcomes = [each.outcome for each in written if each.outcome is not None]
        resources += trace_resources(result, groups, outcomes, _urn)
    return {
        "resourceType": "Bundle",
        "id": identity_of("Bundle", result.subject, result.now, result.plan.canonical),
        "type": "collection",
        "timestamp": result.now.isoformat(),
        "entry": [{"fullUrl": _urn(resource), "resource": resource} for resource in resources],
    }


class _Written(NamedTuple):
    """The resources of one part, in their order, and those among them that the trace refers to."""

    group: dict[str, Any]
    outcome: dict[str, Any] | None
    resources: list[dict[str, Any]]


def _written(part: Part, form: Form) -> _Written:
    group = request_group_of(part, form)
    outcome = operation_outcome_of(part, form)
    extensions = [
        {"url": PERTAINS_TO_GOAL, "valueReference": {"reference": _urn(goal)}} for goal in part.goals.values()
    ]
    if outcome is not None:
        extensions.append({"url": MESSAGES, "valueReference": {"reference": _urn(outcome)}})
    if extensions:
        group["extension"] = extensions
    resources = [group, *made_resources(part, form), *part.goals.values()]
    if outcome is not None:
        resources.append(outcome)
    return _Written(group, outcome, resources)


def _urn(resource: dict[str, Any]) -> str:
    identifier = resource["id"]
    if identifier.startswith(OUTCOME):
        # The id that CPG wants is no uuid, and shares one with the RequestGroup.
        identifier = uuid5(NAMESPACE, identifier)
    return f"urn:uuid:{identifier}"
