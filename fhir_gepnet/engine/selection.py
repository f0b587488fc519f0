"""Whether what a user chose keeps the selection rules of the groups that $apply carries.

Source: FHIR R4 ActionSelectionBehavior, ActionRequiredBehavior, ActionPrecheckBehavior and
ActionCardinalityBehavior. $apply does not choose; this checks a choice that somebody made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from fhir_gepnet.engine.placing import Placed, every


class Violation(NamedTuple):
    """One rule that a choice breaks.

    Attributes:
        rule: ``selectionBehavior``, ``requiredBehavior``, ``cardinalityBehavior``,
            ``precheckBehavior`` or ``selection`` (an id that is not in the result).
        action: id of the group, or of the action that the rule is about.
        text: what is wrong.
        severity: ``error``, or ``information`` for what may be done but is unusual.
    """

    rule: str
    action: str
    text: str
    severity: str = "error"


RULES: Mapping[str, Callable[[int, int], str | None]] = {
    "any": lambda chosen, offered: None,
    "all": lambda chosen, offered: None if chosen == offered else "takes all of its actions",
    "all-or-none": lambda chosen, offered: None if chosen in (0, offered) else "takes all actions or none",
    "exactly-one": lambda chosen, offered: None if chosen == 1 else "takes exactly one of its actions",
    "at-most-one": lambda chosen, offered: None if chosen <= 1 else "takes at most one of its actions",
    "one-or-more": lambda chosen, offered: None if chosen >= 1 else "takes at least one of its actions",
}
"""selectionBehavior -> what is wrong with so many chosen of so many offered; None when nothing is."""


class _Choice(NamedTuple):
    counts: Mapping[str, int]
    documented: Collection[str]


def violations(
    actions: Sequence[Placed], selected: Sequence[str], documented: Collection[str]
) -> tuple[Violation, ...]:
    """Everything that is wrong with a choice, in the order of the actions; see ``Result.check_selection``.

    An action counts as chosen when it, or one below it, is. A group's rules hold when the group is
    to be gone through: at the top, when it is chosen or required, and below a group without a
    selection rule.
    """
    known = {action.id for action in every(actions)}
    unknown = [
        Violation("selection", identifier, f"{identifier} is no action of this result")
        for identifier in dict.fromkeys([*selected, *documented])
        if identifier not in known
    ]
    choice = _Choice(Counter(selected), documented)
    return (*unknown, *_members(actions, choice))


def _members(actions: Sequence[Placed], choice: _Choice, ruled: bool = False) -> Iterator[Violation]:
    """The actions of one group that is gone through."""
    for action in actions:
        yield from _alone(action, choice)
        if _chosen(action, choice) or _required(action) == "must" or not ruled:
            yield from _group(action, choice)


def _group(action: Placed, choice: _Choice) -> Iterator[Violation]:
    members = (*action.children, *action.nested)
    rule = action.decision.selection_behavior
    check = RULES.get(rule or "")
    if check is not None and members:
        chosen = [member.id for member in members if _chosen(member, choice)]
        problem = check(len(chosen), len(members))
        if problem is not None:
            named = ", ".join(chosen) or "none"
            yield Violation("selectionBehavior", action.id, f"{action.id} {problem}; chosen: {named}")
    yield from _members(members, choice, ruled=rule is not None)


def _alone(action: Placed, choice: _Choice) -> Iterator[Violation]:
    chosen, required, name = _chosen(action, choice), _required(action), action.id
    if not chosen and required == "must":
        yield Violation("requiredBehavior", name, f"{name} must be done")
    if not chosen and required == "must-unless-documented" and name not in choice.documented:
        text = f"{name} must be done, or the reason for leaving it documented"
        yield Violation("requiredBehavior", name, text)
    times = choice.counts.get(name, 0)
    if times > 1 and action.decision.output.get("cardinalityBehavior") != "multiple":
        text = f"{name} is chosen {times} times, but may be done once"
        yield Violation("cardinalityBehavior", name, text)
    if not chosen and action.decision.output.get("precheckBehavior") == "yes":
        text = f"{name} is chosen beforehand, and was taken out"
        yield Violation("precheckBehavior", name, text, "information")


def _required(action: Placed) -> str | None:
    return action.decision.output.get("requiredBehavior")


def _chosen(action: Placed, choice: _Choice) -> bool:
    return choice.counts.get(action.id, 0) > 0 or any(
        _chosen(each, choice) for each in (*action.children, *action.nested)
    )
