"""Back end of FHIRPath 2.0 chapter 5.7 "Math". What has no real or no representable result is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic.closures.fhirpath_arithmetic import EXACT, within_integers
from fhir_gepnet.logic.closures.fhirpath_computes import computes

Number = int | Decimal


@computes("fhirpath.abs")
def absolute(value: Any) -> Any:
    """``abs()``"""
    return Quantity(abs(value.value), value.unit) if type(value) is Quantity else abs(value)


def _to_integer(rounding: str) -> Callable[[Number], int | None]:
    return lambda value: within_integers(int(Decimal(value).to_integral_value(rounding)))


computes("fhirpath.ceiling")(_to_integer(ROUND_CEILING))
computes("fhirpath.floor")(_to_integer(ROUND_FLOOR))
computes("fhirpath.truncate")(_to_integer(ROUND_DOWN))


@computes("fhirpath.round")
def rounded(value: Number, places: int = 0) -> Decimal | None:
    """``round([places])``: half away from zero."""
    if not 0 <= places <= 28:
        return None
    value = Decimal(value)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return value
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _possible(calculate: Callable[[], Decimal]) -> Decimal | None:
    try:
        return calculate()
    except (InvalidOperation, DivisionByZero, Overflow):
        return None


@computes("fhirpath.sqrt")
def square_root(value: Number) -> Decimal | None:
    """``sqrt()``"""
    return _possible(lambda: EXACT.sqrt(Decimal(value)))


@computes("fhirpath.exp")
def exponential(value: Number) -> Decimal | None:
    """``exp()``"""
    return _possible(lambda: EXACT.exp(Decimal(value)))


@computes("fhirpath.ln")
def natural_logarithm(value: Number) -> Decimal | None:
    """``ln()``"""
    return _possible(lambda: EXACT.ln(Decimal(value))) if value > 0 else None


@computes("fhirpath.log")
def logarithm(value: Number, to_base: Number) -> Decimal | None:
    """``log(base)``, exact when the result is a whole number."""
    if value <= 0 or to_base <= 0 or to_base == 1:
        return None
    found = _possible(lambda: EXACT.divide(EXACT.ln(Decimal(value)), EXACT.ln(Decimal(to_base))))
    if found is None:
        return None
    whole = found.to_integral_value()
    return whole if _possible(lambda: EXACT.power(Decimal(to_base), whole)) == value else found


@computes("fhirpath.power")
def power(value: Number, exponent: Number) -> Number | None:
    """``power(exponent)``: an Integer of two Integers when it is one."""
    found = _possible(lambda: EXACT.power(Decimal(value), Decimal(exponent)))
    if found is None or not (type(value) is int and type(exponent) is int):
        return found
    return within_integers(int(found)) if found == found.to_integral_value() else found
