"""FHIRPath 2.0 chapter 6.6 "Math": operators on numbers, texts, quantities and dates.

Decimals have 28 digits; what overflows, divides by zero or mixes units is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import Where
from fhir_gepnet.fhir.dates import Date, DateTime, Time, add, calendar_unit
from fhir_gepnet.fhir.quantity import Quantity, converted, in_finer_unit
from fhir_gepnet.fhir.units import product_unit
from fhir_gepnet.logic.budget import account_of, held_text
from fhir_gepnet.logic.closures.fhirpath_items import type_name_of, unfit
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.fhirpath.moments import Unzoned
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

EXACT = Context(
    prec=28, rounding=ROUND_HALF_EVEN, Emax=64, Emin=-64, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_LARGEST_INTEGER = 2**31 - 1

Operation = Callable[[Any, Any, Where], Any]
Table = dict[tuple[type, type], Operation]
_NUMBER_PAIRS = ((int, Decimal), (Decimal, int), (Decimal, Decimal))


def within_integers(number: int) -> int | None:
    """None beyond 32 bits: overflow is empty."""
    return number if -_LARGEST_INTEGER - 1 <= number <= _LARGEST_INTEGER else None


def _decimals(calculate: Callable[[Decimal, Decimal], Decimal]) -> Table:
    def run(left: Any, right: Any, at: Where) -> Decimal | None:
        try:
            return calculate(Decimal(left), Decimal(right))
        except (InvalidOperation, DivisionByZero, Overflow):
            return None

    return dict.fromkeys(_NUMBER_PAIRS, run)


def _integers(calculate: Callable[[int, int], int | None]) -> Operation:
    def run(left: int, right: int, at: Where) -> int | None:
        found = calculate(left, right)
        return None if found is None else within_integers(found)

    return run


def _amount(
    calculate: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal, unit: str
) -> Quantity | None:
    """A quantity of what is calculated; None beyond what a decimal holds."""
    try:
        return Quantity(calculate(left, right), unit)
    except (InvalidOperation, DivisionByZero, Overflow):
        return None


def _add_quantities(left: Quantity, right: Quantity, at: Where) -> Quantity | None:
    left = in_finer_unit(left, right)
    same = converted(right, left.unit)
    return None if same is None else _amount(EXACT.add, left.value, same.value, left.unit)


def _subtract_quantities(left: Quantity, right: Quantity, at: Where) -> Quantity | None:
    return _add_quantities(left, Quantity(-right.value, right.unit), at)


def moved(moment: Any, by: Quantity, at: Where) -> Any:
    """A date or time plus a duration.

    Raises:
        EvaluationError: the quantity is no calendar duration; a mean year 'a' is none.
    """
    # A quoted 'month' is no UCUM unit and can only mean the calendar's.
    unit = by.unit if calendar_unit(by.unit) else ""
    if not unit:
        raise unfit(at, "this quantity is no calendar duration", "add years, months, weeks, days, hours, …")
    if type(moment) is Unzoned:
        result = add(moment.moment, by.value, unit)
        return None if result is None else Unzoned(result)
    return add(moment, by.value, unit)


def _moved_back(moment: Any, by: Quantity, at: Where) -> Any:
    return moved(moment, Quantity(-by.value, by.unit), at)


def _times(left: Any, right: Any, at: Where) -> Quantity | None:
    one, other = _as_quantity(left), _as_quantity(right)
    unit = _unit(one, other, divide=False)
    return None if unit is None else _amount(EXACT.multiply, one.value, other.value, unit)


def _over(left: Any, right: Any, at: Where) -> Quantity | None:
    one, other = _as_quantity(left), _as_quantity(right)
    unit = _unit(one, other, divide=True)
    if unit is None or not other.value:
        return None
    return _amount(EXACT.divide, one.value, other.value, unit)


def _as_quantity(value: Any) -> Quantity:
    return value if type(value) is Quantity else Quantity(Decimal(value))


def _unit(left: Quantity, right: Quantity, *, divide: bool) -> str | None:
    if right.unit == "1":
        return left.unit
    if left.unit == "1" and not divide:
        return right.unit
    return product_unit(left.unit, right.unit, divide)


def _whole(left: Decimal, right: Decimal) -> int | None:
    if not right:
        return None
    return within_integers(int((EXACT.divide(left, right)).to_integral_value(ROUND_DOWN)))


def _div(left: Any, right: Any, at: Where) -> int | None:
    try:
        return _whole(Decimal(left), Decimal(right))
    except (InvalidOperation, Overflow):
        return None


def _remainder(left: int, right: int) -> int | None:
    """The sign follows the dividend, unlike Python's."""
    if not right:
        return None
    return abs(left) % abs(right) * (1 if left >= 0 else -1)


