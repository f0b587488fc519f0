"""Intervals: their ends, and what is inside. Source: CQL 1.5 §5.7 and appendix B §19.

An open end means the neighbour of its value. A null end is unbounded when it is closed (the
least or greatest value of the type), unknown when it is open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic import arithmetic
from fhir_gepnet.logic.form import ANY, DATE, DATE_TIME, DECIMAL, INTEGER, LONG, QUANTITY, TIME, Type
from fhir_gepnet.logic.ordering import compare
from fhir_gepnet.logic.three_valued import Truth, both, negated


@dataclass(frozen=True, slots=True)
class Interval:
    """Points from ``low`` to ``high``.

    ``point`` is the static type of the points; it says what an unbounded end means.
    """

    low: Any
    high: Any
    low_closed: bool = True
    high_closed: bool = True
    point: Type = field(default=ANY, compare=False)


_LEAST: dict[Type, Any] = {
    INTEGER: arithmetic.LEAST_INTEGER,
    LONG: arithmetic.LEAST_LONG,
    DECIMAL: -arithmetic.GREATEST_DECIMAL,
    DATE: dates.MINIMUM_DATE,
    DATE_TIME: dates.MINIMUM_DATE_TIME,
    TIME: dates.MINIMUM_TIME,
    QUANTITY: Quantity(-arithmetic.GREATEST_DECIMAL),
}
_GREATEST: dict[Type, Any] = {
    INTEGER: arithmetic.GREATEST_INTEGER,
    LONG: arithmetic.GREATEST_LONG,
    DECIMAL: arithmetic.GREATEST_DECIMAL,
    DATE: dates.MAXIMUM_DATE,
    DATE_TIME: dates.MAXIMUM_DATE_TIME,
    TIME: dates.MAXIMUM_TIME,
    QUANTITY: Quantity(arithmetic.GREATEST_DECIMAL),
}


def least(of: Type) -> Any:
    """Least value of an ordered type; None for other types."""
    return _LEAST.get(of)


def greatest(of: Type) -> Any:
    """Greatest value of an ordered type; None for other types."""
    return _GREATEST.get(of)


def successor(value: Any, of: Type = ANY) -> Any:
    """The next value of the same kind.

    Raises:
        OverflowError: there is none, because this is the greatest.
    """
    return _neighbour(value, of, 1)


def predecessor(value: Any, of: Type = ANY) -> Any:
    """The value before, of the same kind.

    Raises:
        OverflowError: there is none, because this is the least.
    """
    return _neighbour(value, of, -1)


def _neighbour(value: Any, of: Type, step: int) -> Any:
    found: Any
    if isinstance(value, int):
        found = (arithmetic.long_result if of == LONG else arithmetic.integer_result)(value + step)
    elif isinstance(value, Decimal):
        found = arithmetic.add(value, step * arithmetic.EIGHT_PLACES)
    elif isinstance(value, Date | DateTime | Time):
        found = dates.successor(value) if step > 0 else dates.predecessor(value)
    elif isinstance(value, Quantity):
        moved = arithmetic.add(value.value, step * arithmetic.EIGHT_PLACES)
        found = None if moved is None else Quantity(moved, value.unit)
    else:
        raise TypeError("this kind of value has no neighbours")
    if found is None:
        raise OverflowError("the value is the last of its type")
    return found


def start(interval: Interval) -> Any:
    """First point; None when it is unknown."""
    if interval.low is None:
        return _unbounded(interval, least(interval.point)) if interval.low_closed else None
    return interval.low if interval.low_closed else successor(interval.low, interval.point)


def end(interval: Interval) -> Any:
    """Last point; None when it is unknown."""
    if interval.high is None:
        return _unbounded(interval, greatest(interval.point)) if interval.high_closed else None
    return interval.high if interval.high_closed else predecessor(interval.high, interval.point)


def _unbounded(interval: Interval, limit: Any) -> Any:
    """The limit of a type; of quantities in the unit of the other end, of times at its offset."""
    other = interval.low if interval.high is None else interval.high
    if isinstance(limit, Quantity) and isinstance(other, Quantity):
        return Quantity(limit.value, other.unit)
    return limit


def ends(interval: Interval) -> tuple[Any, Any]:
    """First and last point."""
    return start(interval), end(interval)


def made(low: Any, high: Any, low_closed: bool, high_closed: bool, point: Type) -> Interval | None:
    """An interval; None when nothing is known of it: two null ends that are open or of no type.

    Raises:
        ValueError: it holds no point, because the low end is above the high end.
    """
    if low is None and high is None:
        if point == ANY or not (low_closed or high_closed):
            return None
    elif low is not None and high is not None:
        found = compare(low, high)
        if found == 1 or (found == 0 and not (low_closed and high_closed)):
            raise ValueError("the low end of an interval is above its high end")
    return Interval(low, high, low_closed, high_closed, point)


def order(left: Any, right: Any, precision: str | None = None) -> int | None:
    """-1, 0, 1 of two points at a precision; None when one is unknown or it is uncertain."""
    if left is None or right is None:
        return None
    if precision is not None and isinstance(left, Date | DateTime | Time):
        return dates.compare(left, right, precision)
    return compare(left, right)


def _test(found: int | None, *wanted: int) -> Truth:
    return None if found is None else found in wanted


def at_or_before(left: Any, right: Any, precision: str | None = None) -> Truth:
    """Whether one point is not after another."""
    return _test(order(left, right, precision), -1, 0)


def before(left: Any, right: Any, precision: str | None = None) -> Truth:
    """Whether one point is before another."""
    return _test(order(left, right, precision), -1)


def alike(left: Any, right: Any, precision: str | None = None) -> Truth:
    """Whether two points are the same at a precision."""
    return _test(order(left, right, precision), 0)


def has_point(interval: Interval, point: Any, precision: str | None = None) -> Truth:
    """Whether a point is in an interval; unknown ends give unknown unless the other end excludes it."""
    if point is None:
        return None
    if interval.low is None:
        above: Truth = True if interval.low_closed else None
    elif interval.low_closed or precision is not None:
        above = at_or_before(start(interval), point, precision)
    else:
        above = before(interval.low, point)
    if above is False:
        return False
    if interval.high is None:
        below: Truth = True if interval.high_closed else None
    elif interval.high_closed or precision is not None:
        below = at_or_before(point, end(interval), precision)
    else:
        below = before(point, interval.high)
    return both(above, below)


def has_point_inside(interval: Interval, point: Any, precision: str | None = None) -> Truth:
    """Whether a point is in an interval and is none of its ends."""
    first, last = ends(interval)
    return both(before(first, point, precision), before(point, last, precision))


def is_before(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether all of one interval is before all of another."""
    return before(end(left), start(right), precision)


