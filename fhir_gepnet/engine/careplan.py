"""Result -> R4 CarePlan with a contained RequestGroup (PlanDefinition/$apply, FHIR R4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.request_group import made_resources, operation_outcome_of, request_group_of

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

MESSAGES = "http://hl7.org/fhir/StructureDefinition/cqf-messages"


def care_plan_of(result: Result) -> dict[str, Any]:
    """The CarePlan; see ``Result.care_plan``."""
    group = request_group_of(result, lambda resource: f"#{resource['id']}")
    contained = [group, *made_resources(result.decisions)]
    care_plan: dict[str, Any] = {
        "resourceType": "CarePlan",
        "id": identity_of("CarePlan", result.subject, result.now, result.plan.canonical),
        "contained": contained,
    }
    if result.issues:
        outcome = operation_outcome_of(result)
        contained.append(outcome)
        care_plan["extension"] = [{"url": MESSAGES, "valueReference": {"reference": f"#{outcome['id']}"}}]
    care_plan["instantiatesCanonical"] = [result.plan.canonical]
    care_plan["status"] = group["status"]
    care_plan["intent"] = "proposal"
    if result.plan.title:
        care_plan["title"] = result.plan.title
    if result.plan.description:
        care_plan["description"] = result.plan.description
    care_plan["subject"] = {"reference": result.subject}
    if result.encounter is not None:
        care_plan["encounter"] = {"reference": result.encounter}
    care_plan["created"] = result.now.isoformat()
    if result.author is not None:
        care_plan["author"] = {"reference": result.author}
    care_plan["activity"] = [{"reference": {"reference": f"#{group['id']}"}}]
    return care_plan
