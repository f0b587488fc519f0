"""A result in its parts: the plan that was applied, and each use of a plan nested in it.

CarePlan and Bundle keep the parts apart by default, as CPG's ``mergeNestedCarePlans`` wants it, and
make one of them on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.engine.goal import Addressed, goal_resource
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.placing import Placed, placed
from fhir_gepnet.engine.remarks import remarks_on
from fhir_gepnet.pathway.model import Plan

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

Address = Callable[[dict[str, Any]], str]
"""How a resource is referred to from beside it."""


class Place(NamedTuple):
    """Where an issue belongs: ids of the actions that lead to it, and the plan that holds the action."""

    path: tuple[str, ...]
    plan: str


@dataclass(frozen=True, slots=True)
class Part:
    """One use of a plan in a result.

    Attributes:
        plan: the plan.
        path: ids of the actions that lead to it; () for the plan that was applied.
        actions: its applicable actions.
        goals: Goal resources by (path of the plan's use, id in the plan).
        issues: FHIR issues of its actions, then what is odd about it.
        complete: whether nothing in it, or nested in it, is unknown or failed.
    """

    plan: Plan
    path: tuple[str, ...]
    actions: tuple[Placed, ...]
    goals: dict[Addressed, dict[str, Any]]
    issues: tuple[dict[str, Any], ...]
    complete: bool


def parts_of(result: Result, merge_nested: bool) -> tuple[Part, ...]:
    """The plan that was applied first, nested ones after it in the order of the actions."""
    actions = placed(result.decisions)
    uses = [(result.plan, (), actions), *_nested_uses(actions, ())]
    if not merge_nested:
        return _apart(uses, result)
    goals: dict[Addressed, dict[str, Any]] = {}
    remarks: list[dict[str, Any]] = []
    for plan, path, its_actions in uses:
        goals |= _goals(plan, path, result)
        remarks += remarks_on(its_actions, plan)
    issues = (*(dict(issue) for issue in result.issues), *remarks)
    complete = not any(map(_leaves_open, result.issues))
    return (Part(result.plan, (), actions, goals, issues, complete),)


Use = tuple[Plan, tuple[str, ...], tuple[Placed, ...]]


def _nested_uses(actions: Sequence[Placed], path: tuple[str, ...]) -> Iterator[Use]:
    for action in actions:
        place = (*path, action.decision.action_id)
        yield from _nested_uses(action.children, place)
        plan = action.decision.action.plan
        if plan is not None:
            yield plan, place, action.nested
            yield from _nested_uses(action.nested, place)


def _apart(uses: Sequence[Use], result: Result) -> tuple[Part, ...]:
    """A part per use of a plan, each with its own issues; one that is open leaves those around it open."""
    holders = {(path, plan.canonical) for plan, path, _ in uses}
    own: dict[tuple[str, ...], list[dict[str, Any]]] = {path: [] for _, path, _ in uses}
    still_open: set[tuple[str, ...]] = set()
    for issue, place in zip(result.issues, result.places, strict=True):
        holder = _holder(place, holders)
        own[holder].append(dict(issue))
        if _leaves_open(issue):
            still_open.update(holder[:length] for length in range(len(holder) + 1))
    return tuple(
        Part(
            plan,
            path,
            actions,
            _goals(plan, path, result),
            (*own[path], *remarks_on(actions, plan)),
            path not in still_open,
        )
        for plan, path, actions in uses
    )


def _leaves_open(issue: dict[str, Any]) -> bool:
    """Whether an issue says that something could not be decided or made."""
    return issue["severity"] in ("error", "fatal") or issue["code"] == "incomplete"


def _holder(place: Place, holders: set[tuple[tuple[str, ...], str]]) -> tuple[str, ...]:
    """The path of the innermost use of its plan around an issue."""
    for length in range(len(place.path), 0, -1):
        path = place.path[:length]
        if (path, place.plan) in holders:
            return path
    return ()


def _goals(plan: Plan, path: tuple[str, ...], result: Result) -> dict[Addressed, dict[str, Any]]:
    application = result.application
    if application is None:
        return {}
    return {
        (path, goal.id): goal_resource(
            goal,
            identity_of("Goal", result.subject, result.now, result.plan.canonical, (*path, goal.id)),
            application.scope.record,
            result.language,
        )
        for goal in plan.goals
    }
