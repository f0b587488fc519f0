"""Back end of FHIRPath 2.0 chapter 5.2 "Filtering and projection", sort() and aggregates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import BudgetExceededError
from fhir_gepnet.logic.budget import account_of, spend
from fhir_gepnet.logic.closures.fhirpath_comparison import order_of
from fhir_gepnet.logic.closures.fhirpath_sets import Members
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

MAXIMUM_ITEMS = 200_000
"""What repeat() and descendants() may gather before the evaluation is stopped."""


@closes("fhirpath.where")
def where(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``where(criteria)``; ``detail``: Slots."""
    source, decides = operands
    this, index = form.detail
    if index:

        def numbered(frame: Frame) -> list[Any]:
            out, items = [], source(frame)
            spend(frame, len(items))
            for position, item in enumerate(items):
                frame[this], frame[index] = item, position
                if decides(frame) is True:
                    out.append(item)
            return out

        return numbered

    def kept(frame: Frame) -> list[Any]:
        out, items, budget = [], source(frame), frame[0].budget
        if budget is not None:
            budget.spend(len(items))
        for item in items:
            frame[this] = item
            if decides(frame) is True:
                out.append(item)
        return out

    return kept


@closes("fhirpath.select")
def select(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``select(projection)``; ``detail``: Slots."""
    source, projection = operands
    this, index = form.detail
    many = isinstance(form.operands[1].type, ListOf)

    def projected(frame: Frame) -> list[Any]:
        out: list[Any] = []
        items, budget = source(frame), frame[0].budget
        if budget is not None:
            budget.spend(len(items))
        for position, item in enumerate(items):
            frame[this] = item
            if index:
                frame[index] = position
            found = projection(frame)
            if many:
                out += found
                if budget is not None:
                    budget.spend(len(found))
                    budget.fit(len(out))
            elif found is not None:
                out.append(found)
        return out

    return projected


def _repeat(form: Form, operands: Sequence[Evaluate], *, distinct: bool) -> Evaluate:
    """``detail``: Slots of the first round, Slots of the others, item type."""
    source, first, again = operands
    first_slots, slots, kind = form.detail
    at = form.at

    def gather(frame: Frame) -> list[Any]:
        out: list[Any] = []
        account = account_of(frame)
        members = Members((), kind, account)
        round_, this = list(source(frame)), first_slots.this
        projection = first
        while round_:
            found: list[Any] = []
            if account is not None:
                account.spend(len(round_))
            for item in round_:
                frame[this] = item
                found += projection(frame)
                if len(found) > MAXIMUM_ITEMS:
                    raise BudgetExceededError(f"repeat() gathers more than {MAXIMUM_ITEMS} items", at)
            if distinct:
                found = [item for item in found if members.add(item)]
            out += found
            if len(out) > MAXIMUM_ITEMS:
                raise BudgetExceededError(f"repeat() gathers more than {MAXIMUM_ITEMS} items", at)
            if account is not None:
                account.fit(len(out))
            round_, this, projection = found, slots.this, again
        return out

    return gather


@closes("fhirpath.repeat")
def repeat(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``repeat(projection)``: each item once."""
    return _repeat(form, operands, distinct=True)


@closes("fhirpath.repeatAll")
def repeat_all(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``repeatAll(projection)``: every item, also equal ones."""
    return _repeat(form, operands, distinct=False)


@closes("fhirpath.sort")
def sort(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``sort(keys)``; ``detail``: (slot of $this, downwards) per key. Empty keys come first either way."""
    source, *keys = operands
    detail, at = form.detail, form.at

    def compare(left: tuple[list[Any], Any], right: tuple[list[Any], Any]) -> int:
        for one, other, (_, down) in zip(left[0], right[0], detail, strict=True):
            if one is None or other is None:
                if one is not other:
                    return -1 if one is None else 1
                continue
            order = order_of(one, other, at)
            if order:
                return -order if down else order
        return 0

    def ordered(frame: Frame) -> list[Any]:
        rows = []
        items = source(frame)
        spend(frame, len(items))
        for item in items:
            values = []
            for key, (slot, _) in zip(keys, detail, strict=True):
                frame[slot] = item
                values.append(key(frame))
            rows.append((values, item))
        spend(frame, len(rows) * len(rows).bit_length())  # comparisons are calls of Python
        rows.sort(key=cmp_to_key(compare))
        return [item for _, item in rows]

    return ordered


@closes("fhirpath.aggregate")
def aggregate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``aggregate(aggregator, initial)``; ``detail``: (Slots, slot of $total)."""
    source, aggregator, *initial = operands
    slots, total = form.detail

    def fold(frame: Frame) -> list[Any]:
        result: list[Any] = initial[0](frame) if initial else []
        items = source(frame)
        spend(frame, len(items))
        for position, item in enumerate(items):
            frame[total], frame[slots.this], frame[slots.number] = result, item, position
            result = aggregator(frame)
        return result

    return fold


def _folded(form: Form, operands: Sequence[Evaluate], step: Callable[[Any, Any], Any]) -> Evaluate:
    (source,) = operands

    def fold(frame: Frame) -> Any:
        items = source(frame)
        result = items[0] if items else None
        for item in items[1:]:
            result = step(result, item)
            if result is None:
                return None
        return result

    return fold


@closes("fhirpath.min")
def least(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``min()``: empty when two values cannot be put in order."""
    return _folded(form, operands, _chooser(form, -1))


@closes("fhirpath.max")
def greatest(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``max()``: empty when two values cannot be put in order."""
    return _folded(form, operands, _chooser(form, 1))


def _chooser(form: Form, wanted: int) -> Callable[[Any, Any], Any]:
    at = form.at

    def choose(left: Any, right: Any) -> Any:
        order = order_of(right, left, at)
        if order is None:
            return None
        return right if order == wanted else left

    return choose
