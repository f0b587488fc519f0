"""Units and quantities: the table in units.json, and laws of conversion."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_gepnet.fhir.quantity import (
    Quantity,
    Ratio,
    compare_quantities,
    converted,
    decimal_from,
    decimal_of,
    quantity_of,
    ratio_of,
)
from fhir_gepnet.fhir.unit_table import ATOMS, CALENDAR, PREFIXES
from fhir_gepnet.fhir.units import conversion, parse_unit, problem_with, product_unit
from fhir_gepnet.json_io import read_json_file

TABLES = read_json_file(Path(__file__).with_name("units.json"))
KNOWN: list[str] = TABLES["known"]


def test_the_tables_are_there() -> None:
    assert sum(len(table) for table in TABLES.values()) > 150


@pytest.mark.parametrize("unit", [*KNOWN, *ATOMS, *CALENDAR])
def test_known(unit: str) -> None:
    assert problem_with(unit) is None
    assert parse_unit(unit) is not None


@pytest.mark.parametrize("unit", TABLES["unknown"])
def test_unknown(unit: str) -> None:
    assert parse_unit(unit) is None
    problem = problem_with(unit)
    assert problem
    assert len(unit) < 3 or unit not in problem, "a reason repeats nothing of the patient's data"


@pytest.mark.parametrize(("value", "source", "expected", "target"), TABLES["conversions"])
def test_conversion(value: str, source: str, expected: str | None, target: str) -> None:
    found = converted(Quantity(Decimal(value), source), target)
    assert found == (None if expected is None else Quantity(Decimal(expected), target))
    if expected is not None:
        back = converted(Quantity(Decimal(expected), target), source)
        assert back == Quantity(Decimal(value), source)


@pytest.mark.parametrize(("left", "right", "divide", "expected"), TABLES["products"])
def test_product(left: str, right: str, divide: bool, expected: str | None) -> None:
    assert product_unit(left, right, divide) == expected


@pytest.mark.parametrize(("one", "unit", "other", "of_other", "expected"), TABLES["compare"])
def test_compare(one: str, unit: str, other: str, of_other: str, expected: int | None) -> None:
    left, right = Quantity(Decimal(one), unit), Quantity(Decimal(other), of_other)
    assert compare_quantities(left, right) == expected
    assert compare_quantities(right, left) == (None if expected is None else -expected)


@pytest.mark.parametrize(("resource", "value", "unit"), TABLES["from_json"])
def test_from_json(resource: dict[str, Any], value: str | None, unit: str | None) -> None:
    found = quantity_of(resource)
    assert (None if found is None else (str(found.value), found.unit)) == (
        None if value is None else (value, unit)
    )


def test_ratio_from_json() -> None:
    mass, volume = {"value": 1, "code": "mg"}, {"value": 2, "code": "mL"}
    expected = Ratio(Quantity(Decimal(1), "mg"), Quantity(Decimal(2), "mL"))
    assert ratio_of({"numerator": mass, "denominator": volume}) == expected
    assert ratio_of({"numerator": mass}) is None
    assert ratio_of(None) is None


def test_numbers_of_a_caller() -> None:
    assert decimal_of(0.1) == Decimal("0.1")
    assert decimal_of(float("nan")) is None
    assert decimal_of(float("inf")) is None
    assert decimal_of(10**400) is None


def test_a_long_text_is_refused_at_once() -> None:
    assert problem_with("m." * 100_000 + "m") == "the unit's text is too long"


values = st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False, places=4)


@given(values, st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_there_and_back_is_exact(value: Decimal, source: str, target: str) -> None:
    there, back = conversion(source, target), conversion(target, source)
    assert (there is None) is (back is None)
    if there is not None and back is not None:
        exact = Fraction(value) * there[0] + there[1]
        assert exact * back[0] + back[1] == Fraction(value)


@given(values, values, st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_order_is_the_same_in_either_unit(one: Decimal, other: Decimal, unit: str, of_other: str) -> None:
    left, right = Quantity(one, unit), Quantity(other, of_other)
    answer = compare_quantities(left, right)
    assert answer == (None if (back := compare_quantities(right, left)) is None else -back)


@given(st.sampled_from(sorted(PREFIXES)), st.sampled_from(["g", "m", "s", "L", "mol", "U", "[iU]"]))
def test_a_prefix_multiplies(prefix: str, atom: str) -> None:
    text = prefix + atom
    if text in ATOMS:
        return
    assert conversion(text, atom) == (PREFIXES[prefix], 0)


@given(st.text(alphabet="mgLsU%10*^./(){}[]-+ kh", max_size=12))
def test_any_text_is_a_unit_or_has_a_reason(text: str) -> None:
    assert (parse_unit(text) is None) is (problem_with(text) is not None)


def test_digits_are_kept() -> None:
    assert str(decimal_from(Fraction(1, 3))) == "0.3333333333333333333333333333"
    assert str(decimal_from(Fraction(5, 2))) == "2.5"
