"""Closures of the Date and Time chapter. Now and Today are those of the scope, once per application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import Date, DateTime, Time, date_time_of, from_datetime
from fhir_gepnet.logic import interval
from fhir_gepnet.logic.closures.elm_arithmetic import binary, unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form, IntervalOf
from fhir_gepnet.logic.scope import Evaluate, Frame, Scope
from fhir_gepnet.logic.uncertainty import counted

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def now(scope: Scope) -> DateTime:
    """The moment of evaluation."""
    found = scope.cache.get("now")
    if found is None:
        found = scope.cache["now"] = from_datetime(scope.now)
    moment: DateTime = found
    return moment


@closes("elm.Now", "elm.Today", "elm.TimeOfDay")
def moment_of_evaluation(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Now, its date, its time of day."""
    if form.operator == "elm.Now":
        return lambda frame: now(frame[0])
    if form.operator == "elm.Today":

        def today(frame: Frame) -> Any:
            cache = frame[0].cache
            found = cache.get("today")
            if found is None:
                found = cache["today"] = now(frame[0]).date
            return found

        return today
    return lambda frame: Time(*now(frame[0]).components[3:])


def known_components(values: Sequence[Any]) -> tuple[Any, ...]:
    """Components up to the last that is known; none when the first is null.

    Raises:
        ValueError: a component is null and a finer one is not.
    """
    if None not in values:
        return tuple(values)
    first = values.index(None)
    if any(value is not None for value in values[first:]):
        raise ValueError("a component is missing between two that are given")
    return tuple(values[:first])


def date_time_from(values: Sequence[Any], offset: int) -> DateTime | None:
    """A DateTime of components that may be null from some precision on; null when all are."""
    components = known_components(values)
    return date_time_of(components, offset) if components else None


@closes("elm.Date", "elm.Time")
def calendar_or_clock(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A Date or Time from its components."""
    make: Callable[..., Any] = Date if form.operator == "elm.Date" else Time
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        values = known_components([part(frame) for part in parts])
        return make(*values) if values else None

    return run


@closes("elm.DateTime")
def date_time(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A DateTime from its components; without an offset it has the evaluation's."""
    given: tuple[str, ...] = form.detail
    zoned = bool(given) and given[-1] == "timezoneOffset"
    parts = tuple(operands[:-1] if zoned else operands)
    zone = operands[-1] if zoned else None

    def run(frame: Frame) -> Any:
        offset = None if zone is None else zone(frame)
        minutes = frame[0].offset if offset is None else int(offset * 60)
        return date_time_from([part(frame) for part in parts], minutes)

    return run


_COMPONENTS = {
    "year": "year",
    "month": "month",
    "day": "day",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "millisecond": "millisecond",
}


@closes("elm.DateTimeComponentFrom")
def component(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """One component; null when it is not known. Detail: its name."""
    name = _COMPONENTS[form.detail]
    return unary(operands[0], lambda value: getattr(value, name, None))


def date_of_moment(value: Date | DateTime) -> Date:
    """The date part of a moment."""
    return value if isinstance(value, Date) else value.date


@closes("elm.DateFrom")
def date_from(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The date of a DateTime."""
    return unary(operands[0], date_of_moment)


@closes("elm.TimeFrom")
def time_from(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The time of a DateTime; null when no hour is known."""
    return unary(operands[0], lambda value: Time(*value.components[3:]) if value.depth > 3 else None)


@closes("elm.TimezoneOffsetFrom", "elm.TimezoneFrom")
def offset_from(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The offset of a DateTime in hours."""
    return unary(operands[0], lambda value: Decimal(value.offset) / 60)


@closes("elm.DurationBetween", "elm.DifferenceBetween")
def between(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whole periods, or boundaries, between two moments. Detail: the precision."""
    count = dates.duration_between if form.operator == "elm.DurationBetween" else dates.difference_between
    unit = form.detail.lower()
    return binary(operands[0], operands[1], lambda one, other: counted(count(one, other, unit)))


_OF_POINTS: dict[str, tuple[int, ...]] = {
    "elm.After": (1,),
    "elm.Before": (-1,),
    "elm.SameAs": (0,),
    "elm.SameOrAfter": (0, 1),
    "elm.SameOrBefore": (-1, 0),
}
_OF_INTERVALS: dict[str, Callable[[Any, Any, str | None], Any]] = {
    "elm.After": lambda one, other, precision: interval.is_before(other, one, precision),
    "elm.Before": interval.is_before,
    "elm.SameAs": interval.same_as,
    "elm.SameOrAfter": lambda one, other, precision: interval.same_or_before(other, one, precision),
    "elm.SameOrBefore": interval.same_or_before,
}


@closes(*_OF_POINTS)
def order(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Order of two moments or two intervals. Detail: the precision or None."""
    left, right = operands
    precision: str | None = form.detail
    if any(isinstance(operand.type, IntervalOf) for operand in form.operands):
        relation = _OF_INTERVALS[form.operator]
        return binary(left, right, lambda one, other: relation(one, other, precision))
    wanted = _OF_POINTS[form.operator]

    def run(frame: Frame) -> Any:
        found = interval.order(left(frame), right(frame), precision)
        return None if found is None else found in wanted

    return run
