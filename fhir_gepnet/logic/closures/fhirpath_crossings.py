"""Back end of the crossings between shapes: item and collection, FHIR value and System value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.dates import Date, DateTime
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic.closures.fhirpath_items import (
    PYTHON_TYPES,
    Element,
    reader_of,
    several,
    system_value,
    type_name_of,
    unfit,
)
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath.crossings import fhir_name, listed
from fhir_gepnet.logic.fhirpath.moments import Unzoned
from fhir_gepnet.logic.form import Form, ListOf, Type
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def mapped(form: Form, source: Evaluate, change: Callable[[Any], Any]) -> Evaluate:
    """Apply ``change`` to the item or to each item; None drops out."""
    if isinstance(form.operands[0].type, ListOf):
        return lambda frame: [changed for item in source(frame) if (changed := change(item)) is not None]

    def one(frame: Frame) -> Any:
        item = source(frame)
        return None if item is None else change(item)

    return one


@closes("fhirpath.literal")
def literal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: the value; None with a list type is the empty collection."""
    value = form.detail
    if isinstance(form.type, ListOf):
        items = [] if value is None else [value]
        return lambda frame: items
    return lambda frame: value


@closes("fhirpath.collection")
def collection(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """At most one item -> collection."""
    (source,) = operands

    def many(frame: Frame) -> list[Any]:
        item = source(frame)
        return [] if item is None else [item]

    return many


@closes("fhirpath.singleton")
def singleton(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Collection -> at most one item; more is an error."""
    (source,), at = operands, form.at

    def one(frame: Frame) -> Any:
        items = source(frame)
        if not items:
            return None
        if len(items) > 1:
            raise several(at, len(items))
        return items[0]

    return one


@closes("fhirpath.system")
def system(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: FHIR type, "" when the items tell; values that cannot be read drop out (unknown)."""
    (source,), type_name = operands, form.detail
    if not type_name:
        return mapped(form, source, system_value)
    read = reader_of(type_name)
    if read is None:
        raise RuntimeError(f"no System type for {type_name}")

    def change(item: Any) -> Any:
        if type(item) is Element:
            item = item.value
        return None if item is None else read(item)

    return mapped(form, source, change)


@closes("fhirpath.describe")
def describe(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: static type; the items get it attached."""
    (source,), type_name = operands, fhir_name(form.detail)
    return mapped(form, source, lambda item: item if type(item) is Element else Element(item, type_name))


@closes("fhirpath.truth")
def truth(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The singleton rule: a boolean is itself, any other single item is true (FHIRPath 2.0 §4.5)."""
    (source,), at = operands, form.at
    if isinstance(form.operands[0].type, ListOf):

        def of_collection(frame: Frame) -> bool | None:
            items = source(frame)
            if not items:
                return None
            if len(items) > 1:
                raise several(at, len(items))
            item = items[0]
            return item if type(item) is bool else True

        return of_collection

    def of_item(frame: Frame) -> bool | None:
        item = source(frame)
        return item if item is None or type(item) is bool else True

    return of_item


def _kinds(wanted: tuple[Type, ...]) -> frozenset[type]:
    return frozenset(kind for type_ in wanted for kind in PYTHON_TYPES.get(type_, ()))


def _fitting(form: Form) -> Callable[[Any], Any]:
    """A value of one of the types wanted, converted where the language does so unasked."""
    wanted, what = form.detail
    at, kinds = form.at, _kinds(wanted)

    def fit(value: Any) -> Any:
        if type(value) in kinds:
            return value
        if type(value) in (int, Decimal):
            if Decimal in kinds:
                return Decimal(value)
            if Quantity in kinds:
                return Quantity(Decimal(value))
        if type(value) is Date and DateTime in kinds:
            return to_date_time(value)
        there = ".".join(type_name_of(value)).strip(".") or "of no known type"
        raise unfit(at, f"{what} is {there}, which is not {listed(map(str, wanted))}")

    return fit


@closes("fhirpath.expect", "fhirpath.expect_all")
def expect(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (types wanted, what a message calls the place)."""
    return mapped(form, operands[0], _fitting(form))


@closes("fhirpath.decimal")
def decimal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Integer -> Decimal."""
    return mapped(form, operands[0], Decimal)


@closes("fhirpath.quantity")
def quantity(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number -> Quantity with the unit ``1``."""
    return mapped(form, operands[0], lambda number: Quantity(Decimal(number)))


@closes("fhirpath.date_time")
def date_time(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Date -> DateTime whose time of day is unknown."""
    return mapped(form, operands[0], to_date_time)


def to_date_time(date: Date) -> Unzoned:
    """The DateTime of a Date: same precision, no zone."""
    return Unzoned(DateTime(*date.components))


@closes("fhirpath.quantity_value")
def quantity_value(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number of a System quantity."""
    return mapped(form, operands[0], lambda quantity: quantity.value)


@closes("fhirpath.quantity_unit")
def quantity_unit(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Unit of a System quantity."""
    return mapped(form, operands[0], lambda quantity: quantity.unit)


@closes("fhirpath.with_this")
def with_this(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: slot. Writes the first operand there and evaluates the second."""
    (source, body), slot = operands, form.detail

    def run(frame: Frame) -> Any:
        frame[slot] = source(frame)
        return body(frame)

    return run
