"""Intervals whose ends are open, null or unknown, against every pair of intervals that they may mean.

An end that is null and closed is the limit of the type; one that is null and open may be any value. An
answer of true must hold in all of these worlds, and one of false in none. Unknown is always allowed: the
specification composes its answers from those of the ends, which sometimes says less than could be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest

from fhir_gepnet.logic import interval
from fhir_gepnet.logic.arithmetic import GREATEST_INTEGER, LEAST_INTEGER
from fhir_gepnet.logic.form import INTEGER
from fhir_gepnet.logic.interval import Interval, made

Ends = tuple[int, int]
ANYTHING = [LEAST_INTEGER, -1, 0, 1, 2, 3, 4, 5, GREATEST_INTEGER]


def _meets(one: Ends, other: Ends) -> bool:
    return one[1] != GREATEST_INTEGER and one[1] + 1 == other[0]


RELATIONS: dict[str, Callable[[Ends, Ends], bool]] = {
    "is_within": lambda one, other: other[0] <= one[0] and one[1] <= other[1],
    "is_properly_within": lambda one, other: other[0] <= one[0] and one[1] <= other[1] and one != other,
    "is_before": lambda one, other: one[1] < other[0],
    "same_or_before": lambda one, other: one[1] <= other[0],
    "same_as": lambda one, other: one == other,
    "overlaps": lambda one, other: one[0] <= other[1] and other[0] <= one[1],
    "overlaps_before": lambda one, other: one[0] < other[0] <= one[1],
    "overlaps_after": lambda one, other: one[1] > other[1] >= one[0],
    "meets_before": _meets,
    "meets": lambda one, other: _meets(one, other) or _meets(other, one),
    "starts": lambda one, other: one[0] == other[0] and one[1] <= other[1],
    "ends_with": lambda one, other: one[1] == other[1] and one[0] >= other[0],
}


def intervals() -> Iterator[Interval]:
    """All kinds of intervals between a few points."""
    for low, high, low_closed, high_closed in product(
        (None, 1, 2, 4), (None, 1, 2, 4), (True, False), (True, False)
    ):
        if low is not None and high is not None and low + (not low_closed) > high - (not high_closed):
            continue
        found = made(low, high, low_closed, high_closed, INTEGER)
        if found is not None:
            yield found


def worlds(held: Interval) -> list[Ends]:
    """The closed intervals that an interval may mean."""
    lows = [held.low if held.low_closed else held.low + 1] if held.low is not None else None
    highs = [held.high if held.high_closed else held.high - 1] if held.high is not None else None
    lows = lows or ([LEAST_INTEGER] if held.low_closed else ANYTHING)
    highs = highs or ([GREATEST_INTEGER] if held.high_closed else ANYTHING)
    return [(low, high) for low in lows for high in highs if low <= high]


ALL = [(held, worlds(held)) for held in intervals()]


@pytest.mark.parametrize("name", RELATIONS)
def test_no_answer_is_wrong_in_any_world(name: str) -> None:
    relation, decide = RELATIONS[name], getattr(interval, name)
    decided = 0
    for (left, meanings), (right, others) in product(ALL, ALL):
        answer = decide(left, right)
        if answer is None:
            continue
        decided += 1
        assert {relation(one, other) for one in meanings for other in others} == {answer}, (left, right)
    assert decided > 500


def test_points() -> None:
    for held, meanings in ALL:
        for point in range(6):
            answer = interval.has_point(held, point)
            assert answer is None or {low <= point <= high for low, high in meanings} == {answer}, (
                held,
                point,
            )
