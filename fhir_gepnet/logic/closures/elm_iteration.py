"""Closures of Repeat, Times and Aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.budget import account_of, held, spend
from fhir_gepnet.logic.closures.elm_queries import compared
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Repeat")
def repeat(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """What the expression gives of each item, and of each new value, until none is new."""
    source, step = operands
    slot: int = form.detail

    def run(frame: Frame) -> Any:
        level = source(frame)
        if level is None:
            return None
        found: list[Any] = []
        while level:
            account = account_of(frame)
            if account is not None:
                account.spend(len(level))
            given: list[Any] = []
            for item in level:
                frame[slot] = item
                given += step(frame) or ()
                if account is not None:
                    account.fit(len(given))
            known = len(found)
            found = compared(frame, held(frame, [*found, *given]))
            level = found[known:]
        return found

    return run


@closes("elm.Times")
def times(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Each tuple of the left joined with each of the right; null of null."""
    left, right = operands

    def run(frame: Frame) -> Any:
        ours, theirs = left(frame), right(frame)
        if ours is None or theirs is None:
            return None
        account = account_of(frame)
        if account is not None:
            account.hold(len(ours) * len(theirs))
        return [{**one, **other} for one in ours for other in theirs if one is not None and other is not None]

    return run


@closes("elm.Aggregate")
def aggregate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The iteration for each item, each time with the value so far; null of null."""
    source, initial, step = operands
    item_slot, index_slot, total_slot = form.detail

    def run(frame: Frame) -> Any:
        items = source(frame)
        if items is None:
            return None
        spend(frame, len(items))
        total = initial(frame)
        for index, item in enumerate(items):
            frame[item_slot], frame[index_slot], frame[total_slot] = item, index, total
            total = step(frame)
        return total

    return run
