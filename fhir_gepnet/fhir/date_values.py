"""Date, DateTime and Time with their precision, and their ISO 8601 texts.

Source: CQL 1.5 §2.2.4 and appendix B (System types), FHIR R4 date, dateTime, instant, time.
A value knows its components down to its precision; what is finer is unknown, not zero. A
DateTime always carries its offset: a text without one gets the evaluation's when it is read.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

PRECISIONS = ("year", "month", "day", "hour", "minute", "second", "millisecond")
DAY = 86_400_000
"""Milliseconds of a day."""


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar date of precision year, month or day.

    Attributes:
        depth: number of known components, 1 to 3.
        key: days since 0001-01-01 of a full date, else None.
    """

    year: int
    month: int | None = None
    day: int | None = None
    depth: int = field(init=False, compare=False, repr=False)
    key: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        depth = _depth((self.year, self.month, self.day))
        _check_calendar(self.year, self.month, self.day)
        object.__setattr__(self, "depth", depth)
        key = date(self.year, self.month, self.day).toordinal() if self.month and self.day else None
        object.__setattr__(self, "key", key)

    @property
    def precision(self) -> str:
        """Name of the finest known component."""
        return PRECISIONS[self.depth - 1]

    @property
    def components(self) -> tuple[int, ...]:
        """Known components from the year on."""
        every = (self.year, self.month, self.day)
        return every[: self.depth]  # type: ignore[return-value]  # known up to the depth

    @property
    def text(self) -> str:
        """ISO text: ``2026``, ``2026-11``, ``2026-11-23``."""
        return _date_text(self.components)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A point in time of precision year to millisecond.

    Attributes:
        offset: minutes east of UTC.
        depth: number of known components, 1 to 7.
        key: milliseconds since 0001-01-01 UTC of a value with seconds, else None. Seconds and
            milliseconds are one decimal component in comparisons (CQL 1.5 §5.3).
    """

    year: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    millisecond: int | None = None
    offset: int = 0
    depth: int = field(init=False, compare=False, repr=False)
    key: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        depth = _depth(
            (self.year, self.month, self.day, self.hour, self.minute, self.second, self.millisecond)
        )
        _check_calendar(self.year, self.month, self.day)
        _check_clock(self.hour, self.minute, self.second, self.millisecond)
        if not -14 * 60 <= self.offset <= 14 * 60:
            raise ValueError("an offset is at most 14 hours")
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "key", instant(self.components, self.offset) if depth >= 6 else None)

    @property
    def precision(self) -> str:
        """Name of the finest known component."""
        return PRECISIONS[self.depth - 1]

    @property
    def components(self) -> tuple[int, ...]:
        """Known components from the year on."""
        every = (self.year, self.month, self.day, self.hour, self.minute, self.second, self.millisecond)
        return every[: self.depth]  # type: ignore[return-value]  # known up to the depth

    @property
    def date(self) -> Date:
        """The date part, as written (not moved to another zone)."""
        return date_of(self.components[:3])

    @property
    def text(self) -> str:
        """ISO text; with an offset as soon as there is an hour: ``2026-11-23T12:00:00.000+00:00``."""
        components = self.components
        if self.depth <= 3:
            return _date_text(components)
        sign = "-" if self.offset < 0 else "+"
        hours, minutes = divmod(abs(self.offset), 60)
        return f"{_date_text(components[:3])}T{_clock_text(components[3:])}{sign}{hours:02}:{minutes:02}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day of precision hour to millisecond, without a zone.

    Attributes:
        depth: number of known components, 1 (hour) to 4 (millisecond).
        key: milliseconds since midnight of a value with seconds, else None.
    """

    hour: int
    minute: int | None = None
    second: int | None = None
    millisecond: int | None = None
    depth: int = field(init=False, compare=False, repr=False)
    key: int | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        depth = _depth((self.hour, self.minute, self.second, self.millisecond))
        _check_clock(self.hour, self.minute, self.second, self.millisecond)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "key", milliseconds(self.components) if depth >= 3 else None)

    @property
    def precision(self) -> str:
        """Name of the finest known component."""
        return PRECISIONS[self.depth + 2]

    @property
    def components(self) -> tuple[int, ...]:
        """Known components from the hour on."""
        every = (self.hour, self.minute, self.second, self.millisecond)
        return every[: self.depth]  # type: ignore[return-value]  # known up to the depth

    @property
    def text(self) -> str:
        """ISO text: ``12``, ``12:30``, ``12:30:05``, ``12:30:05.250``."""
        return _clock_text(self.components)


Moment = Date | DateTime | Time


@lru_cache(maxsize=16384)
def date_of(components: tuple[int, ...]) -> Date:
    """A Date of one to three components; the same ones are the same value.

    Raises:
        ValueError: there is no such date.
    """
    return Date(*components)


@lru_cache(maxsize=16384)
def date_time_of(components: tuple[int, ...], offset: int) -> DateTime:
    """A DateTime of one to seven components; the same ones are the same value.

    Raises:
        ValueError: there is no such date or time.
    """
    return DateTime(*components, offset=offset)  # type: ignore[misc]  # never eight components


