"""Closures of the date filters of retrieves: what holds a date, as an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.dates import DateTime, parse_date_time
from fhir_gepnet.fhir.period import ends_of
from fhir_gepnet.logic import interval
from fhir_gepnet.logic.closures.elm_arithmetic import unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import DATE, DATE_TIME, Form
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.TimingInterval")
def of_timing(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The outer limits of a Timing: its bounding Period, else first to last event; else null.

    A Timing with an event that cannot be read, or with two that cannot be ordered, has no limits.
    """
    (source,) = operands

    def run(frame: Frame) -> Any:
        timing = source(frame)
        if timing is None:
            return None
        period = (timing.get("repeat") or {}).get("boundsPeriod")
        if period is not None:
            return _limits(*ends_of(period, frame[0].offset))
        events = [parse_date_time(text, frame[0].offset) for text in timing.get("event") or ()]
        if not events or None in events:
            return None
        first = last = events[0]
        for event in events[1:]:
            if interval.order(first, event) is None or interval.order(last, event) is None:
                return None
            first = event if interval.before(event, first) else first
            last = event if interval.before(last, event) else last
        return Interval(first, last, True, True, DATE_TIME)

    return run


def _limits(start: DateTime | None, end: DateTime | None) -> Interval | None:
    """As of a Period: a start that is not given is unknown, an end that is not given is to come."""
    return interval.made(start, end, start is not None, True, DATE_TIME)


@closes("elm.EndsInterval")
def of_ends(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An interval whose ends stand in two elements. Operands: start, end."""
    low, high = operands
    return lambda frame: _limits(low(frame), high(frame))


@closes("elm.IntervalOfDays")
def of_days(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An interval of times as one of dates."""

    def run(value: Interval) -> Interval:
        low, high = (None if end is None else end.date for end in (value.low, value.high))
        return Interval(low, high, value.low_closed, value.high_closed, DATE)

    return unary(operands[0], run)
