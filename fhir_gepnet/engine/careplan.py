"""Result -> R4 CarePlan with contained RequestGroups (PlanDefinition/$apply, FHIR R4).

A contained resource contains nothing (dom-2), so what a nested plan or a draft request would contain
is lifted into the CarePlan itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.lifting import lifted
from fhir_gepnet.engine.parts import Part, parts_of
from fhir_gepnet.engine.request_group import (
    Form,
    id_of,
    intent_of,
    made_resources,
    operation_outcome_of,
    request_group_of,
)

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

MESSAGES = "http://hl7.org/fhir/StructureDefinition/cqf-messages"


def care_plan_of(result: Result, merge_nested: bool) -> dict[str, Any]:
    """The CarePlan; see ``Result.care_plan``."""
    form = Form(result, _address, merge_nested, "CarePlan")
    root, *nested = parts_of(result, merge_nested)
    care_plan = _care_plan(root, form)
    contained: list[dict[str, Any]] = care_plan["contained"]
    for part in nested:
        inner = _care_plan(part, form)
        its_contained = inner.pop("contained")
        contained += [inner, *its_contained]
    return care_plan


def _care_plan(part: Part, form: Form) -> dict[str, Any]:
    result = form.result
    group = request_group_of(part, form)
    contained = [group]
    for resource in made_resources(part, form):
        contained += lifted(resource)
    contained += part.goals.values()
    care_plan: dict[str, Any] = {"resourceType": "CarePlan", "id": id_of("CarePlan", part, result)}
    if result.language is not None:
        care_plan["language"] = result.language
    care_plan["contained"] = contained
    outcome = operation_outcome_of(part, form)
    if outcome is not None:
        contained.append(outcome)
        care_plan["extension"] = [{"url": MESSAGES, "valueReference": {"reference": _address(outcome)}}]
    care_plan["instantiatesCanonical"] = [part.plan.canonical]
    care_plan["status"] = group["status"]
    care_plan["intent"] = intent_of(part)
    if part.plan.title:
        care_plan["title"] = part.plan.title
    if part.plan.description:
        care_plan["description"] = part.plan.description
    care_plan["subject"] = {"reference": result.subject}
    if result.encounter is not None:
        care_plan["encounter"] = {"reference": result.encounter}
    care_plan["created"] = result.now.isoformat()
    if result.author is not None:
        care_plan["author"] = {"reference": result.author}
    if part.goals:
        care_plan["goal"] = [{"reference": _address(goal)} for goal in part.goals.values()]
    care_plan["activity"] = [{"reference": {"reference": _address(group)}}]
    return care_plan


def _address(resource: dict[str, Any]) -> str:
    return f"#{resource['id']}"
