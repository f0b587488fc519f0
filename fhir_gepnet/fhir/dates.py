"""The door to dates and times: values, texts, order, arithmetic, limits, in one import."""

from fhir_gepnet.fhir.date_arithmetic import (
    Count,
    add,
    age_in,
    calendar_unit,
    difference_between,
    duration_between,
)
from fhir_gepnet.fhir.date_limits import (
    MAXIMUM_DATE,
    MAXIMUM_DATE_TIME,
    MAXIMUM_TIME,
    MINIMUM_DATE,
    MINIMUM_DATE_TIME,
    MINIMUM_TIME,
    predecessor,
    successor,
)
from fhir_gepnet.fhir.date_order import at_offset, compare, high_boundary, instants, low_boundary
from fhir_gepnet.fhir.date_values import (
    PRECISIONS,
    Date,
    DateTime,
    Moment,
    Time,
    from_datetime,
    parse_date,
    parse_date_time,
    parse_time,
)

__all__ = [
    "MAXIMUM_DATE",
    "MAXIMUM_DATE_TIME",
    "MAXIMUM_TIME",
    "MINIMUM_DATE",
    "MINIMUM_DATE_TIME",
    "MINIMUM_TIME",
    "PRECISIONS",
    "Count",
    "Date",
    "DateTime",
    "Moment",
    "Time",
    "add",
    "age_in",
    "at_offset",
    "calendar_unit",
    "compare",
    "difference_between",
    "duration_between",
    "from_datetime",
    "high_boundary",
    "instants",
    "low_boundary",
    "parse_date",
    "parse_date_time",
    "parse_time",
    "predecessor",
    "successor",
]
