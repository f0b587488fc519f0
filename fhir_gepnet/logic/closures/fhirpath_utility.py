"""Back end of FHIRPath 2.0 chapter 5.9 "Utility functions" and of boundaries and precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import EvaluationError
from fhir_gepnet.fhir.dates import Date, DateTime, Time, from_datetime, high_boundary, low_boundary
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.fhir.units import parse_unit
from fhir_gepnet.logic.closures.fhirpath_computes import computes
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.moments import Unzoned
from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_DATE_DIGITS = {4: "year", 6: "month", 8: "day", 10: "hour", 12: "minute", 14: "second", 17: "millisecond"}
_TIME_DIGITS = {2: "hour", 4: "minute", 6: "second", 9: "millisecond"}
_DIGITS_OF = {name: digits for digits, name in _DATE_DIGITS.items()}
_TIME_DIGITS_OF = {name: digits for digits, name in _TIME_DIGITS.items()}
_DEFAULT_PLACES = 8
_MOST_PLACES = 28


@closes("fhirpath.trace")
def trace(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: label."""
    (source,), label = operands, form.detail
    many = isinstance(form.operands[0].type, ListOf)

    def traced(frame: Frame) -> Any:
        items = source(frame)
        environment: Environment = frame[0]
        if environment.trace is not None:
            environment.trace(str(label), items if many else [] if items is None else [items])
        return items

    return traced


def _clock(read: Callable[[DateTime], Any]) -> Build:
    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        at, name = form.at, form.operator.removeprefix("fhirpath.")

        def tell(frame: Frame) -> Any:
            environment: Environment = frame[0]
            if environment.now is None:
                raise EvaluationError(
                    at, f"{name}() needs the moment of evaluation", "hand in now=…, with its zone"
                )
            return read(from_datetime(environment.now))

        return tell

    return build


closes("fhirpath.now")(_clock(lambda now: now))
closes("fhirpath.today")(_clock(lambda now: now.date))
closes("fhirpath.timeOfDay")(_clock(lambda now: Time(*now.components[3:])))


def _decimal_boundary(value: Decimal, places: int, *, high: bool) -> Decimal | None:
    """The end of what a decimal with its digits may stand for, cut outwards to ``places``."""
    if not 0 <= places <= _MOST_PLACES:
        return None
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb((exponent if isinstance(exponent, int) else 0) - 1)
    end = value + half if high else value - half
    # Zero digits beyond the places asked for belong to the value itself, not to its neighbourhood.
    rounding = ROUND_CEILING if high else ROUND_FLOOR
    return end.quantize(Decimal(1).scaleb(-places), rounding)


def _date_boundary(value: Any, digits: int | None, *, high: bool) -> Any:
    bound = high_boundary if high else low_boundary
    if type(value) is Time:
        name = _TIME_DIGITS.get(digits) if digits is not None else "millisecond"
        return None if name is None else bound(value, name)
    name = _DATE_DIGITS.get(digits) if digits is not None else None
    if digits is not None and name is None:
        return None
    if type(value) is Date:
        wanted = name or "day"
        return bound(value, wanted) if wanted in ("year", "month", "day") else None
    if type(value) is Unzoned:
        moment = value.moment
        if name in ("year", "month", "day"):
            return Unzoned(bound(moment, name))
        # No zone: the earliest instant is on the eastmost clock, the latest on the westmost.
        offset = -12 * 60 if high else 14 * 60
        return bound(replace(moment, offset=offset), name)
    return bound(value, name)


def _boundary(*, high: bool) -> Callable[..., Any]:
    def compute(value: Any, digits: int | None = None) -> Any:
        kind = type(value)
        if kind is int or kind is Decimal:
            return _decimal_boundary(Decimal(value), _DEFAULT_PLACES if digits is None else digits, high=high)
        if kind is Quantity:
            places = _DEFAULT_PLACES if digits is None else digits
            number = _decimal_boundary(value.value, places, high=high)
            return None if number is None else Quantity(number, value.unit)
        return _date_boundary(value, digits, high=high)

    return compute


computes("fhirpath.lowBoundary")(_boundary(high=False))
computes("fhirpath.highBoundary")(_boundary(high=True))


@computes("fhirpath.precision")
def precision(value: Any) -> int | None:
    """``precision()``"""
    kind = type(value)
    if kind is int or kind is Decimal:
        exponent = Decimal(value).as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else None
    if kind is Quantity:
        return precision(value.value)
    if kind is Time:
        return _TIME_DIGITS_OF[value.precision]
    moment = value.moment if kind is Unzoned else value
    return _DIGITS_OF[moment.precision]


@computes("fhirpath.comparable")
def comparable(left: Quantity, right: Quantity) -> bool:
    """``comparable(quantity)``"""
    one, other = parse_unit(left.unit), parse_unit(right.unit)
    return one is not None and other is not None and one.dimensions == other.dimensions
