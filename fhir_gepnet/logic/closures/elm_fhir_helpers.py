"""Closures of the conversions in which FHIRHelpers 4.0.1 has rules of its own: those of Quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.quantity import UCUM, Quantity, Ratio, decimal_of
from fhir_gepnet.logic.closures.elm_arithmetic import unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import QUANTITY, Form
from fhir_gepnet.logic.interval import Interval, made
from fhir_gepnet.logic.scope import Evaluate

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_SYSTEMS = frozenset({None, UCUM, "http://hl7.org/fhirpath/CodeSystem/calendar-units"})
_CALENDAR = {
    "ms": "millisecond",
    "s": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "wk": "week",
    "mo": "month",
    "a": "year",
}


def _whatever_the_comparator(value: Any) -> Quantity | None:
    """A FHIR Quantity by its value and unit: its code, else its text, else 1; time in calendar units."""
    number = decimal_of(value.get("value"))
    if number is None or value.get("system") not in _SYSTEMS:
        return None
    unit = value.get("code") or value.get("unit") or "1"
    return Quantity(number, _CALENDAR.get(unit, unit))


def _quantity(value: Any) -> Quantity | None:
    """A FHIR Quantity; null with a comparator."""
    return None if value is None or value.get("comparator") else _whatever_the_comparator(value)


def _ratio(value: Any) -> Ratio | None:
    numerator, denominator = _quantity(value.get("numerator")), _quantity(value.get("denominator"))
    return None if numerator is None or denominator is None else Ratio(numerator, denominator)


def _range(value: Any) -> Interval:
    return Interval(_quantity(value.get("low")), _quantity(value.get("high")), True, True, QUANTITY)


def _interval(value: Any) -> Interval | None:
    """What a Quantity with its comparator allows: ``< 5`` is everything below 5."""
    held, comparator = _whatever_the_comparator(value), value.get("comparator")
    if held is None:
        return None
    below, above = comparator in ("<", "<="), comparator in (">", ">=")
    return made(
        None if below else held, None if above else held, comparator != ">", comparator != "<", QUANTITY
    )


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "elm.HelpersQuantity": _quantity,
    "elm.HelpersQuantityOnly": _whatever_the_comparator,
    "elm.HelpersQuantityInterval": _interval,
    "elm.HelpersRange": _range,
    "elm.HelpersRatio": _ratio,
}


@closes(*_CONVERSIONS)
def conversion(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A Quantity, Range or Ratio as FHIRHelpers converts it; null of null."""
    return unary(operands[0], _CONVERSIONS[form.operator])
