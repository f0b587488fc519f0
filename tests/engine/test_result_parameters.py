"""CQL values as Parameters and back: a table of values, valid R4, and what cannot be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_gepnet import InvocationError, plain_parameters
from fhir_gepnet.engine.result_parameters import parameters_of
from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, Ratio
from fhir_gepnet.json_io import write_json
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    CODE,
    DATE,
    DATE_TIME,
    DECIMAL,
    FHIR,
    INTEGER,
    LONG,
    QUANTITY,
    STRING,
    Chosen,
    IntervalOf,
    ListOf,
    Named,
    TupleOf,
    Type,
)
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.uncertainty import Uncertainty

URL = "http://hl7.org/fhir/StructureDefinition/"
UCUM = "http://unitsofmeasure.org"


def said(cql_type: str) -> dict[str, Any]:
    return {"extension": [{"url": URL + "cqf-cqlType", "valueString": cql_type}]}


def mark(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"extension": [{"url": URL + name, **value}]}


ABSENT = {"_valueBoolean": mark("data-absent-reason", {"valueCode": "unknown"})}
KILOGRAM = {"value": Decimal("2.50"), "unit": "kg", "system": UCUM, "code": "kg"}
DAY, LAST = Date(2026, 1, 5), Date(2026, 1, 9)
INTEGERS = said("List<System.Integer>")
ROWS: list[tuple[str, Any, Type, list[dict[str, Any]]]] = [
    ("null", None, INTEGER, [ABSENT]),
    ("true", True, BOOLEAN, [{"valueBoolean": True}]),
    ("an integer", 7, INTEGER, [{"valueInteger": 7}]),
    ("a long", 2**40, LONG, [said("System.Long") | {"valueString": "1099511627776"}]),
    ("a decimal", Decimal("2.50"), DECIMAL, [{"valueDecimal": Decimal("2.50")}]),
    ("a text", "a", STRING, [{"valueString": "a"}]),
    (
        "an empty text",
        "",
        STRING,
        [said("System.String") | {"_valueString": mark("data-absent-reason", {"valueCode": "unsupported"})}],
    ),
    ("a date", DAY, DATE, [{"valueDate": "2026-01-05"}]),
    ("a year", Date(2026), DATE, [{"valueDate": "2026"}]),
    (
        "a date and time",
        DateTime(2026, 1, 5, 10, 30, 0, offset=60),
        DATE_TIME,
        [{"valueDateTime": "2026-01-05T10:30:00+01:00"}],
    ),
    (
        "an hour, which FHIR cannot say",
        DateTime(2026, 1, 5, 10),
        DATE_TIME,
        [said("System.DateTime") | {"valueString": "2026-01-05T10+00:00"}],
    ),
    ("a time", Time(10, 30, 5), ANY, [{"valueTime": "10:30:05"}]),
    ("a time to the minute", Time(10, 30), ANY, [said("System.Time") | {"valueString": "10:30"}]),
    ("a quantity", Quantity(Decimal("2.50"), "kg"), QUANTITY, [{"valueQuantity": KILOGRAM}]),
    (
        "a calendar duration",
        Quantity(Decimal(3), "months"),
        QUANTITY,
        [{"valueQuantity": {"value": Decimal(3), "unit": "months", "system": UCUM, "code": "mo"}}],
    ),
    (
        "a ratio",
        Ratio(Quantity(Decimal("2.50"), "kg"), Quantity(Decimal("2.50"), "kg")),
        ANY,
        [{"valueRatio": {"numerator": KILOGRAM, "denominator": KILOGRAM}}],
    ),
    ("a code", Code("a", "urn:s"), CODE, [{"valueCoding": {"system": "urn:s", "code": "a"}}]),
    (
        "a concept",
        Concept((Code("a"),), "A"),
        ANY,
        [{"valueCodeableConcept": {"coding": [{"code": "a"}], "text": "A"}}],
    ),
    (
        "a closed interval of dates",
        Interval(DAY, LAST, point=DATE),
        IntervalOf(DATE),
        [{"valuePeriod": {"start": "2026-01-05", "end": "2026-01-09"}}],
    ),
    (
        "an open interval of dates",
        Interval(DAY, LAST, False, False, DATE),
        IntervalOf(DATE),
        [{"valuePeriod": {"start": "2026-01-06", "end": "2026-01-08"}}],
    ),
    (
        "an interval without an end",
        Interval(DAY, None, point=DATE),
        IntervalOf(DATE),
        [{"valuePeriod": {"start": "2026-01-05"}}],
    ),
    (
        "an interval of quantities",
        Interval(Quantity(Decimal("2.50"), "kg"), None, point=QUANTITY),
        IntervalOf(QUANTITY),
        [{"valueRange": {"low": KILOGRAM}}],
    ),
    (
        "an interval of integers",
        Interval(1, None, True, False, INTEGER),
        IntervalOf(INTEGER),
        [
            said("Interval<System.Integer>")
            | {
                "part": [
                    {"name": "low", "valueInteger": 1},
                    {"name": "lowClosed", "valueBoolean": True},
                    {"name": "high", **ABSENT},
                    {"name": "highClosed", "valueBoolean": False},
                ]
            }
        ],
    ),
    ("a list", [1, None], ListOf(INTEGER), [INTEGERS | {"valueInteger": 1}, INTEGERS | ABSENT]),
    (
        "an empty list",
        [],
        ListOf(INTEGER),
        [INTEGERS | {"_valueBoolean": mark("cqf-isEmptyList", {"valueBoolean": True})}],
    ),
    (
        "a list of lists",
        [[1, 2]],
        ListOf(ListOf(INTEGER)),
        [
            said("List<List<System.Integer>>")
            | {
                "part": [
                    {"name": "element", **INTEGERS, "valueInteger": 1},
                    {"name": "element", **INTEGERS, "valueInteger": 2},
                ]
            }
        ],
    ),
    (
        "a tuple",
        {"a": 1, "b": None},
        TupleOf((("a", INTEGER), ("b", STRING))),
        [{"part": [{"name": "a", "valueInteger": 1}, {"name": "b", **ABSENT}]}],
    ),
    (
        "an empty tuple",
        {},
        TupleOf(()),
        [{"_valueBoolean": mark("cqf-isEmptyTuple", {"valueBoolean": True})}],
    ),
    (
        "a resource",
        {"resourceType": "Patient", "id": "p"},
        Named(FHIR + "Patient"),
        [{"resource": {"resourceType": "Patient", "id": "p"}}],
    ),
    (
        "a data type",
        {"text": "x"},
        Named(FHIR + "CodeableConcept"),
        [{"valueCodeableConcept": {"text": "x"}}],
    ),
    ("a code of FHIR", "male", Named(FHIR + "AdministrativeGender"), [{"valueCode": "male"}]),
    ("a date of FHIR", "2026-01", Named(FHIR + "date"), [{"valueDate": "2026-01"}]),
    ("a choice", Chosen("2026-01", FHIR + "dateTime"), ANY, [{"valueDateTime": "2026-01"}]),
    (
        "a part of a resource",
        {"name": {"text": "x"}},
        Named(FHIR + "Patient.Contact"),
        [
            said("FHIR.Patient.Contact")
            | {
                "part": [
                    said("System.Any") | {"name": "name", "part": [{"name": "text", "valueString": "x"}]}
                ]
            }
        ],
    ),
    (
        "between two numbers",
        Uncertainty(4, 7),
        INTEGER,
        [
            said("System.Integer")
            | {"part": [{"name": "low", "valueInteger": 4}, {"name": "high", "valueInteger": 7}]}
        ],
    ),
]


@pytest.mark.parametrize(("value", "of", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_value_as_parameters(value: Any, of: Type, expected: list[dict[str, Any]]) -> None:
    found = list(parameters_of("X", value, of))
    assert found == [{"name": "X", **each} for each in expected]
    document = {"resourceType": "Parameters", "parameter": found}
    get_fhir_model_class("Parameters").model_validate_json(write_json(document))


GIVEN: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("nothing", [], {}),
    ("a boolean", [{"valueBoolean": False}], {"X": False}),
    ("a repeated name is a list", [{"valueInteger": 1}, {"valueInteger": 2}], {"X": [1, 2]}),
    ("a quantity", [{"valueQuantity": KILOGRAM}], {"X": {"value": Decimal("2.50"), "unit": "kg"}}),
    (
        "a quantity without a unit",
        [{"valueQuantity": {"value": Decimal(1)}}],
        {"X": {"value": Decimal(1), "unit": "1"}},
    ),
    (
        "a concept",
        [{"valueCodeableConcept": {"coding": [{"code": "a"}]}}],
        {"X": {"codes": [{"code": "a"}], "display": None}},
    ),
    ("a period", [{"valuePeriod": {"start": "2026"}}], {"X": {"low": "2026", "high": None}}),
    ("parts are a tuple", [{"part": [{"name": "a", "valueString": "b"}]}], {"X": {"a": "b"}}),
    ("a resource", [{"resource": {"resourceType": "Patient"}}], {"X": {"resourceType": "Patient"}}),
    ("null", [ABSENT], {"X": None}),
]


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in GIVEN], ids=[row[0] for row in GIVEN])
def test_parameters_as_values(given: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    document = {"resourceType": "Parameters", "parameter": [{"name": "X", **each} for each in given]}
    assert plain_parameters(document, {}) == expected


def test_a_declared_list_is_a_list_even_of_one() -> None:
    document = {"resourceType": "Parameters", "parameter": [{"name": "X", "valueInteger": 1}]}
    assert plain_parameters(document, {"X": ListOf(INTEGER)}) == {"X": [1]}


@pytest.mark.parametrize(
    "document",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [{"valueInteger": 1}]},
        {"resourceType": "Parameters", "parameter": [{"name": "X"}]},
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "X", "valueQuantity": {"value": 5, "comparator": "<"}}],
        },
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "X", "valueRange": {"low": {"value": 5, "comparator": "<"}}}],
        },
    ],
)
def test_parameters_that_cannot_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(InvocationError):
        plain_parameters(document, {})
