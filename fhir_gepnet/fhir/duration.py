"""FHIR Duration and Age -> a count of calendar units.

FHIR writes them in UCUM, where ``mo`` and ``a`` are mean months and years; what the author of a plan
means by 6 mo is six months of the calendar (FHIR R4 Timing.repeat.periodUnit says so for Timing).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fhir_gepnet.fhir.date_arithmetic import add, calendar_unit
from fhir_gepnet.fhir.date_values import DateTime

FINER_THAN_A_DAY = frozenset({"hour", "minute", "second", "millisecond"})
NO_TIME = "it counts in hours or less (or in no unit of time), and the day it counts from has no time of day"
"""Why ``moved`` gave nothing, for a reader."""
_UCUM = {"a": "year", "mo": "month"}

Duration = tuple[int | Decimal, str]
"""Count and unit: year, month, week, day, hour, minute, second or millisecond."""


def unit_of_time(written: str) -> str | None:
    """The calendar unit of a UCUM code or an English word; None when it is none."""
    return _UCUM.get(written) or calendar_unit(written)


def duration_of(quantity: Mapping[str, Any]) -> Duration | None:
    """A Duration, Age or Quantity of time; None when its unit is no time or it has no value."""
    unit = unit_of_time(quantity.get("code") or quantity.get("unit") or "")
    value = quantity.get("value")
    return None if unit is None or value is None else (value, unit)


def moved(moment: DateTime, duration: Duration, times: int = 1) -> DateTime | None:
    """A moment moved by a duration, ``times`` over (negative: back).

    None outside the calendar, and when hours or less are to be counted from a day without a time.
    """
    value, unit = duration
    if unit in FINER_THAN_A_DAY and moment.depth <= 3:
        return None
    return add(moment, Decimal(value) * times, unit)
