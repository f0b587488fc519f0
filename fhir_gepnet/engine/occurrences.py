"""FHIR Timing -> the dates on which it falls.

Source: FHIR R4 Timing. ``frequency`` times per ``period``: with a frequency of one each occurrence is
a moment, with more of them a window of one period says how many belong in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fhir_gepnet.fhir.dates import DateTime, compare, parse_date_time, predecessor
from fhir_gepnet.fhir.duration import NO_TIME, Duration, duration_of, moved, unit_of_time
from fhir_gepnet.fhir.period import ends_of

MOST = 1000
"""Occurrences that are written out."""

WORKED_IN = frozenset(
    {"boundsDuration", "boundsRange", "boundsPeriod", "count", "duration", "durationUnit", "frequency"}
    | {"period", "periodUnit", "id"}
)
"""Elements of Timing.repeat that the dates follow from; any other is named in a note."""


class Span(NamedTuple):
    """A first and a last moment; see ``Window``."""

    start: DateTime | None
    end: DateTime | None
    basis: str
    times: int = 1
    note: str | None = None


def occurrences(timing: Mapping[str, Any], base: Span, basis: str) -> Iterator[Span]:
    """The occurrences of a Timing: its events, then what ``repeat`` says, counted from ``base``.

    A repetition without an end gives its first occurrence and a note.
    """
    offset = base.start.offset if base.start is not None else 0
    for event in timing.get("event", ()):
        moment = parse_date_time(event, offset)
        yield Span(moment, moment, basis)
    repeat = timing.get("repeat")
    if repeat is not None:
        yield from _repeated(repeat, base, basis, offset)
    elif not timing.get("event"):
        yield Span(base.start, base.end, basis, 1, "the timing says no dates, only a code")


def _repeated(repeat: Mapping[str, Any], base: Span, basis: str, offset: int) -> Iterator[Span]:
    first, last = ends_of(repeat.get("boundsPeriod", {}), offset)
    first = first or base.start
    notes = [] if base.note is None else [base.note]
    unused = sorted(set(repeat) - WORKED_IN)
    if unused:
        notes.append(f"not worked in: {', '.join(unused)}")
    if first is None:
        yield Span(None, None, basis, 1, "; ".join(notes) or "there is nothing to count from")
        return
    limit = _limit(repeat, first)
    period = _unit_duration(repeat, "period", "periodUnit")
    length = _unit_duration(repeat, "duration", "durationUnit")
    count = repeat.get("count")
    frequency = repeat.get("frequency", 1)
    if period is None or (count is None and limit is None and last is None):
        notes.append("it repeats without an end" if period is not None else "it has no period")
        count = frequency
    if period is not None and moved(first, period) is None:
        yield Span(None, None, basis, 1, "; ".join([*notes, NO_TIME]))
        return
    done = 0
    for number in range(MOST + 1):
        start = first if period is None else moved(first, period, number)
        if start is None or (count is not None and done >= count) or _beyond(start, last, limit):
            return
        times = frequency if count is None else min(frequency, count - done)
        done += times
        if number == MOST:
            yield Span(start, None, basis, 1, f"only the first {MOST} are written out")
            return
        end = _end(start, period, length, times, number, first)
        told = notes if end is not None else [*notes, NO_TIME]
        yield Span(start, end, basis, times, "; ".join(told) or None)


def _end(
    start: DateTime,
    period: Duration | None,
    length: Duration | None,
    times: int,
    number: int,
    first: DateTime,
) -> DateTime | None:
    if times == 1 or period is None:
        return start if length is None else moved(start, length)
    following = moved(first, period, number + 1)
    return None if following is None else predecessor(following)


def _limit(repeat: Mapping[str, Any], first: DateTime) -> DateTime | None:
    """The moment before which a repetition has to begin, by boundsDuration or the high of boundsRange."""
    bounds = repeat.get("boundsDuration") or repeat.get("boundsRange", {}).get("high")
    duration = None if bounds is None else duration_of(bounds)
    return None if duration is None else moved(first, duration)


def _beyond(start: DateTime, last: DateTime | None, limit: DateTime | None) -> bool:
    after = (
        last is not None and compare(start, last, "day" if min(start.depth, last.depth) <= 3 else None) == 1
    )
    return after or (limit is not None and compare(start, limit) in (0, 1))


def _unit_duration(repeat: Mapping[str, Any], value: str, unit: str) -> Duration | None:
    name = unit_of_time(repeat.get(unit, ""))
    return None if name is None or value not in repeat else (repeat[value], name)
