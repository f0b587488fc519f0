"""Calendar arithmetic: adding durations, counting the time between two values, ages.

Source: CQL 1.5 §5.4 to §5.6 (date and time arithmetic, uncertainty), appendix B §17 and §18.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhir_gepnet.fhir.date_order import AnyMoment, instants, local, rebuilt
from fhir_gepnet.fhir.date_values import (
    DAY,
    PRECISIONS,
    Date,
    DateTime,
    Moment,
    Time,
    date_time_of,
    local_components,
)

Count = int | tuple[int, int] | None
"""A number of periods; a pair (least, most) when the values are too imprecise to tell; None: unknown."""

_UNITS = {
    **{name: name for name in (*PRECISIONS, "week")},
    **{f"{name}s": name for name in (*PRECISIONS, "week")},
    # The definite units that mean the same as the calendar's (CQL 1.5 §2.2.6); not 'a' and 'mo'.
    "d": "day", "wk": "week", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond",
}  # fmt: skip

_MILLISECONDS = {
    "week": 7 * DAY, "day": DAY, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1,
}  # fmt: skip

# How many of a unit make one of the next coarser unit when an operand is too imprecise (CQL 1.5 §5.4).
_COARSER = {
    "millisecond": (1000, "second"), "second": (60, "minute"), "minute": (60, "hour"),
    "hour": (24, "day"), "week": (0, "day"), "month": (12, "year"),
}  # fmt: skip


_FIRST, _LAST = DAY, (date.max.toordinal() + 1) * DAY - 1
"""Ends of the calendar on a local clock: another clock must not move a value out of it."""


def calendar_unit(unit: str) -> str | None:
    """``year`` to ``millisecond`` or ``week`` for a spelling of a duration (``years``, ``d``, ``min``).

    None for all others, also for ``a`` and ``mo``: mean years and months are not the calendar's.
    """
    return _UNITS.get(unit)


def add(value: AnyMoment, amount: Decimal | int, unit: str) -> AnyMoment | None:
    """``value`` moved by a duration, at the precision of ``value``.

    Args:
        value: moved on its own clock; its offset stays.
        amount: negative moves back. Decimals are cut off (towards zero), but for seconds, which
            keep milliseconds.
        unit: see ``calendar_unit``. A duration finer than the value first becomes whole units of
            the value's precision (12 months a year, 365 days a year, 30 days a month). Year and
            month arithmetic ends on the last day of a shorter month.

    Returns:
        None when the unit is no calendar duration or the result is outside the years 1 to 9999. A
        Time goes round the clock; it has no dates to add, so units above hours give None.
    """
    name = _UNITS.get(unit)
    if name is None:
        return None
    if name == "second":
        count, name = int(Decimal(amount) * 1000), "millisecond"
        if count % 1000 == 0:
            count, name = count // 1000, "second"
    else:
        count = int(amount)
    if isinstance(value, Time):
        return _add_to_time(value, count, name)
    if name == "week":
        count, name = count * 7, "day"
    count, name = _at_precision(count, name, value.depth)
    moved: AnyMoment | None = _moved(value, count, name)
    return moved


@lru_cache(maxsize=16384)
def _moved(value: Any, count: int, name: str) -> Any:
    """A date or date and time moved by whole units; the windows of a pathway ask for the same all day."""
    try:
        if name in ("year", "month"):
            return rebuilt(value, _add_months(value.components, count * 12 if name == "year" else count))
        moved = local_components(local(value) + count * _MILLISECONDS[name])
        return rebuilt(value, moved[: value.depth])
    except (ValueError, OverflowError):
        return None


def _add_to_time(value: AnyMoment, count: int, name: str) -> AnyMoment | None:
    if name not in ("hour", "minute", "second", "millisecond"):
        return None
    while PRECISIONS.index(name) - 2 > value.depth:
        size, name = _COARSER[name]
        count = _cut(count, size)
    moved = local_components(DAY + (local(value) + count * _MILLISECONDS[name]) % DAY)
    return rebuilt(value, moved[3 : 3 + value.depth])


def _at_precision(count: int, name: str, depth: int) -> tuple[int, str]:
    """A duration in a unit no finer than the value's precision."""
    while PRECISIONS.index(name) + 1 > depth:
        if name == "day":
            count, name = (_cut(count, 365), "year") if depth == 1 else (_cut(count, 30), "month")
        else:
            size, name = _COARSER[name]
            count = _cut(count, size)
    return count, name


def _cut(count: int, size: int) -> int:
    """Whole units, towards zero."""
    return count // size if count >= 0 else -(-count // size)


