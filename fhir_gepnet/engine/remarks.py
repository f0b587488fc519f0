"""What is odd about a result though nothing in it failed; asked for when its FHIR forms are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_gepnet.engine.placing import Placed
from fhir_gepnet.pathway.model import Plan

NEEDS_ONE = frozenset({"exactly-one", "one-or-more"})
TAKES_ONE = frozenset({"exactly-one", "at-most-one"})


def remarks_on(actions: Sequence[Placed], plan: Plan) -> list[dict[str, Any]]:
    """Issues about one use of a plan: selection rules nobody can keep, relations that lead nowhere.

    Actions of plans nested in it are not looked at; they have a use of their own.
    """
    present = {action.decision.action_id for action in _within(actions)}
    remarks = []
    for action in _within(actions):
        remarks += [
            _issue("business-rule", f"action {action.id} of {plan.canonical}: {problem}")
            for problem in _impossible(action)
        ]
        remarks += [
            _issue(
                "not-found",
                f"action {action.id} of {plan.canonical} is to happen {related['relationship']} action "
                f"{related['actionId']}, which is not in this result",
            )
            for related in action.decision.output.get("relatedAction", ())
            if related["actionId"] not in present
        ]
    return remarks


def _within(actions: Sequence[Placed]) -> Iterator[Placed]:
    for action in actions:
        yield action
        yield from _within(action.children)


def _impossible(action: Placed) -> Iterator[str]:
    rule = action.decision.selection_behavior
    decision = action.decision
    is_group = bool(decision.action.children or decision.action.plan)
    if rule in NEEDS_ONE and is_group and not action.children and not action.nested:
        yield f"selectionBehavior {rule} wants one of its actions, and none of them applies"
    if rule in TAKES_ONE:
        required = [
            each.id
            for each in (*action.children, *action.nested)
            if each.decision.output.get("requiredBehavior") == "must"
        ]
        if len(required) > 1:
            yield f"selectionBehavior {rule} takes one action, but {', '.join(required)} are all required"


def _issue(code: str, text: str) -> dict[str, Any]:
    return {"severity": "warning", "code": code, "diagnostics": text}
