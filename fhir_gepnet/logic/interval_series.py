"""Collapse and expand: many intervals into few, one interval into many.

Source: CQL 1.5 appendix B §19 (Collapse, Expand).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from fhir_gepnet.errors import BudgetExceededError
from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import PRECISIONS, Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, converted
from fhir_gepnet.logic import arithmetic
from fhir_gepnet.logic.form import INTEGER, LONG, Type
from fhir_gepnet.logic.interval import Interval, at_or_before, ends, successor
from fhir_gepnet.logic.ordering import sort

LONGEST_SERIES = 100_000
"""More steps than this are a mistake of the author: milliseconds of a year, for one."""

REMEDY = "expand a shorter interval, or by larger steps"


def collapse(intervals: list[Interval | None], per: Quantity | None) -> list[Interval]:
    """The fewest intervals with the same points; what overlaps or meets is joined.

    Args:
        per: gaps up to this size are closed too; None: only what meets. Intervals with an unknown
            end are left out.
    """
    known = [(*ends(each), each.point) for each in intervals if each is not None]
    spans = [(first, last, point) for first, last, point in known if first is not None and last is not None]
    found: list[Interval] = []
    for first, last, point in sort(spans, [(first,) for first, _, _ in spans], (False,)):
        earlier = found[-1] if found else None
        if earlier is not None and at_or_before(first, _reach(earlier.high, per, point)) is True:
            longest = last if at_or_before(earlier.high, last) is True else earlier.high
            found[-1] = Interval(earlier.low, longest, True, True, point)
        else:
            found.append(Interval(first, last, True, True, point))
    return found


def _reach(end: Any, per: Quantity | None, point: Type) -> Any:
    """The last start that still joins an interval with this end; the end itself when it is the last value."""
    if per is not None and isinstance(end, Date | DateTime | Time):
        return dates.add(end, per.value, per.unit) or end
    if per is not None and isinstance(end, Quantity):
        return arithmetic.advanced(end, per) or end
    if per is not None:
        return end + (int(per.value) if isinstance(end, int) else per.value)
    try:
        return successor(end, point)
    except OverflowError:
        return end


def expand(interval: Interval, per: Quantity | None) -> list[Interval]:
    """Intervals of one step each, from the start, as long as they fit.

    Args:
        per: size of a step; None: one unit of the coarser end. Empty when the ends are less precise
            than a step, or not known.

    Raises:
        BudgetExceededError: more than ``LONGEST_SERIES`` steps.
    """
    first, last = ends(interval)
    if first is None or last is None:
        return []
    steps: Callable[[Any, Any, Quantity | None, Type], Iterator[tuple[Any, Any]]] = _number_steps
    if isinstance(first, Date | DateTime | Time):
        steps = _moment_steps
    elif isinstance(first, Quantity):
        steps = _quantity_steps
    found: list[Interval] = []
    for low, high in steps(first, last, per, interval.point):
        if len(found) == LONGEST_SERIES:
            raise BudgetExceededError(f"expand makes more than {LONGEST_SERIES} intervals", None, REMEDY)
        found.append(Interval(low, high, True, True, interval.point))
    return found


def _moment_steps(first: Any, last: Any, per: Quantity | None, point: Type) -> Iterator[tuple[Any, Any]]:
    coarser = first if first.depth <= last.depth else last
    unit = coarser.precision if per is None else dates.calendar_unit(per.unit)
    if unit is None:
        raise ValueError("a step of dates or times is a duration")
    amount = Decimal(1) if per is None else per.value
    precision = "day" if unit == "week" else unit
    depth = PRECISIONS.index(precision) + 1 - (3 if isinstance(first, Time) else 0)
    if depth < 1 or coarser.depth < depth or amount <= 0:
        return
    low, high = dates.low_boundary(first, precision), dates.low_boundary(last, precision)
    while True:
        following = dates.add(low, amount, unit)
        end = None if following is None else dates.predecessor(following)
        if following is None or end is None or at_or_before(end, high) is not True:
            return
        yield low, end
        if at_or_before(following, low) is not False:
            return  # a time of day went round the clock
        low = following


def _number_steps(first: Any, last: Any, per: Quantity | None, point: Type) -> Iterator[tuple[Any, Any]]:
    whole = point in (INTEGER, LONG)
    size = per.value if per is not None else Decimal(1) if whole else _unit_of(first, last)
    if size <= 0:
        return
    places = _places(size)
    low, high = _low_end(Decimal(first), places), _high_end(Decimal(last), places)
    unit = Decimal(1).scaleb(-places)
    make: Callable[[Decimal], Any] = int if whole and not places else Decimal
    while low + size - unit <= high:
        yield make(low), make(low + size - unit)
        low += size


def _quantity_steps(first: Any, last: Any, per: Quantity | None, point: Type) -> Iterator[tuple[Any, Any]]:
    unit = first.unit if per is None else per.unit
    one, other = converted(first, unit), converted(last, unit)
    if one is None or other is None:
        return
    step = None if per is None else Quantity(per.value)
    for low, high in _number_steps(one.value, other.value, step, point):
        yield Quantity(low, unit), Quantity(high, unit)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _unit_of(first: Decimal, last: Decimal) -> Decimal:
    """One unit of the last place of the less precise number."""
    return Decimal(1).scaleb(-min(_places(first), _places(last)))


def _low_end(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)


def _high_end(value: Decimal, places: int) -> Decimal:
    """The last step of this size within what the number may mean: 10 is 10 to 10.9 in tenths."""
    unit = Decimal(1).scaleb(-places)
    if places <= _places(value):
        return value.quantize(unit, ROUND_FLOOR)
    return value + Decimal(1).scaleb(-_places(value)) - unit
