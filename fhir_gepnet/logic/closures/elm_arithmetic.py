"""Closures of the Arithmetic chapter, chosen by the static types of the operands."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, converted
from fhir_gepnet.logic import arithmetic, interval
from fhir_gepnet.logic.budget import held_text
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import DECIMAL, INTEGER, LONG, QUANTITY, STRING, Form, Type
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Compute = Callable[[Any, Any], Any]


def binary(left: Evaluate, right: Evaluate, compute: Compute) -> Evaluate:
    """An operator that is null as soon as one operand is."""

    def run(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        return None if one is None or other is None else compute(one, other)

    return run


def unary(operand: Evaluate, compute: Callable[[Any], Any]) -> Evaluate:
    """An operator that is null of null."""

    def run(frame: Frame) -> Any:
        value = operand(frame)
        return None if value is None else compute(value)

    return run


def _integers(compute: Compute, of: Type) -> Compute:
    least, greatest = arithmetic.LIMITS[of == LONG]

    def run(one: Any, other: Any) -> Any:
        found = compute(one, other)
        if type(found) is not int:
            return found  # an Uncertainty, whose arithmetic keeps its own limits
        return found if least <= found <= greatest else None

    return run


def _moved(value: Any, amount: Quantity) -> Any:
    """A date or time plus a duration.

    Raises:
        OverflowError: the result is outside the calendar.
        ValueError: the unit is no duration of the calendar.
    """
    if dates.calendar_unit(amount.unit) is None:
        raise ValueError("a duration is in units of the calendar")
    found = dates.add(value, amount.value, amount.unit)
    if found is None:
        raise OverflowError("the date is outside the calendar")
    return found


def _moved_back(value: Any, amount: Quantity) -> Any:
    return _moved(value, Quantity(amount.value.copy_negate(), amount.unit))


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, Date | DateTime | Time):
        return _moved(left, right)
    if isinstance(left, str):
        return left + right
    return (
        arithmetic.add_quantities(left, right) if isinstance(left, Quantity) else arithmetic.add(left, right)
    )


def _subtract(left: Any, right: Any) -> Any:
    if isinstance(left, Date | DateTime | Time):
        return _moved_back(left, right)
    if isinstance(left, Quantity):
        return arithmetic.subtract_quantities(left, right)
    return arithmetic.subtract(left, right)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return arithmetic.multiply_quantities(_as_quantity(left), _as_quantity(right))
    return arithmetic.multiply(left, right)


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return arithmetic.divide_quantities(_as_quantity(left), _as_quantity(right))
    return arithmetic.divide(left, right)


def _as_quantity(value: Any) -> Quantity:
    return value if isinstance(value, Quantity) else Quantity(Decimal(value), "1")


def _of_values(compute: Callable[[Decimal, Decimal], Decimal | None]) -> Compute:
    """An operator on Decimals that keeps the unit of the left of two quantities."""

    def run(one: Any, other: Any) -> Any:
        if not isinstance(one, Quantity):
            return compute(one, other)
        second = _number_in(other, one.unit)
        found = None if second is None else compute(one.value, second)
        return None if found is None else Quantity(found, one.unit)

    return run


def _number_in(value: Any, unit: str) -> Decimal | None:
    """The number of a quantity in a unit; of a plain number itself."""
    if not isinstance(value, Quantity):
        return Decimal(value)
    found = converted(value, unit)
    return None if found is None else found.value


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if abs(left) > 1 and right > 63:
            return None
        return left**right
    return arithmetic.power(Decimal(left), Decimal(right))


_INTEGER: dict[str, Compute] = {
    "elm.Add": operator.add,
    "elm.Subtract": operator.sub,
    "elm.Multiply": operator.mul,
    "elm.TruncatedDivide": arithmetic.whole_quotient_of_integers,
    "elm.Modulo": arithmetic.remainder_of_integers,
}
_DECIMAL: dict[str, Compute] = {
    "elm.Add": arithmetic.add,
    "elm.Subtract": arithmetic.subtract,
    "elm.Multiply": arithmetic.multiply,
    "elm.Divide": arithmetic.divide,
    "elm.TruncatedDivide": arithmetic.whole_quotient,
    "elm.Modulo": arithmetic.remainder,
}
_GENERAL: dict[str, Compute] = {
    "elm.Add": _add,
    "elm.Subtract": _subtract,
    "elm.Multiply": _multiply,
    "elm.Divide": _divide,
    "elm.TruncatedDivide": _of_values(arithmetic.whole_quotient),
    "elm.Modulo": _of_values(arithmetic.remainder),
}


def _whole_quotient_of_integers(left: int, right: int) -> int | None:
    """Only the least Integer over -1 is out of range."""
    found = arithmetic.whole_quotient_of_integers(left, right)
    return None if found is None else arithmetic.integer_result(found)


def _whole_quotient_of_longs(left: int, right: int) -> int | None:
    found = arithmetic.whole_quotient_of_integers(left, right)
    return None if found is None else arithmetic.long_result(found)


@closes("elm.Add", "elm.Subtract", "elm.Multiply", "elm.Divide", "elm.TruncatedDivide", "elm.Modulo")
def of_two(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Arithmetic of two operands; overflow of numbers is null, of dates an error."""
    compute = binary(operands[0], operands[1], arithmetic_of(form))
    if form.type != STRING:
        return compute

    def joined(frame: Frame) -> Any:
        text = compute(frame)
        return None if text is None else held_text(frame, text)

    return joined