def same_or_before(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether one interval ends no later than another starts."""
    return at_or_before(end(left), start(right), precision)


def same_as(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether two intervals have the same ends at a precision."""
    (low, high), (other_low, other_high) = ends(left), ends(right)
    return both(alike(low, other_low, precision), alike(high, other_high, precision))


def is_within(inner: Interval, outer: Interval, precision: str | None = None) -> Truth:
    """Whether every point of one interval is in another."""
    low: Truth = True
    if outer.low is not None or not outer.low_closed:
        low = at_or_before(start(outer), start(inner), precision)
    high: Truth = True
    if outer.high is not None or not outer.high_closed:
        high = at_or_before(end(inner), end(outer), precision)
    return both(low, high)


def is_properly_within(inner: Interval, outer: Interval, precision: str | None = None) -> Truth:
    """Whether one interval is in another that has further points."""
    return both(is_within(inner, outer, precision), negated(same_as(inner, outer, precision)))


def overlaps(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether two intervals share a point."""
    return both(
        at_or_before(start(left), end(right), precision), at_or_before(start(right), end(left), precision)
    )


def overlaps_before(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether two intervals share a point and the first starts earlier."""
    return both(before(start(left), start(right), precision), overlaps(left, right, precision))


def overlaps_after(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether two intervals share a point and the first ends later."""
    return both(before(end(right), end(left), precision), overlaps(left, right, precision))


def meets_before(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether the second interval begins right after the first ends."""
    last, first = end(left), start(right)
    if last is None or first is None:
        # Ends that are unknown still lie beyond the other end of their interval.
        return False if before(end(right), start(left)) is True else None
    if before(first, last) is True:
        return False
    try:
        return alike(successor(last, left.point), first, precision)
    except OverflowError:
        return False


def meets(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether one interval begins right after the other ends."""
    one, other = meets_before(left, right, precision), meets_before(right, left, precision)
    return True if one is True or other is True else None if one is None or other is None else False


def starts(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether one interval starts with another and ends no later."""
    return both(alike(start(left), start(right), precision), at_or_before(end(left), end(right), precision))


def ends_with(left: Interval, right: Interval, precision: str | None = None) -> Truth:
    """Whether one interval ends with another and starts no earlier."""
    return both(alike(end(left), end(right), precision), at_or_before(start(right), start(left), precision))


def union(left: Interval, right: Interval) -> Interval | None:
    """One interval of both; None when they neither overlap nor meet, or that is unknown."""
    touching = overlaps(left, right) is True or meets(left, right) is True
    if not touching:
        return None
    (low, high), (other_low, other_high) = ends(left), ends(right)
    first = low if at_or_before(low, other_low) else other_low
    last = high if at_or_before(other_high, high) else other_high
    return Interval(first, last, True, True, left.point)


def intersection(left: Interval, right: Interval) -> Interval | None:
    """The shared part; None when there is none or it is unknown."""
    if overlaps(left, right) is False:
        return None
    (low, high), (other_low, other_high) = ends(left), ends(right)
    if None in (low, other_low):
        first, first_closed = None, False
    else:
        first, first_closed = (other_low if at_or_before(low, other_low) else low), True
    if None in (high, other_high):
        last, last_closed = None, False
    else:
        last, last_closed = (high if at_or_before(high, other_high) else other_high), True
    if first is None and last is None:
        return None
    return Interval(first, last, first_closed, last_closed, left.point)


def difference(left: Interval, right: Interval) -> Interval | None:
    """The part of the first outside the second; None when it is empty, in two parts, or unknown."""
    if overlaps(left, right) is False:
        return left
    low_out, high_out = overlaps_before(left, right), overlaps_after(left, right)
    if low_out is True and high_out is False:
        return Interval(start(left), predecessor(start(right), left.point), True, True, left.point)
    if high_out is True and low_out is False:
        return Interval(successor(end(right), left.point), end(left), True, True, left.point)
    return None
