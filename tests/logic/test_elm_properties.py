"""What must hold for all values: symmetry, null propagation, order, and that nothing raises on null."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.fhir.dates import Date, DateTime
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import arithmetic, interval, load_libraries, three_valued
from fhir_gepnet.logic.elm.reader import supported_nodes
from fhir_gepnet.logic.equality import distinct, equal, equivalent, same
from fhir_gepnet.logic.form import INTEGER
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.ordering import compare, sort
from fhir_gepnet.logic.uncertainty import Uncertainty

SYSTEM = "{urn:hl7-org:elm-types:r1}"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])

truths = some.sampled_from([True, False, None])
decimals = some.decimals(min_value=-(10**9), max_value=10**9, places=4)
dates = some.builds(
    lambda parts: Date(*parts),
    some.one_of(
        some.tuples(some.integers(1900, 2100)),
        some.tuples(some.integers(1900, 2100), some.integers(1, 12)),
        some.tuples(some.integers(1900, 2100), some.integers(1, 12), some.integers(1, 28)),
    ),
)
moments = some.builds(
    lambda date, hour, offset: DateTime(
        date.year, date.month, date.day, hour if date.day else None, offset=offset
    ),
    dates,
    some.one_of(some.none(), some.integers(0, 23)),
    some.sampled_from([-300, 0, 60]),
)
quantities = some.builds(Quantity, decimals, some.sampled_from(["mg", "g", "cm", "1", ""]))
codes = some.builds(Code, some.sampled_from("ab"), some.sampled_from(["s", "t", None]))
scalars = some.one_of(some.integers(-5, 5), some.text("ab", max_size=2), decimals, dates, quantities, codes)
values = some.recursive(
    some.one_of(
        some.none(), scalars, some.builds(lambda held: Concept(tuple(held)), some.lists(codes, max_size=2))
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(some.sampled_from("xy"), inner)
    ),
    max_leaves=6,
)
intervals = some.builds(
    lambda low, width, low_closed, high_closed: Interval(low, low + width, low_closed, high_closed, INTEGER),
    some.integers(-20, 20),
    some.integers(2, 10),
    some.booleans(),
    some.booleans(),
)


@given(truths, truths)
def test_connectives(left: bool | None, right: bool | None) -> None:
    assert three_valued.both(left, right) is three_valued.both(right, left)
    assert three_valued.either(left, right) is three_valued.either(right, left)
    assert three_valued.exactly_one(left, right) is three_valued.exactly_one(right, left)
    either = three_valued.either(three_valued.negated(left), three_valued.negated(right))
    assert three_valued.negated(three_valued.both(left, right)) is either


@given(values, values)
def test_equality_is_symmetric_and_weaker_than_equivalence(left: Any, right: Any) -> None:
    assert equal(left, right) is equal(right, left)
    assert equivalent(left, right) is equivalent(right, left)
    assert equal(left, None) is None
    assert same(left, left) or equal(left, left) is None


@given(values)
def test_everything_is_equivalent_to_itself(value: Any) -> None:
    if "unit=''" not in repr(value) and "codes=()" not in repr(value):
        assert equivalent(value, value) is True


@given(some.one_of(dates, moments), some.one_of(dates, moments))
def test_order_of_moments(left: Any, right: Any) -> None:
    one, other = compare(left, right), compare(right, left)
    assert one == (None if other is None else -other)


@given(some.lists(some.one_of(some.none(), dates)))
def test_sort_keeps_everything_and_is_stable_when_repeated(items: list[Any]) -> None:
    once = sort(items, [(item,) for item in items], (False,))
    assert sort(once, [(item,) for item in once], (False,)) == once
    assert sorted(map(repr, once)) == sorted(map(repr, items))


@given(some.lists(scalars))
def test_distinct(items: list[Any]) -> None:
    once = distinct(items)
    assert distinct(once) == once
    assert all(any(same(item, kept) or item is kept for kept in once) for item in items)


@given(decimals, decimals)
def test_decimal_arithmetic(left: Decimal, right: Decimal) -> None:
    assert arithmetic.add(left, right) == arithmetic.add(right, left)
    assert arithmetic.multiply(left, right) == arithmetic.multiply(right, left)
    quotient, rest = arithmetic.whole_quotient(left, right), arithmetic.remainder(left, right)
    if right:
        assert quotient is not None
        assert rest is not None
        assert quotient * right + rest == left
    else:
        assert quotient is rest is None


@given(intervals, intervals)
def test_interval_relations(left: Interval, right: Interval) -> None:
    assert interval.overlaps(left, right) is interval.overlaps(right, left)
    assert interval.meets(left, right) is interval.meets(right, left)
    shared = [at for at in range(-30, 40) if interval.has_point(left, at) and interval.has_point(right, at)]
    assert interval.overlaps(left, right) is bool(shared)
    found = interval.intersection(left, right)
    assert (found is None) is (not shared)
    if found is not None:
        assert interval.ends(found) == (shared[0], shared[-1])
    assert not (interval.is_before(left, right) and shared)


@given(some.integers(0, 9), some.integers(0, 9), some.integers(-20, 20))
def test_uncertainty_says_what_all_its_numbers_say(low: int, width: int, other: int) -> None:
    uncertain = Uncertainty(low, low + width)
    for test in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__"):
        answers = {getattr(number, test)(other) for number in range(low, low + width + 1)}
        wanted = answers.pop() if len(answers) == 1 else None
        assert getattr(uncertain, test)(other) is wanted


NULL_SAFE = {
    "Integer": ["Abs", "Negate", "ToDecimal", "ToString", "Successor", "Predecessor", "ToQuantity", "ToLong"],
    "Decimal": ["Ceiling", "Floor", "Truncate", "Exp", "Ln", "Round", "ToString", "Precision"],
    "String": [
        "Upper",
        "Lower",
        "Length",
        "ToInteger",
        "ToDecimal",
        "ToBoolean",
        "ToDate",
        "ToDateTime",
        "ToTime",
        "ToQuantity",
        "ToChars",
        "ToRatio",
    ],
    "Boolean": ["Not", "ToString"],
    "DateTime": ["DateFrom", "TimeFrom", "TimezoneOffsetFrom", "ToDate", "ToString"],
    "Code": ["ToConcept"],
}
BINARY = {
    "Integer": [
        "Add",
        "Subtract",
        "Multiply",
        "TruncatedDivide",
        "Modulo",
        "Power",
        "Less",
        "Equal",
        "Greater",
    ],
    "Decimal": ["Add", "Subtract", "Multiply", "Divide", "Modulo", "Log", "LessOrEqual"],
    "String": ["Concatenate", "StartsWith", "EndsWith", "Equal", "Greater", "Matches"],
    "Boolean": ["And", "Or", "Xor", "Implies"],
    "DateTime": ["Before", "After", "SameAs", "SameOrBefore", "SameOrAfter"],
    "Quantity": ["Add", "Subtract", "Multiply", "Divide", "Less", "Equal"],
}


def null(of: str) -> dict[str, Any]:
    operand = {"type": "Null", "resultTypeName": SYSTEM + "Any"}
    return {"type": "As", "asType": SYSTEM + of, "operand": operand}


def parameter(of: str) -> dict[str, Any]:
    """A null that is not known while loading, so that the closures run and not the folding."""
    return {"type": "ParameterRef", "name": of}


@pytest.mark.parametrize("value", [null, parameter])
def test_operators_are_null_of_null(value: Any) -> None:
    unary = {
        f"{kind} of {of}": {"type": kind, "operand": value(of)}
        for of, kinds in NULL_SAFE.items()
        for kind in kinds
    }
    binary = {
        f"{kind} of two {of}s": {"type": kind, "operand": [value(of), value(of)]}
        for of, kinds in BINARY.items()
        for kind in kinds
    }
    names = {*NULL_SAFE, *BINARY}
    document = {
        "identifier": {"id": "A", "version": "1"},
        "parameters": {
            "def": [
                {
                    "name": name,
                    "parameterTypeSpecifier": {"type": "NamedTypeSpecifier", "name": SYSTEM + name},
                }
                for name in names
            ]
        },
        "statements": {
            "def": [{"name": name, "expression": node} for name, node in {**unary, **binary}.items()]
        },
    }
    found = load_libraries([document])["A"].evaluate(RECORD, now=NOW)
    assert len(found) == len(unary) + len(binary)
    assert {name for name, answer in found.items() if answer is not None} == set()


def test_every_operator_that_is_read_is_carried_out() -> None:
    """The 112 node kinds that real libraries use are read (those that are types and clauses apart)."""
    assert len(supported_nodes()) >= 180