def arithmetic_of(form: Form) -> Compute:
    """The function of two values, not null, that the static types of the operands choose."""
    types = {operand.type for operand in form.operands}
    if types <= {INTEGER, LONG} and form.operator in _INTEGER:
        compute = _INTEGER[form.operator]
        if form.operator == "elm.Modulo":
            return compute
        if form.operator == "elm.TruncatedDivide":
            return _whole_quotient_of_longs if LONG in types else _whole_quotient_of_integers
        return _integers(compute, LONG if LONG in types else INTEGER)
    table = _DECIMAL if types == {DECIMAL} else _GENERAL
    return table[form.operator]


@closes("elm.Power")
def power(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Power; of Integers an Integer unless the exponent is negative."""
    left, right = operands
    if form.type in (INTEGER, LONG):
        limit = arithmetic.long_result if form.type == LONG else arithmetic.integer_result

        def of_integers(one: Any, other: Any) -> Any:
            found = _power(one, other)
            return limit(found) if isinstance(found, int) else found

        return binary(left, right, of_integers)
    return binary(left, right, lambda one, other: arithmetic.power(Decimal(one), Decimal(other)))


@closes("elm.Log")
def logarithm(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Logarithm to a base."""
    return binary(operands[0], operands[1], arithmetic.logarithm)


def _natural_logarithm(value: Decimal) -> Decimal | None:
    if value == 0:
        raise ValueError("zero has no logarithm")
    return arithmetic.natural_logarithm(value)


def _exponential(value: Decimal) -> Decimal:
    found = arithmetic.exponential(value)
    if found is None:
        raise OverflowError("the power of e is too great")
    return found


_UNARY: dict[str, Callable[[Any], Any]] = {
    "elm.Ceiling": arithmetic.ceiling,
    "elm.Exp": _exponential,
    "elm.Floor": arithmetic.floor,
    "elm.Ln": _natural_logarithm,
    "elm.Truncate": arithmetic.truncate,
}


@closes(*_UNARY)
def of_one(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Arithmetic of one Decimal."""
    return unary(operands[0], _UNARY[form.operator])


@closes("elm.Abs", "elm.Negate")
def sign(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Sign changes; the least Integer has no positive, which is null."""
    change: Callable[[Any], Any] = _magnitude if form.operator == "elm.Abs" else _negated
    if form.type in (INTEGER, LONG):
        limit = arithmetic.long_result if form.type == LONG else arithmetic.integer_result
        return unary(
            operands[0], lambda value: limit(change(value)) if isinstance(value, int) else change(value)
        )
    if form.type == QUANTITY:
        return unary(operands[0], lambda value: Quantity(change(value.value), value.unit))
    return unary(operands[0], change)


def _magnitude(value: Any) -> Any:
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


def _negated(value: Any) -> Any:
    # The minus of Decimal rounds to the thread's context; this does not.
    return value.copy_negate() if isinstance(value, Decimal) else -value


@closes("elm.Round")
def rounded(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Round to a number of places (0 without the second operand, or when it is null)."""
    value = operands[0]
    if len(operands) == 1:
        return unary(value, arithmetic.rounded)
    places = operands[1]

    def run(frame: Frame) -> Any:
        number = value(frame)
        return None if number is None else arithmetic.rounded(number, places(frame) or 0)

    return run


@closes("elm.Successor", "elm.Predecessor")
def neighbour(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The next or previous value; past the last one is an error."""
    step = interval.successor if form.operator == "elm.Successor" else interval.predecessor
    of = form.operands[0].type
    return unary(operands[0], lambda value: step(value, of))


@closes("elm.MinValue", "elm.MaxValue")
def limit(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Least or greatest value of a type. Detail: the type."""
    value = (interval.least if form.operator == "elm.MinValue" else interval.greatest)(form.detail)
    if value is None:
        raise TypeMismatchError(form.at, f"{form.detail} has no limits", "ask an ordered type")
    return lambda frame: value


def _digits(value: Any) -> int:
    """Digits of precision: places of a Decimal, written digits of a date or time."""
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0
    if isinstance(value, Time):
        return (2, 4, 6, 9)[value.depth - 1]
    return (4, 6, 8, 10, 12, 14, 17)[value.depth - 1]


@closes("elm.Precision")
def precision(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number of digits of precision."""
    return unary(operands[0], _digits)


_DATE_DIGITS = {4: "year", 6: "month", 8: "day", 10: "hour", 12: "minute", 14: "second", 17: "millisecond"}
_TIME_DIGITS = {2: "hour", 4: "minute", 6: "second", 9: "millisecond"}


def _bounded(value: Any, digits: Any, low: bool) -> Any:
    if isinstance(value, Decimal):
        places = 8 if digits is None else digits
        if not 0 <= places <= 8:
            return None
        size = Decimal(1).scaleb(-places)
        known = _digits(value)
        if low or places <= known:
            return value.quantize(size, "ROUND_FLOOR" if low else "ROUND_CEILING")
        return arithmetic.add(value, Decimal(1).scaleb(-known) - size)
    names = _TIME_DIGITS if isinstance(value, Time) else _DATE_DIGITS
    name = None if digits is None else names.get(digits)
    if digits is not None and name is None:
        return None
    return (dates.low_boundary if low else dates.high_boundary)(value, name)


@closes("elm.LowBoundary", "elm.HighBoundary")
def boundary(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Least or greatest value that an imprecise one may mean, at a precision."""
    low = form.operator == "elm.LowBoundary"
    value = operands[0]
    digits = operands[1] if len(operands) > 1 else None

    def run(frame: Frame) -> Any:
        found = value(frame)
        return None if found is None else _bounded(found, digits(frame) if digits else None, low)

    return run
