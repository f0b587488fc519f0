"""Closures of the Interval chapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic import arithmetic, interval, interval_series
from fhir_gepnet.logic.budget import STEPS_OF_AN_EXPANSION, held, spend
from fhir_gepnet.logic.closures.elm_arithmetic import binary, unary
from fhir_gepnet.logic.closures.elm_queries import compared
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form, IntervalOf, ListOf
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Interval")
def selector(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An interval from its ends. Detail: whether each end is closed, None where an operand says it.

    Without any end, and open, nothing at all is known of it: null.
    """
    low, high, *rest = operands
    point = form.type.point if isinstance(form.type, IntervalOf) else form.type
    low_constant, high_constant = form.detail
    expressions = iter(rest)
    low_closed = None if low_constant is not None else next(expressions)
    high_closed = None if high_constant is not None else next(expressions)

    def run(frame: Frame) -> Any:
        first, last = low(frame), high(frame)
        closed = low_constant if low_closed is None else low_closed(frame)
        other = high_constant if high_closed is None else high_closed(frame)
        return interval.made(first, last, closed is True, other is True, point)

    return run


@closes("elm.PointInterval")
def of_point(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The interval of one point."""
    point = form.operands[0].type
    return unary(operands[0], lambda value: Interval(value, value, True, True, point))


_ENDS: dict[str, Callable[[Interval], Any]] = {"elm.Start": interval.start, "elm.End": interval.end}


@closes(*_ENDS)
def end(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """First or last point."""
    return unary(operands[0], _ENDS[form.operator])


@closes("elm.PointFrom")
def point_from(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The one point of an interval; more than one is an error."""

    def only(value: Interval) -> Any:
        first, last = interval.ends(value)
        if interval.alike(first, last) is not True:
            raise ValueError("the interval has more than one point")
        return first

    return unary(operands[0], only)


def extent(value: Interval) -> Any:
    """Last point minus first.

    Raises:
        TypeError: an interval of dates, whose width has no unit.
    """
    first, last = interval.ends(value)
    if first is None or last is None:
        return None
    if isinstance(first, Quantity):
        return arithmetic.subtract_quantities(last, first)
    return last - first


def _size(value: Interval) -> Any:
    width = extent(value)
    if isinstance(width, Quantity):
        return Quantity(width.value + arithmetic.EIGHT_PLACES, width.unit)
    if isinstance(width, Decimal):
        return width + arithmetic.EIGHT_PLACES
    return None if width is None else width + 1


@closes("elm.Width", "elm.Size")
def width(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Extent of an interval of numbers or quantities; Size counts the first point too."""
    return unary(operands[0], extent if form.operator == "elm.Width" else _size)


_RELATIONS: dict[str, Callable[[Any, Any, str | None], Any]] = {
    "elm.Ends": interval.ends_with,
    "elm.IncludedInInterval": interval.is_within,
    "elm.Meets": interval.meets,
    "elm.MeetsAfter": lambda one, other, precision: interval.meets_before(other, one, precision),
    "elm.MeetsBefore": interval.meets_before,
    "elm.Overlaps": interval.overlaps,
    "elm.OverlapsAfter": interval.overlaps_after,
    "elm.OverlapsBefore": interval.overlaps_before,
    "elm.ProperIncludedInInterval": interval.is_properly_within,
    "elm.Starts": interval.starts,
    "elm.InInterval": lambda point, held, precision: interval.has_point(held, point, precision),
    "elm.ProperInInterval": lambda point, held, precision: interval.has_point_inside(held, point, precision),
}


@closes(*_RELATIONS)
def relation(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A relation of two intervals, or of a point and an interval. Detail: the precision or None."""
    relate = _RELATIONS[form.operator]
    precision: str | None = form.detail
    left, right = operands
    # A point is not in a null interval (CQL 1.5, In); every other relation to null is null.
    without = False if form.operator == "elm.InInterval" else None

    def run(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if other is None:
            return without
        return None if one is None else relate(one, other, precision)

    return run


_COMBINATIONS: dict[str, Callable[[Interval, Interval], Any]] = {
    "elm.ExceptInterval": interval.difference,
    "elm.IntersectInterval": interval.intersection,
    "elm.UnionInterval": interval.union,
}


@closes(*_COMBINATIONS)
def combination(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Union, intersection and difference of two intervals."""
    return binary(operands[0], operands[1], _COMBINATIONS[form.operator])


@closes("elm.Collapse")
def collapse(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The fewest intervals with the same points. Operands: list of intervals, step or null."""
    return _series(form, operands, lambda frame, held, per: interval_series.collapse(held, per))


@closes("elm.Expand")
def expand(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Intervals (of one interval: points) step by step. Operands: interval or list of them, step or null."""
    if isinstance(form.operands[0].type, ListOf):
        return _series(
            form,
            operands,
            lambda frame, held, per: compared(
                frame, [part for each in held if each is not None for part in _expanded(frame, each, per)]
            ),
        )
    return _series(
        form, operands, lambda frame, held, per: [part.low for part in _expanded(frame, held, per)]
    )


def _expanded(frame: Frame, one: Interval, per: Quantity | None) -> list[Interval]:
    found = held(frame, interval_series.expand(one, per))
    spend(frame, len(found) * STEPS_OF_AN_EXPANSION)
    return found


def _series(form: Form, operands: Sequence[Evaluate], compute: Callable[[Frame, Any, Any], Any]) -> Evaluate:
    source, *step = operands

    def run(frame: Frame) -> Any:
        held = source(frame)
        return None if held is None else compute(frame, held, step[0](frame) if step else None)

    return run