def _divided(left: int, right: int, at: Where) -> Decimal | None:
    return EXACT.divide(Decimal(left), Decimal(right)) if right else None


_QUANTITIES = (
    (Quantity, Quantity),
    (Quantity, int),
    (Quantity, Decimal),
    (int, Quantity),
    (Decimal, Quantity),
)
_MOMENTS = ((Date, Quantity), (DateTime, Quantity), (Unzoned, Quantity), (Time, Quantity))

TABLES: dict[str, Table] = {
    "add": _decimals(EXACT.add)
    | dict.fromkeys(_MOMENTS, moved)
    | {
        (int, int): _integers(lambda left, right: left + right),
        (str, str): lambda left, right, at: left + right,
        (Quantity, Quantity): _add_quantities,
    },
    "subtract": _decimals(EXACT.subtract)
    | dict.fromkeys(_MOMENTS, _moved_back)
    | {
        (int, int): _integers(lambda left, right: left - right),
        (Quantity, Quantity): _subtract_quantities,
    },
    "multiply": _decimals(EXACT.multiply)
    | dict.fromkeys(_QUANTITIES, _times)
    | {(int, int): _integers(lambda left, right: left * right)},
    "divide": _decimals(EXACT.divide) | dict.fromkeys(_QUANTITIES, _over) | {(int, int): _divided},
    "div": dict.fromkeys((*_NUMBER_PAIRS, (int, int)), _div),
    "mod": _decimals(EXACT.remainder) | {(int, int): _integers(_remainder)},
}
"""Operation -> Python types of both sides -> what is done; None as result is empty."""

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "div": "div", "mod": "mod"}


def _arithmetic(name: str) -> Build:
    table = TABLES[name]

    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        left, right = operands
        at = form.at

        def run(frame: Frame) -> Any:
            one = left(frame)
            if one is None:
                return None
            other = right(frame)
            if other is None:
                return None
            operation = table.get((type(one), type(other)))
            if operation is None:
                raise meaningless(_SIGNS[name], one, other, at)
            found = operation(one, other, at)
            return held_text(frame, found) if type(found) is str else found

        return run

    return build


def meaningless(sign: str, left: Any, right: Any, at: Where) -> Exception:
    """The error of an operator between types that it does not know."""
    names = [".".join(type_name_of(value)).strip(".") or "an element" for value in (left, right)]
    return unfit(at, f"{names[0]} {sign} {names[1]} means nothing")


for _name in TABLES:
    closes(f"fhirpath.{_name}")(_arithmetic(_name))


def sum_of(items: list[Any], at: Where) -> Any:
    """All items added; None for none."""
    total = items[0] if items else None
    for item in items[1:]:
        operation = TABLES["add"].get((type(total), type(item)))
        if operation is None:
            raise meaningless("+", total, item, at)
        total = operation(total, item, at)
        if total is None:
            return None
    return total


@closes("fhirpath.sum")
def sum_items(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``sum()``"""
    (source,), at = operands, form.at

    def total(frame: Frame) -> Any:
        items = source(frame)
        account = account_of(frame)
        if account is not None:
            account.hold_text(sum(len(item) for item in items if type(item) is str))
        return sum_of(items, at)

    return total


@closes("fhirpath.avg")
def average(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``avg()``"""
    (source,), at = operands, form.at

    def mean(frame: Frame) -> Any:
        items = source(frame)
        total = sum_of(items, at)
        if total is None:
            return None
        return TABLES["divide"][type(total), int](total, len(items), at)

    return mean


@closes("fhirpath.negate")
def negate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``-operand``"""
    (source,), at = operands, form.at

    def negated(frame: Frame) -> Any:
        value = source(frame)
        if value is None:
            return None
        if type(value) is Quantity:
            return Quantity(-value.value, value.unit)
        if type(value) is int or type(value) is Decimal:
            return -value
        raise unfit(at, "only a number or quantity can be negated")

    return negated


@closes("fhirpath.concatenate")
def concatenate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``left & right``: an empty side counts as an empty text."""
    left, right = operands
    return lambda frame: held_text(frame, (left(frame) or "") + (right(frame) or ""))