def milliseconds(clock: tuple[int, ...]) -> int:
    """Milliseconds since midnight of clock components; missing ones count as zero."""
    hour, minute, second, millisecond = (*clock, 0, 0, 0, 0)[:4]
    return ((hour * 60 + minute) * 60 + second) * 1000 + millisecond


def instant(components: tuple[int, ...], offset: int) -> int:
    """Milliseconds since 0001-01-01 UTC; missing components count as their least."""
    year, month, day = (*components[:3], 1, 1)[:3]
    return date(year, month, day).toordinal() * DAY + milliseconds(components[3:]) - offset * 60_000


def local_components(local: int) -> tuple[int, ...]:
    """All seven components of milliseconds on the local clock (the inverse of ``instant`` at offset 0).

    Raises:
        ValueError, OverflowError: outside the years 1 to 9999.
    """
    days, rest = divmod(local, DAY)
    day = date.fromordinal(days)
    rest, millisecond = divmod(rest, 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return (day.year, day.month, day.day, hour, minute, second, millisecond)


def from_datetime(moment: datetime) -> DateTime:
    """A full DateTime from Python's, which must be aware of its zone.

    Raises:
        ValueError: a naive datetime.
    """
    distance = moment.utcoffset()
    if distance is None:
        raise ValueError("the datetime has no zone")
    return DateTime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
        moment.microsecond // 1000, int(distance.total_seconds() // 60),
    )  # fmt: skip


_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
_CLOCK = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
_date_pattern = re.compile(_DATE, re.ASCII)
_time_pattern = re.compile(f"T?{_CLOCK}", re.ASCII)
_date_time_pattern = re.compile(f"{_DATE}(?:T(?:{_CLOCK})?)?(Z|[+-]\\d\\d:\\d\\d)?", re.ASCII)


@lru_cache(maxsize=65536)
def parse_date(text: str) -> Date | None:
    """A Date from ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

    None for every other text, a dateTime included: servers send what is no date, and what
    cannot be read is unknown, not an error of the formula.
    """
    found = _date_pattern.fullmatch(text)
    if found is None:
        return None
    try:
        return Date(*(int(part) for part in found.groups() if part is not None))
    except ValueError:
        return None


@lru_cache(maxsize=65536)
def parse_date_time(text: str, default_offset: int = 0) -> DateTime | None:
    """A DateTime from ISO text of any precision, with or without an offset.

    Args:
        text: FHIR date, dateTime or instant, or a CQL literal without ``@``. Digits of a second
            beyond milliseconds are cut; a leap second (``:60``) reads as second 59.
        default_offset: minutes east of UTC for a text without an offset: the evaluation's zone.

    Returns:
        None for text that is no date (see ``parse_date``).
    """
    found = _date_time_pattern.fullmatch(text)
    if found is None:
        return None
    *calendar_and_clock, fraction, zone = found.groups()
    day, hour = found[3], found[4]
    if (zone and hour is None) or (hour and day is None):
        return None
    components = [int(part) for part in calendar_and_clock if part is not None]
    if len(components) == 6:
        if components[5] == 60:
            components[5] = 59
        if fraction:
            components.append(int(fraction[:3].ljust(3, "0")))
    try:
        return date_time_of(tuple(components), default_offset if zone is None else _offset(zone))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def parse_time(text: str) -> Time | None:
    """A Time from ``hh``, ``hh:mm``, ``hh:mm:ss`` or ``hh:mm:ss.fff``, with or without a leading ``T``.

    None for text that is no time (see ``parse_date``).
    """
    found = _time_pattern.fullmatch(text)
    if found is None:
        return None
    components = [int(part) for part in found.groups()[:3] if part is not None]
    if found[4]:
        components.append(int(found[4][:3].ljust(3, "0")))
    try:
        return Time(*components)
    except ValueError:
        return None


def _offset(zone: str) -> int:
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _depth(components: tuple[int | None, ...]) -> int:
    """Number of leading components that are known; a gap is an error."""
    depth = len(components)
    while components[depth - 1] is None:
        depth -= 1
    if None in components[:depth]:
        raise ValueError("a component is missing between two that are given")
    return depth


def _check_calendar(year: int, month: int | None, day: int | None) -> None:
    if not 1 <= year <= 9999:
        raise ValueError("a year is 1 to 9999")
    if month is not None:
        if not 1 <= month <= 12:
            raise ValueError("a month is 1 to 12")
        # Every month has 28 days; only a later day needs the calendar.
        if day is not None and not 1 <= day <= 28 and not 1 <= day <= monthrange(year, month)[1]:
            raise ValueError("no such day in this month")


def _check_clock(hour: int | None, minute: int | None, second: int | None, millisecond: int | None) -> None:
    for value, limit in ((hour, 24), (minute, 60), (second, 60), (millisecond, 1000)):
        if value is not None and not 0 <= value < limit:
            raise ValueError("no such time of day")


def _date_text(components: tuple[int, ...]) -> str:
    return "-".join([f"{components[0]:04}", *(f"{part:02}" for part in components[1:])])


def _clock_text(components: tuple[int, ...]) -> str:
    text = ":".join(f"{part:02}" for part in components[:3])
    return f"{text}.{components[3]:03}" if len(components) == 4 else text