def _add_months(components: tuple[int, ...], months: int) -> tuple[int, ...]:
    year, month = divmod(components[0] * 12 + (*components[1:2], 1)[0] - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    moved = (year, month + 1, *components[2:])[: len(components)]
    if len(moved) < 3:
        return moved
    return (year, month + 1, min(moved[2], monthrange(year, month + 1)[1]), *moved[3:])


def difference_between(left: Moment, right: Moment, precision: str) -> Count:
    """Boundaries of ``precision`` crossed on the way from ``left`` to ``right`` (negative: backwards).

    Weeks begin on Sunday. Offsets are evened out from the hour on, above that the components count
    as written (CQL 1.5, DifferenceBetween). A pair when a value is too imprecise, None when the
    kinds do not fit.
    """
    pair = _same_kind(left, right)
    if pair is None:
        return None
    one, other = pair
    first, last = _bounds(one)
    low, high = _bounds(other, one if precision in PRECISIONS[3:] else None)
    return _count(_boundaries(last, low, precision), _boundaries(first, high, precision))


def _boundaries(left: int, right: int, precision: str) -> int:
    if precision in ("year", "month"):
        one, other = local_components(left), local_components(right)
        years = other[0] - one[0]
        return years if precision == "year" else years * 12 + other[1] - one[1]
    # Day 0 of the count, the day before 0001-01-01, is a Sunday in the proleptic calendar.
    size = _MILLISECONDS[precision]
    return right // size - left // size


def duration_between(left: Moment, right: Moment, precision: str) -> Count:
    """Whole periods of ``precision`` that fit between ``left`` and ``right`` (negative: backwards).

    Offsets are evened out, so 23 hours over a change of clocks are no day. A pair when a value is
    too imprecise to tell, None when the kinds do not fit.
    """
    pair = _same_kind(left, right)
    if pair is None:
        return None
    one, other = pair
    first, last = _bounds(one)
    low, high = _bounds(other, one)
    return _count(_whole_periods(last, low, precision), _whole_periods(first, high, precision))


def _whole_periods(left: int, right: int, precision: str) -> int:
    if precision not in ("year", "month"):
        return _cut(right - left, _MILLISECONDS[precision])
    if right < left:
        return -_whole_periods(right, left, precision)
    one, other = local_components(left), local_components(right)
    months = (other[0] - one[0]) * 12 + other[1] - one[1]
    # A period begun on 29 February is complete on 1 March of a common year (CQL 1.5, appendix H).
    if other[2:] < one[2:]:
        months -= 1
    return months if precision == "month" else months // 12


def _bounds(value: Moment, clock: Moment | None = None) -> tuple[int, int]:
    """First and last millisecond on the clock of ``clock`` (default: its own); a full Date is midnight."""
    if isinstance(value, Time):
        first = local(value)
        return first, first + {1: 3_599_999, 2: 59_999, 3: 0, 4: 0}[value.depth]
    if isinstance(value, Date):
        first, last = instants(value)
        return first, last - last % DAY
    first, last = instants(value)
    shift = (clock.offset if isinstance(clock, DateTime) else value.offset) * 60_000
    return max(first + shift, _FIRST), min(last + shift, _LAST)


def _same_kind(left: Moment, right: Moment) -> tuple[Moment, Moment] | None:
    """Both values as one type: a Date beside a DateTime makes both Dates' worth of DateTimes."""
    if type(left) is type(right):
        return left, right
    if isinstance(left, Time) or isinstance(right, Time):
        return None
    if isinstance(left, Date) and isinstance(right, DateTime):
        return date_time_of(left.components, right.offset), right
    if isinstance(left, DateTime) and isinstance(right, Date):
        return left, date_time_of(right.components, left.offset)
    return None


def _count(least: int, most: int) -> Count:
    return least if least == most else (min(least, most), max(least, most))


def age_in(unit: str, birth: Date | DateTime, at: Date | DateTime) -> Count:
    """Age in whole units at a moment: CQL CalculateAgeAt.

    A birth date beside a DateTime is compared by the calendar, so a birthday counts from its
    midnight on the clock of ``at``. A pair (least, most) when the birth date is too imprecise.

    Args:
        unit: year, month, week, day, hour, minute or second, singular or plural.
    """
    name = _UNITS[unit]
    if name in ("year", "month", "week", "day"):
        if isinstance(birth, Date) and isinstance(at, DateTime):
            at = at.date
        elif isinstance(birth, DateTime) and isinstance(at, Date):
            birth = birth.date
    return duration_between(birth, at, name)
