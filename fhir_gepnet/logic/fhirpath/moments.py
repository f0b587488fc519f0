"""DateTimes whose text names no zone, and reading dates and times as FHIRPath does.

FHIRPath does not lend a zone to a DateTime without one: ``@2012-04-15T15:00:00Z`` against
``@2012-04-15T10:00:00`` is unknown, where CQL takes the zone of the request.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from fhir_gepnet.fhir.dates import (
    Date,
    DateTime,
    Time,
    compare,
    instants,
    parse_date,
    parse_date_time,
    parse_time,
)
from fhir_gepnet.logic.form import DATE, DATE_TIME, TIME, Type

_EASTMOST, _WESTMOST = 14 * 60, -12 * 60


class Unzoned(NamedTuple):
    """A DateTime of an unknown zone; the offset inside means nothing."""

    moment: DateTime

    @property
    def text(self) -> str:
        """ISO text without an offset."""
        text = self.moment.text
        return text[:-6] if self.moment.depth > 3 else text


Moment = Date | DateTime | Unzoned | Time


@lru_cache(maxsize=65536)
def read_date_time(text: str) -> DateTime | Unzoned | None:
    """A DateTime, Unzoned when the text names no zone; None for a text that is no date."""
    moment = parse_date_time(text, 0)
    if moment is None:
        return None
    clock = text.partition("T")[2]
    zoned = "Z" in clock or "+" in clock or "-" in clock
    return moment if zoned else Unzoned(moment)


_READERS = {DATE: parse_date, DATE_TIME: read_date_time, TIME: parse_time}


def parse_moment(text: str, kind: Type) -> Moment | None:
    """A date, dateTime or time by its System type; None for a text that is none."""
    return _READERS[kind](text)  # type: ignore[index]


def compare_moments(left: Moment, right: Moment) -> int | None:
    """-1, 0 or 1; None when precision or zone leave it open, or a Time stands beside a date."""
    if isinstance(left, Unzoned):
        if isinstance(right, Unzoned):
            return compare(left.moment, right.moment)
        if isinstance(right, DateTime):
            order = _across_zones(right, left.moment)
            return None if order is None else -order
        return compare(left.moment, right)
    if isinstance(right, Unzoned):
        return (
            _across_zones(left, right.moment) if isinstance(left, DateTime) else compare(left, right.moment)
        )
    return compare(left, right)


def _across_zones(zoned: DateTime, unzoned: DateTime) -> int | None:
    """A day without a time is taken on the other's calendar; a clock time may be in any zone."""
    if unzoned.depth <= 3 or zoned.depth <= 3:
        return compare(zoned, replace(unzoned, offset=zoned.offset))
    first, last = instants(zoned)
    earliest = instants(unzoned)[0] - _EASTMOST * 60_000
    latest = instants(unzoned)[1] - _WESTMOST * 60_000
    if last < earliest:
        return -1
    return 1 if first > latest else None
