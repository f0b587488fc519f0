"""Dates and times: the table in dates.json, and laws that hold for all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import Date, DateTime, Moment, Time
from fhir_gepnet.json_io import read_json_file

TABLES = read_json_file(Path(__file__).with_name("dates.json"))


def rows(name: str) -> list[Any]:
    return list(TABLES[name])


def moment(text: str) -> Moment:
    """A Time for ``T…``, else a DateTime of UTC."""
    found = dates.parse_time(text) if text.startswith("T") else dates.parse_date_time(text, 0)
    assert found is not None
    return found


def text_of(value: Moment | None) -> str | None:
    if value is None:
        return None
    return f"T{value.text}" if isinstance(value, Time) else value.text


def as_listed(count: dates.Count) -> object:
    return list(count) if isinstance(count, tuple) else count


def test_the_tables_are_there() -> None:
    assert sum(len(table) for table in TABLES.values()) > 100


@pytest.mark.parametrize(("text", "expected"), rows("parse_date"))
def test_parse_date(text: str, expected: str | None) -> None:
    found = dates.parse_date(text)
    assert text_of(found) == expected


@pytest.mark.parametrize(("text", "offset", "expected"), rows("parse_date_time"))
def test_parse_date_time(text: str, offset: int, expected: str | None) -> None:
    assert text_of(dates.parse_date_time(text, offset)) == expected


@pytest.mark.parametrize(("text", "expected"), rows("parse_time"))
def test_parse_time(text: str, expected: str | None) -> None:
    found = dates.parse_time(text)
    assert (None if found is None else found.text) == expected


@pytest.mark.parametrize(("left", "right", "precision", "expected"), rows("compare"))
def test_compare(left: str, right: str, precision: str | None, expected: int | None) -> None:
    assert dates.compare(moment(left), moment(right), precision) == expected
    assert dates.compare(moment(right), moment(left), precision) == (None if expected is None else -expected)


@pytest.mark.parametrize(("value", "amount", "unit", "expected"), rows("add"))
def test_add(value: str, amount: Decimal, unit: str, expected: str | None) -> None:
    of_value = moment(value)
    wanted = None if expected is None else text_of(moment(expected))
    assert text_of(dates.add(of_value, amount, unit)) == wanted
    if not value.startswith("T") and len(value) <= 10:
        # A Date moves like the DateTime of the same precision.
        of_date = dates.parse_date(value)
        assert of_date is not None
        assert text_of(dates.add(of_date, amount, unit)) == wanted


@pytest.mark.parametrize(("left", "right", "precision", "expected"), rows("duration"))
def test_duration(left: str, right: str, precision: str, expected: object) -> None:
    assert as_listed(dates.duration_between(moment(left), moment(right), precision)) == expected


@pytest.mark.parametrize(("left", "right", "precision", "expected"), rows("date_duration"))
def test_duration_of_dates(left: str, right: str, precision: str, expected: object) -> None:
    one, other = dates.parse_date(left), dates.parse_date(right)
    assert one is not None
    assert other is not None
    assert as_listed(dates.duration_between(one, other, precision)) == expected
    noon = DateTime(*other.components, 12, 0, 0, 0, offset=120)
    assert as_listed(dates.age_in(f"{precision}s", one, noon)) == expected


@pytest.mark.parametrize(("left", "right", "precision", "expected"), rows("difference"))
def test_difference(left: str, right: str, precision: str, expected: object) -> None:
    assert as_listed(dates.difference_between(moment(left), moment(right), precision)) == expected


@pytest.mark.parametrize(("value", "low", "high"), rows("boundaries"))
def test_boundaries(value: str, low: str, high: str) -> None:
    assert text_of(dates.low_boundary(moment(value))) == low
    assert text_of(dates.high_boundary(moment(value))) == high


def test_boundary_at_a_precision() -> None:
    assert dates.high_boundary(Date(2024), "month") == Date(2024, 12)
    with pytest.raises(ValueError, match="no hour"):
        dates.low_boundary(Date(2024), "hour")


def test_the_ends_have_no_neighbours() -> None:
    for first, last in (
        (dates.MINIMUM_DATE, dates.MAXIMUM_DATE),
        (dates.MINIMUM_DATE_TIME, dates.MAXIMUM_DATE_TIME),
        (dates.MINIMUM_TIME, dates.MAXIMUM_TIME),
    ):
        assert dates.predecessor(first) is None
        assert dates.successor(last) is None
    assert dates.successor(Date(2024, 2)) == Date(2024, 3)
    assert dates.predecessor(Time(0, 30)) == Time(0, 29)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        dates.from_datetime(datetime(2026, 11, 23))  # noqa: DTZ001


def test_a_gap_in_the_components_is_refused() -> None:
    with pytest.raises(ValueError, match="component is missing"):
        DateTime(2026, None, 3)


aware = st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30)).flatmap(  # noqa: DTZ001
    lambda naive: st.integers(-14 * 60, 14 * 60).map(
        lambda minutes: naive.replace(
            tzinfo=timezone(timedelta(minutes=minutes)), microsecond=naive.microsecond // 1000 * 1000
        )
    )
)
partial = st.tuples(aware, st.integers(1, 7)).map(
    lambda pair: DateTime(
        *dates.from_datetime(pair[0]).components[: pair[1]], offset=dates.from_datetime(pair[0]).offset
    )
)


@given(aware, aware)
def test_full_values_order_as_python_does(left: datetime, right: datetime) -> None:
    assert dates.compare(dates.from_datetime(left), dates.from_datetime(right)) == (left > right) - (
        left < right
    )


@given(partial)
def test_text_reads_back(value: DateTime) -> None:
    assert dates.parse_date_time(value.text, value.offset) == value


@given(partial, partial)
def test_an_answer_holds_for_all_that_is_meant(left: DateTime, right: DateTime) -> None:
    """-1 or 1 means: every instant of the one is before (after) every instant of the other."""
    answer = dates.compare(left, right)
    assert answer == (None if (back := dates.compare(right, left)) is None else -back)
    (first, last), (low, high) = dates.instants(left), dates.instants(right)
    if answer == -1 and left.offset == right.offset:
        assert last < low
    if last < low and left.offset == right.offset:
        assert answer == -1
    if answer is None:
        assert first <= high
        assert low <= last


@given(aware, st.integers(-500_000, 500_000))
def test_days_are_pythons_days(start: datetime, count: int) -> None:
    value = dates.from_datetime(start)
    moved = dates.add(value, count, "days")
    try:
        wanted = dates.from_datetime(start + timedelta(days=count))
    except OverflowError:
        assert moved is None
        return
    assert moved == wanted
    assert dates.duration_between(value, wanted, "day") == count


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 1200))
def test_months_there_and_back(start: date, count: int) -> None:
    value = Date(start.year, start.month, start.day)
    moved = dates.add(value, count, "months")
    assert moved is not None
    back = dates.add(moved, -count, "months")
    assert back is not None
    assert back.components[:2] == value.components[:2]
    assert back.key is not None
    assert value.key is not None
    assert 0 <= value.key - back.key <= 3
    assert dates.difference_between(value, moved, "month") == count


@given(partial, partial, st.sampled_from(["year", "month", "day", "hour", "second"]))
def test_a_duration_lies_within_its_uncertainty(left: DateTime, right: DateTime, precision: str) -> None:
    count = dates.duration_between(left, right, precision)
    low, high = dates.low_boundary(left), dates.low_boundary(right)
    exact = dates.duration_between(low, high, precision)
    assert isinstance(exact, int)
    least, most = count if isinstance(count, tuple) else (count, count)
    assert least is not None
    assert most is not None
    assert least <= exact <= most


def test_now_is_read_exactly() -> None:
    now = datetime(2026, 11, 23, 12, 0, 0, 250_999, tzinfo=UTC)
    assert dates.from_datetime(now).text == "2026-11-23T12:00:00.250+00:00"
