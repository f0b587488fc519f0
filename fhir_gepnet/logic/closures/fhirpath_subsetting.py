"""Back end of FHIRPath 2.0 chapters 5.3 "Subsetting", 5.4 "Combining" and 6.4 "Collections"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.budget import held
from fhir_gepnet.logic.closures.fhirpath_sets import compared, members_of
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("fhirpath.first")
def first(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``first()``"""
    (source,) = operands

    def one(frame: Frame) -> Any:
        items = source(frame)
        return items[0] if items else None

    return one


@closes("fhirpath.last")
def last(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``last()``"""
    (source,) = operands

    def one(frame: Frame) -> Any:
        items = source(frame)
        return items[-1] if items else None

    return one


@closes("fhirpath.tail")
def tail(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``tail()``"""
    (source,) = operands
    return lambda frame: source(frame)[1:]


@closes("fhirpath.index")
def index(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``[position]``"""
    source, position = operands

    def one(frame: Frame) -> Any:
        items, number = source(frame), position(frame)
        if number is None or not 0 <= number < len(items):
            return None
        return items[number]

    return one


@closes("fhirpath.skip")
def skip(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``skip(n)``"""
    source, number = operands

    def rest(frame: Frame) -> list[Any]:
        count = number(frame)
        return [] if count is None else source(frame)[max(count, 0) :]

    return rest


@closes("fhirpath.take")
def take(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``take(n)``"""
    source, number = operands

    def some(frame: Frame) -> list[Any]:
        count = number(frame)
        return [] if count is None else source(frame)[: max(count, 0)]

    return some


@closes("fhirpath.intersect")
def intersect(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``intersect(other)``: without duplicates."""
    left, right = operands
    kind = item_type(form)

    def shared(frame: Frame) -> list[Any]:
        items = compared(frame, left(frame), kind)
        members = members_of(frame, right(frame), kind, len(items))
        return [item for item in items if item in members]

    return shared


@closes("fhirpath.exclude")
def exclude(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``exclude(other)``: duplicates and order are kept."""
    left, right = operands
    kind = item_type(form)

    def remaining(frame: Frame) -> list[Any]:
        items = left(frame)
        members = members_of(frame, right(frame), kind, len(items))
        return [item for item in items if item not in members]

    return remaining


@closes("fhirpath.union")
def union(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``left | right``: without duplicates."""
    left, right = operands
    kind = item_type(form)
    return lambda frame: compared(frame, held(frame, [*left(frame), *right(frame)]), kind)


@closes("fhirpath.combine")
def combine(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``combine(other)``: with duplicates."""
    left, right = operands
    return lambda frame: held(frame, [*left(frame), *right(frame)])


@closes("fhirpath.in")
def membership(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``item in collection``: unknown without an item, false in an empty collection."""
    item, among = operands
    kind = item_type(form.operands[1])

    def decide(frame: Frame) -> bool | None:
        wanted = item(frame)
        return None if wanted is None else wanted in members_of(frame, among(frame), kind, 1)

    return decide
