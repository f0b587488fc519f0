"""``GET /fhir/metadata``: the CapabilityStatement, made from what is loaded.

Source: FHIR R4 CapabilityStatement, PlanDefinition-apply; CPG for the operations that R4 has not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any

from flask import Response, request

from cds_hooks.fhir_artifacts import Artifacts
from cds_hooks.fhir_requests import check_accept, fhir_response
from cds_hooks.fhir_search import PARAMETERS, parameters_of
from cds_hooks.fhir_summary import SUMMARY
from cds_hooks.responses import FHIR_JSON, FHIR_ROOT

CPG = "http://hl7.org/fhir/uv/cpg/OperationDefinition"
R4 = "http://hl7.org/fhir/OperationDefinition"
OPERATIONS = {
    "PlanDefinition": (
        (
            "apply",
            f"{R4}/PlanDefinition-apply",
            "One subject: a CarePlan. Several: Parameters, one return each.",
        ),
        ("r5.apply", f"{CPG}/cpg-plandefinition-apply", "The same in the shape of CPG and R5: a Bundle."),
    ),
    "ActivityDefinition": (
        ("apply", f"{R4}/ActivityDefinition-apply", "The draft request that the activity makes."),
    ),
    "Library": (("evaluate", f"{CPG}/cpg-library-evaluate", "One parameter per define."),),
}
"""Operations by type: code, definition, what comes back."""
SEARCH_DOCUMENTATION = (
    "Modifiers: string :exact :contains, uri :above :below, token :not, all :missing. "
    "Unknown parameters are ignored with a warning, or refused with Prefer: handling=strict."
)


def metadata_view(artifacts: Artifacts, now: datetime) -> Callable[[], Response]:
    """The view of ``GET /fhir/metadata``."""
    statement = capability_statement(artifacts, now)

    def metadata() -> Response:
        check_accept()
        implementation = statement["implementation"] | {"url": request.host_url.rstrip("/") + FHIR_ROOT}
        return fhir_response(statement | {"implementation": implementation})

    return metadata


def capability_statement(artifacts: Artifacts, now: datetime) -> dict[str, Any]:
    """The CapabilityStatement but for the address that it is asked at.

    Args:
        artifacts: what is loaded.
        now: when the process started; the statement's date when no artefact has one.
    """
    dates = [
        each["date"] for held in artifacts.by_type.values() for each in held.values() if each.get("date")
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        # The newest content, not the clock: workers that serve the same content say the same.
        "date": max(dates, default=now.date().isoformat()),
        "kind": "instance",
        "software": {"name": "fhir_gepnet", "version": version("fhir-gepnet")},
        "implementation": {"description": "Applies computable care pathways; keeps no patient data."},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Reads of the loaded artefacts and the operations of clinical reasoning.",
                "resource": [_resource(name) for name in sorted(SUMMARY)],
            }
        ],
    }


def _resource(name: str) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "type": name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "no-version",
        "searchParam": [
            {"name": each, "type": PARAMETERS[each][0], "documentation": SEARCH_DOCUMENTATION}
            for each in parameters_of(name)
        ],
    }
    operations = [
        {"name": code, "definition": definition, "documentation": text}
        for code, definition, text in OPERATIONS.get(name, ())
    ]
    return resource | ({"operation": operations} if operations else {})
