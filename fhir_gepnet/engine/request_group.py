"""Decisions -> RequestGroup (FHIR R4), the part that CarePlan and Bundle share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.activity import copy_json
from fhir_gepnet.engine.decision import Decision
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.pathway.extensions import PROPOSAL

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

Address = Callable[[dict[str, Any]], str]
"""How the RequestGroup refers to a resource that was made beside it."""


def request_group_of(result: Result, address: Address) -> dict[str, Any]:
    """The RequestGroup of a result.

    Status is ``active`` for a complete proposal and ``draft`` while something is unknown or
    failed (CPG, "applying a PlanDefinition"); intent is always ``proposal``.
    """
    group: dict[str, Any] = {
        "resourceType": "RequestGroup",
        "id": _id_of("RequestGroup", result),
        "instantiatesCanonical": [result.plan.canonical],
        "status": "draft" if result.issues else "active",
        "intent": "proposal",
        "subject": {"reference": result.subject},
    }
    if result.encounter is not None:
        group["encounter"] = {"reference": result.encounter}
    group["authoredOn"] = result.now.isoformat()
    actions = _actions(result.decisions, address, set(), "")
    if actions:
        group["action"] = actions
    return group


def operation_outcome_of(result: Result) -> dict[str, Any]:
    """The issues of a result as one OperationOutcome."""
    return {
        "resourceType": "OperationOutcome",
        "id": _id_of("OperationOutcome", result),
        "issue": [dict(issue) for issue in result.issues],
    }


def made_resources(decisions: Sequence[Decision]) -> Iterator[dict[str, Any]]:
    """The draft requests of all decisions, in the order of the actions; not what is there already."""
    for decision in decisions:
        if decision.resource is not None and decision.already is None:
            yield decision.resource
        yield from made_resources(decision.children)


def _id_of(what: str, result: Result) -> str:
    return identity_of(what, result.subject, result.now, result.plan.canonical)


def _actions(
    decisions: Sequence[Decision], address: Address, used: set[str], prefix: str
) -> list[dict[str, Any]]:
    """Applicable actions as RequestGroup.action; ``prefix`` keeps ids unique when a plan recurs."""
    actions = []
    for decision in decisions:
        if not decision.applies:
            continue
        # A copy: what a caller does to its CarePlan must never reach the loaded pathway.
        action = copy_json(decision.output)
        action["id"] = prefix + decision.action_id
        used.add(action["id"])
        if prefix and "relatedAction" in action:
            action["relatedAction"] = [
                {**related, "actionId": prefix + related["actionId"]} for related in action["relatedAction"]
            ]
        already = decision.already
        if already is not None:
            action.setdefault("extension", []).append({"url": PROPOSAL, "valueCode": already.state})
            action["resource"] = {"reference": already.reference}
        elif decision.resource is not None:
            action["resource"] = {"reference": address(decision.resource)}
        own = [child for child in decision.children if child.plan == decision.plan]
        nested = [child for child in decision.children if child.plan != decision.plan]
        children = _actions(own, address, used, prefix)
        if any(each in used for each in _ids(nested)):
            children += _actions(nested, address, used, f"{action['id']}.")
        else:
            children += _actions(nested, address, used, "")
        if children:
            action["action"] = children
        actions.append(action)
    return actions


def _ids(decisions: Sequence[Decision]) -> Iterator[str]:
    """Ids of the applicable actions of one plan instance; plans nested deeper look after themselves."""
    for decision in decisions:
        if decision.applies:
            yield decision.action_id
            yield from _ids([child for child in decision.children if child.plan == decision.plan])
