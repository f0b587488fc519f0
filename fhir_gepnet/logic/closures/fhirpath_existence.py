"""Back end of FHIRPath 2.0 chapter 5.1 "Existence"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.budget import spend
from fhir_gepnet.logic.closures.fhirpath_items import type_name_of, unfit
from fhir_gepnet.logic.closures.fhirpath_sets import compared, members_of
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import Form, ListOf, Type
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("fhirpath.empty")
def empty(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``empty()``"""
    (source,) = operands
    if isinstance(form.operands[0].type, ListOf):
        return lambda frame: not source(frame)
    return lambda frame: source(frame) is None


@closes("fhirpath.exists")
def exists(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``exists()``"""
    (source,) = operands
    if isinstance(form.operands[0].type, ListOf):
        return lambda frame: bool(source(frame))
    return lambda frame: source(frame) is not None


@closes("fhirpath.exists_where")
def exists_where(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``exists(criteria)``; ``detail``: Slots. Stops at the first that fits."""
    source, decides = operands
    this, index = form.detail
    if index:

        def numbered(frame: Frame) -> bool:
            items = source(frame)
            spend(frame, len(items))
            for position, item in enumerate(items):
                frame[this], frame[index] = item, position
                if decides(frame) is True:
                    return True
            return False

        return numbered

    def any_fits(frame: Frame) -> bool:
        items, budget = source(frame), frame[0].budget
        if budget is not None:
            budget.spend(len(items))
        for item in items:
            frame[this] = item
            if decides(frame) is True:
                return True
        return False

    return any_fits


@closes("fhirpath.all")
def all_items(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``all(criteria)``; ``detail``: Slots. Unknown is not true; of nothing it is true."""
    source, decides = operands
    this, index = form.detail

    def every(frame: Frame) -> bool:
        items, budget = source(frame), frame[0].budget
        if budget is not None:
            budget.spend(len(items))
        for position, item in enumerate(items):
            frame[this] = item
            if index:
                frame[index] = position
            if decides(frame) is not True:
                return False
        return True

    return every


def _of_booleans(wanted: bool, every: bool) -> Build:
    """allTrue, anyTrue, allFalse, anyFalse: a collection of booleans."""

    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        (source,), at, name = operands, form.at, form.operator.removeprefix("fhirpath.")

        def decide(frame: Frame) -> bool:
            items = source(frame)
            for item in items:
                if type(item) is not bool:
                    there = ".".join(type_name_of(item)).strip(".") or "an element"
                    raise unfit(at, f"{name}() needs booleans, and there is {there}")
            return all(item is wanted for item in items) if every else any(item is wanted for item in items)

        return decide

    return build


closes("fhirpath.allTrue")(_of_booleans(True, every=True))
closes("fhirpath.anyTrue")(_of_booleans(True, every=False))
closes("fhirpath.allFalse")(_of_booleans(False, every=True))
closes("fhirpath.anyFalse")(_of_booleans(False, every=False))


def _within(frame: Frame, few: list[Any], many: list[Any], kind: Type) -> bool:
    members = members_of(frame, many, kind, len(few))
    return all(item in members for item in few)


@closes("fhirpath.subsetOf")
def subset_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``subsetOf(other)``"""
    (left, right), kind = operands, item_type(form.operands[0])
    return lambda frame: _within(frame, left(frame), right(frame), kind)


@closes("fhirpath.supersetOf")
def superset_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``supersetOf(other)``"""
    (left, right), kind = operands, item_type(form.operands[0])
    return lambda frame: _within(frame, right(frame), left(frame), kind)


@closes("fhirpath.count")
def count(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``count()``"""
    (source,) = operands
    return lambda frame: len(source(frame))


@closes("fhirpath.distinct")
def distinct(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``distinct()``"""
    (source,), kind = operands, item_type(form)
    return lambda frame: compared(frame, source(frame), kind)


@closes("fhirpath.isDistinct")
def is_distinct(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``isDistinct()``"""
    (source,), kind = operands, item_type(form.operands[0])

    def decide(frame: Frame) -> bool:
        items = source(frame)
        return len(compared(frame, items, kind)) == len(items)

    return decide
