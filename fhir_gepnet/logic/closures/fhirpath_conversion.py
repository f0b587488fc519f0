"""Back end of FHIRPath 2.0 chapter 5.5 "Conversion": iif(), toX() and convertsToX()."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.dates import Date, DateTime, Time, calendar_unit, parse_date, parse_time
from fhir_gepnet.fhir.quantity import Quantity, converted
from fhir_gepnet.fhir.units import parse_unit
from fhir_gepnet.logic.closures.fhirpath_arithmetic import within_integers
from fhir_gepnet.logic.closures.fhirpath_crossings import to_date_time
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.fhirpath.moments import Unzoned, read_date_time
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_TRUE, _FALSE = {"true", "t", "yes", "y", "1", "1.0"}, {"false", "f", "no", "n", "0", "0.0"}
_integer = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_decimal = re.compile(r"[+-]?\d{1,64}(?:\.\d{1,64})?", re.ASCII)
_quantity = re.compile(r"([+-]?\d{1,64}(?:\.\d{1,64})?)\s*(?:'([^']+)'|([A-Za-z]+))?", re.ASCII)


@closes("fhirpath.iif")
def iif(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``iif(criterion, result, otherwise)``: unknown takes the second."""
    decides, result, otherwise = operands
    return lambda frame: result(frame) if decides(frame) is True else otherwise(frame)


def _to_boolean(value: Any) -> bool | None:
    kind = type(value)
    if kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is str:
        folded = value.lower()
        return True if folded in _TRUE else False if folded in _FALSE else None
    if kind is int or kind is Decimal:
        return True if value == 1 else False if value == 0 else None
    return None


def _to_integer(value: Any) -> int | None:
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return int(value)
    if kind is str and _integer.fullmatch(value):
        return within_integers(int(value))
    return None


def _to_decimal(value: Any) -> Decimal | None:
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is bool:
        return Decimal(int(value))
    if kind is str and _decimal.fullmatch(value):
        return Decimal(value)
    return None


def quantity_text(quantity: Quantity) -> str:
    """``1 week``, ``10.1 'mg'``: a calendar word bare, a UCUM unit quoted."""
    unit = quantity.unit
    bare = calendar_unit(unit) in (unit, unit.removesuffix("s"))
    return f"{quantity.value} {unit}" if bare else f"{quantity.value} '{unit}'"


def _to_string(value: Any) -> str | None:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is Decimal:
        return format(value, "f")
    if kind is Quantity:
        return quantity_text(value)
    if kind in (Date, DateTime, Unzoned, Time):
        return value.text  # type: ignore[no-any-return]
    return None


def _to_date(value: Any) -> Date | None:
    kind = type(value)
    if kind is Date:
        return value  # type: ignore[no-any-return]
    if kind is DateTime:
        return value.date  # type: ignore[no-any-return]
    if kind is Unzoned:
        return value.moment.date  # type: ignore[no-any-return]
    if kind is str:
        return parse_date(value)
    return None


def _to_date_time(value: Any) -> DateTime | Unzoned | None:
    kind = type(value)
    if kind is DateTime or kind is Unzoned:
        return value  # type: ignore[no-any-return]
    if kind is Date:
        return to_date_time(value)
    if kind is str:
        return read_date_time(value)
    return None


def _to_time(value: Any) -> Time | None:
    kind = type(value)
    if kind is Time:
        return value  # type: ignore[no-any-return]
    return parse_time(value) if kind is str else None


def _to_quantity(value: Any) -> Quantity | None:
    kind = type(value)
    if kind is Quantity:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is Decimal or kind is bool:
        return Quantity(Decimal(int(value) if kind is bool else value))
    if kind is not str:
        return None
    found = _quantity.fullmatch(value.strip())
    if found is None:
        return None
    number, quoted, word = found.groups()
    if word is not None and calendar_unit(word) not in (word, word.removesuffix("s")):
        return None
    unit = quoted or word or "1"
    try:
        return Quantity(Decimal(number), unit) if parse_unit(unit) is not None else None
    except InvalidOperation:
        return None


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": _to_boolean,
    "Integer": _to_integer,
    "Decimal": _to_decimal,
    "String": _to_string,
    "Date": _to_date,
    "DateTime": _to_date_time,
    "Time": _to_time,
}


def _quantity_in(quantity: Quantity | None, unit: str | None) -> Quantity | None:
    if quantity is None or unit is None:
        return quantity
    return converted(quantity, unit)


def _builders(convert: Callable[[Any], Any]) -> tuple[Build, Build]:
    """Builders of toX() and convertsToX(); a second operand is the unit wanted."""

    def to(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        source, *unit = operands

        def run(frame: Frame) -> Any:
            value = source(frame)
            if value is None:
                return None
            found = convert(value)
            return _quantity_in(found, unit[0](frame)) if unit else found

        return run

    def converts_to(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        source, *unit = operands

        def run(frame: Frame) -> bool | None:
            value = source(frame)
            if value is None:
                return None
            found = convert(value)
            return (_quantity_in(found, unit[0](frame)) if unit else found) is not None

        return run

    return to, converts_to


for _name, _convert in {**_CONVERSIONS, "Quantity": _to_quantity}.items():
    _to, _converts = _builders(_convert)
    closes(f"fhirpath.to{_name}")(_to)
    closes(f"fhirpath.convertsTo{_name}")(_converts)
