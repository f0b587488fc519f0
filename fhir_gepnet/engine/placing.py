"""Which id each applicable action has in a result, and which belong to which plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fhir_gepnet.engine.decision import Decision


class Placed(NamedTuple):
    """An applicable action of a result.

    Attributes:
        decision: what was decided.
        id: unique in the whole result, however its plans are nested.
        prefix: what distinguishes this use of its plan from others; "" for most.
        children: applicable children in the same plan.
        nested: applicable actions of the plan that the action names.
    """

    decision: Decision
    id: str
    prefix: str
    children: tuple[Placed, ...]
    nested: tuple[Placed, ...]


def placed(decisions: Sequence[Decision]) -> tuple[Placed, ...]:
    """The applicable actions with their ids: their own, but for a plan used a second time.

    The actions of such a plan are called ``holder.action``, so that related actions stay told apart.
    """
    return _placed(decisions, set(), "")


def every(actions: Sequence[Placed]) -> Iterator[Placed]:
    """All actions, parents before children, children before the nested plan's."""
    for action in actions:
        yield action
        yield from every(action.children)
        yield from every(action.nested)


def _placed(decisions: Sequence[Decision], used: set[str], prefix: str) -> tuple[Placed, ...]:
    found = []
    for decision in decisions:
        if not decision.applies:
            continue
        identifier = prefix + decision.action_id
        used.add(identifier)
        if not decision.children:
            found.append(Placed(decision, identifier, prefix, (), ()))
            continue
        own = [child for child in decision.children if child.holder is decision.holder]
        nested = [child for child in decision.children if child.holder is not decision.holder]
        children = _placed(own, used, prefix)
        again = any(each in used for each in _ids(nested))
        found.append(
            Placed(
                decision,
                identifier,
                prefix,
                children,
                _placed(nested, used, f"{identifier}." if again else ""),
            )
        )
    return tuple(found)


def _ids(decisions: Sequence[Decision]) -> Iterator[str]:
    """Ids of the applicable actions of one plan instance; plans nested deeper look after themselves."""
    for decision in decisions:
        if decision.applies:
            yield decision.action_id
            yield from _ids([child for child in decision.children if child.holder is decision.holder])
