"""Quantity and Ratio: measured values of formulas, and how they come from FHIR JSON.

Source: CQL 1.5 §2.2.6 and appendix B, FHIR R4 Quantity and Ratio, UCUM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from fhir_gepnet.fhir.units import conversion

UCUM = "http://unitsofmeasure.org"

_precise = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit.

    ``unit`` is a UCUM code or a CQL calendar duration; ``1`` is a pure number; "" says that none was
    sent, which compares with nothing. ``==`` is that of the texts; use ``compare_quantities``.
    """

    value: Decimal
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two quantities: ``1 'mg' : 2 'mL'``. It is not divided (1:2 is not 2:4)."""

    numerator: Quantity
    denominator: Quantity


def compare_quantities(left: Quantity, right: Quantity) -> int | None:
    """-1, 0 or 1; None when the units do not measure the same, or one is not known."""
    if left.unit == right.unit and left.unit:
        return (left.value > right.value) - (left.value < right.value)
    how = conversion(right.unit, left.unit)
    if how is None:
        return None
    one, other = Fraction(left.value), Fraction(right.value) * how[0] + how[1]
    return (one > other) - (one < other)


def converted(quantity: Quantity, unit: str) -> Quantity | None:
    """The same quantity in another unit, to 28 digits; None when there is no conversion."""
    if quantity.unit == unit and unit:
        return quantity
    how = conversion(quantity.unit, unit)
    if how is None:
        return None
    return Quantity(decimal_from(Fraction(quantity.value) * how[0] + how[1]), unit)


def in_finer_unit(quantity: Quantity, other: Quantity) -> Quantity:
    """The quantity in the other's unit when that is the more granular one, else as it is.

    Sums and differences have the more granular unit of the two (CQL 1.5 appendix B, Add; FHIRPath
    §6.6.3): ``2 'g' + 500 'mg'`` is ``2500 'mg'``.
    """
    how = None if quantity.unit == other.unit else conversion(quantity.unit, other.unit)
    if how is None or how[0] <= 1:
        return quantity
    return converted(quantity, other.unit) or quantity


def decimal_from(fraction: Fraction) -> Decimal:
    """A Decimal of at most 28 significant digits, half to even; short when the fraction is."""
    return _precise.divide(Decimal(fraction.numerator), Decimal(fraction.denominator))


def decimal_of(number: object) -> Decimal | None:
    """A JSON number as Decimal; a float by its shortest text.

    None for what is no number, and beyond 64 digits before or after the point: a few bytes of
    JSON (``1e999999999``) must not become gigabytes of exact arithmetic.
    """
    if isinstance(number, bool) or not isinstance(number, Decimal | int | float):
        return None
    if isinstance(number, int) and number.bit_length() > 256:
        return None
    decimal = number if isinstance(number, Decimal) else Decimal(repr(number))
    if not decimal.is_finite() or abs(decimal.adjusted()) > 64:
        return None
    return decimal


def quantity_of(quantity: Mapping[str, Any] | None) -> Quantity | None:
    """A FHIR Quantity (Age, Duration, …) as Quantity.

    The unit is ``code`` when its system is UCUM; without a system it is ``code``, else ``unit``; of
    another system it is ``system|code``, which converts to nothing. UCUM ``a`` and ``mo`` become the
    calendar's ``year`` and ``month`` (FHIR R4 on FHIRPath: quantities of time). Without any unit
    it is "" (unknown), not ``1``: a bare 5 must not become 500 %.

    Returns:
        None without a value, and for a quantity with a ``comparator``: "< 5" is not 5. Who can use
        the bound reads the comparator itself.
    """
    if not isinstance(quantity, Mapping) or quantity.get("comparator") is not None:
        return None
    value = decimal_of(quantity.get("value"))
    return None if value is None else Quantity(value, _unit_of(quantity))


_CALENDAR_OF_UCUM = {"a": "year", "mo": "month"}


def _unit_of(quantity: Mapping[str, Any]) -> str:
    system, code, text = quantity.get("system"), quantity.get("code"), quantity.get("unit")
    if system is not None and system != UCUM:
        return f"{system}|{code or text or ''}"
    unit = code or text
    return _CALENDAR_OF_UCUM.get(unit, unit) if isinstance(unit, str) else ""


def ratio_of(ratio: Mapping[str, Any] | None) -> Ratio | None:
    """A FHIR Ratio as Ratio; None unless both sides are quantities (see ``quantity_of``)."""
    if not isinstance(ratio, Mapping):
        return None
    numerator, denominator = quantity_of(ratio.get("numerator")), quantity_of(ratio.get("denominator"))
    return None if numerator is None or denominator is None else Ratio(numerator, denominator)
