"""Which of two dates or times comes first, and the bounds of an imprecise one.

Source: CQL 1.5 §5.3 (comparing dates and times), appendix B §18 and §22; FHIRPath §6.2.
"""

from __future__ import annotations

from calendar import monthrange
from typing import TypeVar

from fhir_gepnet.fhir.date_values import (
    PRECISIONS,
    Date,
    DateTime,
    Moment,
    Time,
    date_time_of,
    instant,
    local_components,
    milliseconds,
)

AnyMoment = TypeVar("AnyMoment", Date, DateTime, Time)

_HOUR = PRECISIONS.index("hour") + 1


def compare(left: Moment, right: Moment, precision: str | None = None) -> int | None:
    """-1, 0 or 1 as ``left`` is before, equal to or after ``right``; None when that is uncertain.

    Args:
        left, right: both Dates, DateTimes or Times; a Date beside a DateTime is taken as a
            DateTime whose time of day is unknown. A Time beside a Date gives None.
        precision: compare down to this component only (``year`` to ``millisecond``). Without it
            to the full, where values of equal precision can be equal, and seconds and
            milliseconds are one decimal. Offsets are evened out from the hour on; at ``day`` and
            above the components count as written (CQL 1.5, SameAs).
    """
    if precision is None:
        if left.key is not None and right.key is not None and type(left) is type(right):
            return (left.key > right.key) - (left.key < right.key)
        return _compare_fully(left, right)
    return _compare_to(left, right, precision)


def _compare_fully(left: Moment, right: Moment) -> int | None:
    if isinstance(left, Time) or isinstance(right, Time):
        if not (isinstance(left, Time) and isinstance(right, Time)):
            return None
        return _compare_components(_shared_seconds(left.components), _shared_seconds(right.components))
    if isinstance(left, DateTime) and isinstance(right, DateTime) and left.offset != right.offset:
        return _compare_ranges(instants(left), instants(right))
    if isinstance(left, DateTime) and isinstance(right, DateTime):
        return _compare_components(_shared_seconds(left.components, 3), _shared_seconds(right.components, 3))
    return _compare_components(left.components, right.components)


def _compare_to(left: Moment, right: Moment, precision: str) -> int | None:
    depth = PRECISIONS.index(precision) + 1
    if isinstance(left, Time) or isinstance(right, Time):
        if not (isinstance(left, Time) and isinstance(right, Time)):
            return None
        depth -= 3
        if depth < 1:
            raise ValueError(f"a time of day has no {precision}")
        return _compare_components(left.components, right.components, depth)
    if depth >= _HOUR and isinstance(left, DateTime) and isinstance(right, DateTime):
        # The clock of an hour without minutes cannot be moved by half an hour.
        needed = _HOUR + 1 if (left.offset - right.offset) % 60 else _HOUR
        if left.offset != right.offset and min(left.depth, right.depth) < needed:
            return _compare_ranges(instants(left), instants(right))
        try:
            right = at_offset(right, left.offset)
        except (ValueError, OverflowError):
            # At the very ends of the calendar a clock cannot be moved.
            return _compare_ranges(instants(left), instants(right))
    return _compare_components(left.components, right.components, depth)


def _compare_components(left: tuple[int, ...], right: tuple[int, ...], depth: int = 7) -> int | None:
    for one, other in zip(left[:depth], right[:depth], strict=False):
        if one != other:
            return -1 if one < other else 1
    known = min(len(left), len(right))
    return 0 if known >= depth or (len(left) == len(right) and depth == 7) else None


def _shared_seconds(components: tuple[int, ...], clock: int = 0) -> tuple[int, ...]:
    """Second and millisecond as one component of milliseconds."""
    second = clock + 2
    if len(components) <= second:
        return components
    return (*components[:second], components[second] * 1000 + (*components[second + 1 :], 0)[0])


def _compare_ranges(left: tuple[int, int], right: tuple[int, int]) -> int | None:
    if left[1] < right[0]:
        return -1
    if left[0] > right[1]:
        return 1
    return 0 if left == right else None


def at_offset(value: DateTime, offset: int) -> DateTime:
    """The same instant on the clock of another offset; components not known stay unknown.

    Below hour precision the clock cannot be moved, and the value only changes its offset.
    """
    if value.offset == offset:
        return value
    components = value.components
    if value.depth >= _HOUR:
        components = local_components(instant(components, value.offset - offset))[: value.depth]
    return date_time_of(components, offset)


def instants(value: DateTime | Date) -> tuple[int, int]:
    """First and last millisecond (since 0001-01-01 UTC) that the value may mean; a Date in UTC."""
    offset = value.offset if isinstance(value, DateTime) else 0
    if value.depth >= 6 and isinstance(value, DateTime) and value.key is not None:
        return value.key, value.key
    return instant(value.components, offset), instant(_last(value.components), offset)


def _last(components: tuple[int, ...]) -> tuple[int, ...]:
    """All seven components at the end of what the known ones cover."""
    year, month = components[0], (*components[1:2], 12)[0]
    greatest = (year, 12, monthrange(year, month)[1], 23, 59, 59, 999)
    return (*components, *greatest[len(components) :])


def low_boundary(value: AnyMoment, precision: str | None = None) -> AnyMoment:
    """The earliest value that ``value`` may mean, at ``precision`` (default: the finest of its type)."""
    return _boundary(value, precision, _first(value))


def high_boundary(value: AnyMoment, precision: str | None = None) -> AnyMoment:
    """The latest value that ``value`` may mean, at ``precision`` (default: the finest of its type)."""
    if isinstance(value, Time):
        greatest: tuple[int, ...] = (*value.components, *(23, 59, 59, 999)[value.depth :])
    else:
        greatest = _last(value.components)
    return _boundary(value, precision, greatest)


def _first(value: Moment) -> tuple[int, ...]:
    least = (0, 0, 0, 0) if isinstance(value, Time) else (1, 1, 1, 0, 0, 0, 0)
    return (*value.components, *least[value.depth :])


def _boundary(value: AnyMoment, precision: str | None, components: tuple[int, ...]) -> AnyMoment:
    finest = {Date: 3, DateTime: 7, Time: 4}[type(value)]
    depth = finest if precision is None else PRECISIONS.index(precision) + 1
    if precision is not None and isinstance(value, Time):
        depth -= 3
    if not 1 <= depth <= finest:
        raise ValueError(f"this type has no {precision}")
    return rebuilt(value, components[:depth])


def rebuilt(value: AnyMoment, components: tuple[int, ...]) -> AnyMoment:
    """A value of the same type (and offset) with other components.

    Raises:
        ValueError: there is no such date or time.
    """
    if isinstance(value, DateTime):
        return date_time_of(components, value.offset)
    return type(value)(*components)


def local(value: Moment) -> int:
    """Milliseconds on the value's own clock; missing components count as their least."""
    return milliseconds(value.components) if isinstance(value, Time) else instant(value.components, 0)
