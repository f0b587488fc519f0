"""The ends of the calendar and the neighbours of a value, for intervals.

Source: CQL 1.5 appendix B §22 (MinValue, MaxValue, Predecessor, Successor).
"""

from __future__ import annotations

from fhir_gepnet.fhir.date_arithmetic import add
from fhir_gepnet.fhir.date_order import AnyMoment
from fhir_gepnet.fhir.date_values import Date, DateTime, Time

MINIMUM_DATE, MAXIMUM_DATE = Date(1, 1, 1), Date(9999, 12, 31)
MINIMUM_DATE_TIME = DateTime(1, 1, 1, 0, 0, 0, 0)
MAXIMUM_DATE_TIME = DateTime(9999, 12, 31, 23, 59, 59, 999)
MINIMUM_TIME, MAXIMUM_TIME = Time(0, 0, 0, 0), Time(23, 59, 59, 999)


def successor(value: AnyMoment) -> AnyMoment | None:
    """The next value of the same precision; None after the last."""
    return None if isinstance(value, Time) and _at_limit(value, MAXIMUM_TIME) else _neighbour(value, 1)


def predecessor(value: AnyMoment) -> AnyMoment | None:
    """The value before, of the same precision; None before the first."""
    return None if isinstance(value, Time) and _at_limit(value, MINIMUM_TIME) else _neighbour(value, -1)


def _neighbour(value: AnyMoment, step: int) -> AnyMoment | None:
    return add(value, step, value.precision)


def _at_limit(value: Time, limit: Time) -> bool:
    """A Time would go round the clock instead of ending."""
    return value.components == limit.components[: value.depth]
