"""PlanDefinition.goal -> a proposed Goal of one patient (FHIR R4, $apply)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_gepnet.engine.activity import copy_json
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.pathway.model import GoalRecipe

Addressed = tuple[tuple[str, ...], str]
"""Path of the use of a plan, and the goal's id in the plan."""


def goal_resource(
    goal: GoalRecipe, identifier: str, record: PatientRecord, language: str | None
) -> dict[str, Any]:
    """The Goal; ``addresses`` refers to the patient's conditions with the codes of the definition.

    A concept that no condition carries stays as the display of a reference: it is what the author
    wanted addressed, and R4 has references only there.
    """
    resource: dict[str, Any] = {"resourceType": "Goal", "id": identifier}
    if language is not None:
        resource["language"] = language
    resource.update(copy_json(goal.draft))
    resource["subject"] = {"reference": record.subject}
    addresses = list(_addresses(goal.addresses, record))
    if addresses:
        resource["addresses"] = addresses
    return resource


def _addresses(concepts: Sequence[Mapping[str, Any]], record: PatientRecord) -> Iterator[dict[str, Any]]:
    for concept in concepts:
        found = {
            id(condition): condition
            for coding in concept.get("coding", ())
            for condition in record.coded("Condition", "code", coding.get("system", ""), coding["code"])
            if "id" in condition
        }
        for condition in found.values():
            yield {"reference": f"Condition/{condition['id']}"}
        display = concept.get("text") or next(
            (coding["display"] for coding in concept.get("coding", ()) if "display" in coding), None
        )
        if not found and display is not None:
            yield {"display": display}
