"""A part of a result -> RequestGroup (FHIR R4) and what goes beside it, for CarePlan and Bundle alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.activity import copy_json
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.parts import Address, Part
from fhir_gepnet.engine.placing import Placed
from fhir_gepnet.pathway.action_output import PERTAINS_TO_GOAL
from fhir_gepnet.pathway.extensions import PROPOSAL

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

OUTCOME = "apply-outcome-"


@dataclass(frozen=True, slots=True)
class Form:
    """How one form of a result is written.

    Attributes:
        result: what is written.
        address: how a resource is referred to.
        merge_nested: whether the actions of nested plans stand below the action that names the plan.
        nested: resource type that stands for a nested plan: CarePlan or RequestGroup.
    """

    result: Result
    address: Address
    merge_nested: bool
    nested: str


def request_group_of(part: Part, form: Form) -> dict[str, Any]:
    """The RequestGroup of one use of a plan.

    Status is ``active`` for a complete proposal and ``draft`` while something is unknown or failed
    (CPG, "applying a PlanDefinition"); intent is ``proposal``, for a nested plan ``option``.
    """
    result = form.result
    group: dict[str, Any] = {"resourceType": "RequestGroup", "id": id_of("RequestGroup", part, result)}
    if result.language is not None:
        group["language"] = result.language
    group["instantiatesCanonical"] = [part.plan.canonical]
    group["status"] = "active" if part.complete else "draft"
    group["intent"] = intent_of(part)
    group["subject"] = {"reference": result.subject}
    if result.encounter is not None:
        group["encounter"] = {"reference": result.encounter}
    group["authoredOn"] = result.now.isoformat()
    if result.author is not None:
        group["author"] = {"reference": result.author}
    actions = [_action(action, part.path, part.path, part, form) for action in part.actions]
    if actions:
        group["action"] = actions
    return group


def intent_of(part: Part) -> str:
    """``proposal`` for the plan that was applied, ``option`` for a plan nested in it."""
    return "option" if part.path else "proposal"


def id_of(what: str, part: Part, result: Result) -> str:
    """The id of a resource that stands for a part."""
    return identity_of(what, result.subject, result.now, result.plan.canonical, part.path)


def operation_outcome_of(part: Part, form: Form) -> dict[str, Any] | None:
    """The issues of a part as one OperationOutcome; None when there are none."""
    if not part.issues:
        return None
    return {
        "resourceType": "OperationOutcome",
        "id": OUTCOME + id_of("RequestGroup", part, form.result),
        "issue": [dict(issue) for issue in part.issues],
    }


def made_resources(part: Part, form: Form) -> Iterator[dict[str, Any]]:
    """The draft requests and Questionnaires of a part, in the order of the actions, children first;
    not what is on the patient already."""
    seen: set[str] = set()
    for resource in _made(part.actions, form):
        if resource["id"] not in seen:
            seen.add(resource["id"])
            yield resource


def _made(actions: Sequence[Placed], form: Form) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield from _made(action.children, form)
        if form.merge_nested:
            yield from _made(action.nested, form)
        resource = action.decision.resource
        if resource is not None:
            if action.decision.already is None:
                yield _as_option(action, resource, form)
        elif action.decision.action.questionnaire is not None:
            yield _questionnaire(action.decision.action.questionnaire, form.result)


def _as_option(action: Placed, resource: dict[str, Any], form: Form) -> dict[str, Any]:
    """A copy of a draft request as a component of a RequestGroup: intent ``option``, the user's language."""
    made: dict[str, Any] = copy_json(resource)
    if "intent" in made and not action.decision.action.keeps_intent:
        made["intent"] = "option"
    if form.result.language is not None:
        made.setdefault("language", form.result.language)
    return made


def _questionnaire(questionnaire: dict[str, Any], result: Result) -> dict[str, Any]:
    copied: dict[str, Any] = copy_json(questionnaire)
    return {**copied, "id": _questionnaire_id(questionnaire, result)}


def _questionnaire_id(questionnaire: dict[str, Any], result: Result) -> str:
    """One id however many actions name it: it is copied once."""
    canonical = f"{questionnaire['url']}|{questionnaire['version']}"
    return identity_of("Questionnaire", result.subject, result.now, result.plan.canonical, (canonical,))


def _action(
    placed: Placed, above: tuple[str, ...], use: tuple[str, ...], part: Part, form: Form
) -> dict[str, Any]:
    """One action; ``above`` are the ids of its ancestors, ``use`` the path of the use of its plan."""
    decision = placed.decision
    place = (*above, decision.action_id)
    # A copy: what a caller does to its CarePlan must never reach the loaded pathway.
    action: dict[str, Any] = copy_json(decision.output)
    action["id"] = placed.id
    if placed.prefix and "relatedAction" in action:
        action["relatedAction"] = [
            {**related, "actionId": placed.prefix + related["actionId"]}
            for related in action["relatedAction"]
        ]
    if decision.action.goals:
        action["extension"] = [*action.get("extension", ()), *_goals(decision.action.goals, use, part, form)]
    participants = _participants(decision.action.resource, form.result)
    if participants:
        action["participant"] = participants
    already = decision.already
    if already is not None:
        action["extension"] = [*action.get("extension", ()), {"url": PROPOSAL, "valueCode": already.state}]
        reference: str | None = already.reference
    else:
        reference = _made_of(placed, place, form)
    if reference is not None:
        action["resource"] = {"reference": reference}
    children = [_action(child, place, use, part, form) for child in placed.children]
    if form.merge_nested:
        children += [_action(child, place, place, part, form) for child in placed.nested]
    if children:
        action["action"] = children
    return action


def _made_of(placed: Placed, place: tuple[str, ...], form: Form) -> str | None:
    decision, result = placed.decision, form.result
    if decision.resource is not None:
        return form.address(decision.resource)
    if decision.action.questionnaire is not None:
        identifier = _questionnaire_id(decision.action.questionnaire, result)
        return form.address({"resourceType": "Questionnaire", "id": identifier})
    if decision.action.plan is not None and not form.merge_nested:
        identifier = identity_of(form.nested, result.subject, result.now, result.plan.canonical, place)
        return form.address({"resourceType": form.nested, "id": identifier})
    return None


def _goals(
    identifiers: Sequence[str], use: tuple[str, ...], part: Part, form: Form
) -> Iterator[dict[str, Any]]:
    for identifier in identifiers:
        goal = part.goals[use, identifier]
        yield {"url": PERTAINS_TO_GOAL, "valueReference": {"reference": form.address(goal)}}


def _participants(action: dict[str, Any], result: Result) -> list[dict[str, Any]]:
    """References to who is known from the call, for the types of participant that the plan names."""
    known = {} if result.application is None else result.application.references
    people = {"patient": result.subject, "practitioner": known.get("practitioner")}
    found = dict.fromkeys(people.get(each.get("type", "")) for each in action.get("participant", ()))
    return [{"reference": reference} for reference in found if reference is not None]
