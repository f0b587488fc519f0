"""Numbers of CQL and FHIRPath: 28 digits, 8 places, null instead of overflow.

Source: CQL 1.5 §2.2.3 and appendix B §16; FHIRPath §6.6. Integers are 32 bits, Longs 64.
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from fhir_gepnet.fhir.quantity import Quantity, converted, in_finer_unit
from fhir_gepnet.fhir.units import product_unit

EIGHT_PLACES = Decimal("1E-8")
GREATEST_DECIMAL = Decimal("99999999999999999999.99999999")
"""``maximum Decimal``; results may go up to 28 digits before the point, as literals may."""
_LIMIT = Decimal(10) ** 28
GREATEST_INTEGER, LEAST_INTEGER = 2**31 - 1, -(2**31)
GREATEST_LONG, LEAST_LONG = 2**63 - 1, -(2**63)
LIMITS = {False: (LEAST_INTEGER, GREATEST_INTEGER), True: (LEAST_LONG, GREATEST_LONG)}
"""Least and greatest value of an Integer, and (True) of a Long."""

_wide = Context(prec=60, rounding=ROUND_HALF_UP)
_down = Context(prec=60, rounding=ROUND_DOWN)


def decimal_result(value: Decimal) -> Decimal | None:
    """A result within the range and places of Decimal; None outside the range.

    Digits beyond eight places are rounded half up.
    """
    if not value.is_finite() or value.copy_abs() >= _LIMIT:
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -8:
        value = value.quantize(EIGHT_PLACES, context=_wide)
        return value if value.copy_abs() < _LIMIT else None
    return value


def integer_result(value: int) -> int | None:
    """A result within 32 bits, else None."""
    return value if LEAST_INTEGER <= value <= GREATEST_INTEGER else None


def long_result(value: int) -> int | None:
    """A result within 64 bits, else None."""
    return value if LEAST_LONG <= value <= GREATEST_LONG else None


def add(left: Decimal, right: Decimal) -> Decimal | None:
    """Sum of Decimals."""
    return decimal_result(_wide.add(left, right))


def subtract(left: Decimal, right: Decimal) -> Decimal | None:
    """Difference of Decimals."""
    return decimal_result(_wide.subtract(left, right))


def multiply(left: Decimal, right: Decimal) -> Decimal | None:
    """Product of Decimals."""
    return decimal_result(_wide.multiply(left, right))


def divide(left: Decimal, right: Decimal) -> Decimal | None:
    """Quotient of Decimals; None for division by zero."""
    if not right:
        return None
    return decimal_result(_wide.divide(left, right))


def whole_quotient(left: Decimal, right: Decimal) -> Decimal | None:
    """Quotient without its fraction, towards zero; None for division by zero."""
    if not right:
        return None
    return decimal_result(_down.divide_int(left, right))


def remainder(left: Decimal, right: Decimal) -> Decimal | None:
    """Rest of the whole quotient, with the sign of the dividend; None for division by zero."""
    if not right:
        return None
    return decimal_result(_wide.remainder(left, right))


def whole_quotient_of_integers(left: int, right: int) -> int | None:
    """Quotient of Integers towards zero; None for division by zero."""
    if not right:
        return None
    found = abs(left) // abs(right)
    return found if (left < 0) is (right < 0) else -found


def remainder_of_integers(left: int, right: int) -> int | None:
    """Rest of the quotient towards zero; None for division by zero."""
    found = whole_quotient_of_integers(left, right)
    return None if found is None else left - right * found


def power(base: Decimal, exponent: Decimal) -> Decimal | None:
    """Power of Decimals; None where there is no real one, and on overflow."""
    try:
        return decimal_result(_wide.power(base, exponent))
    except (InvalidOperation, Overflow, DivisionByZero):
        return None


def exponential(value: Decimal) -> Decimal | None:
    """e to a power; None on overflow."""
    try:
        return decimal_result(_wide.exp(value))
    except Overflow:
        return None


def natural_logarithm(value: Decimal) -> Decimal | None:
    """Natural logarithm; None of zero and below."""
    return decimal_result(_wide.ln(value)) if value > 0 else None


def logarithm(value: Decimal, base: Decimal) -> Decimal | None:
    """Logarithm to a base; None where there is none."""
    if value <= 0 or base <= 0 or base == 1:
        return None
    return decimal_result(_wide.divide(_wide.ln(value), _wide.ln(base)))


def square_root(value: Decimal) -> Decimal | None:
    """Square root; None of a negative number."""
    return decimal_result(_wide.sqrt(value)) if value >= 0 else None


def ceiling(value: Decimal) -> int | None:
    """Least Integer not below."""
    return integer_result(int(value.to_integral_value(ROUND_CEILING)))


def floor(value: Decimal) -> int | None:
    """Greatest Integer not above."""
    return integer_result(int(value.to_integral_value(ROUND_FLOOR)))


def truncate(value: Decimal) -> int | None:
    """The Integer part."""
    return integer_result(int(value))


def rounded(value: Decimal, places: int = 0) -> Decimal:
    """Nearest value with so many places; a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _wide)


def add_quantities(left: Quantity, right: Quantity) -> Quantity | None:
    """Sum in the more granular unit of the two; None for unlike units."""
    return advanced(in_finer_unit(left, right), right)


def advanced(left: Quantity, right: Quantity) -> Quantity | None:
    """Sum in the unit of the left; None for unlike units."""
    other = converted(right, left.unit)
    value = None if other is None else add(left.value, other.value)
    return None if value is None else Quantity(value, left.unit)


def subtract_quantities(left: Quantity, right: Quantity) -> Quantity | None:
    """Difference in the more granular unit of the two; None for unlike units."""
    return add_quantities(left, Quantity(right.value.copy_negate(), right.unit))


def multiply_quantities(left: Quantity, right: Quantity) -> Quantity | None:
    """Product with the product of the units; None for units that cannot be multiplied."""
    return _of_units(multiply(left.value, right.value), product_unit(left.unit, right.unit))


def divide_quantities(left: Quantity, right: Quantity) -> Quantity | None:
    """Quotient with the quotient of the units; None for division by zero."""
    return _of_units(divide(left.value, right.value), product_unit(left.unit, right.unit, divide=True))


def _of_units(value: Decimal | None, unit: str | None) -> Quantity | None:
    return None if value is None or unit is None else Quantity(value, unit)
