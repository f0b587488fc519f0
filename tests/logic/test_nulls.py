"""Every registered ELM operator on nulls of every type: refused while loading, or a value; nothing breaks.

Nulls come twice: written, so that folding meets them, and as parameters, so that compiled code does; and
through both back ends.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.logic.elm.arity import ARITY
from fhir_gepnet.logic.elm.reader import supported_nodes

pytestmark = pytest.mark.once

SYSTEM = "{urn:hl7-org:elm-types:r1}"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])


def named(name: str) -> dict[str, Any]:
    return {"type": "NamedTypeSpecifier", "name": SYSTEM + name}


PLAIN = (
    "Any",
    "Boolean",
    "Integer",
    "Long",
    "Decimal",
    "String",
    "Date",
    "DateTime",
    "Time",
    "Quantity",
    "Ratio",
)
TYPES: dict[str, dict[str, Any]] = {name: named(name) for name in (*PLAIN, "Code", "Concept")}
for point in ("Integer", "Decimal", "DateTime", "Quantity"):
    TYPES[f"Interval<{point}>"] = {"type": "IntervalTypeSpecifier", "pointType": named(point)}
for element in ("Any", "Boolean", "Integer", "Decimal", "String", "Quantity", "Code"):
    TYPES[f"List<{element}>"] = {"type": "ListTypeSpecifier", "elementType": named(element)}
TYPES["List<List<Integer>>"] = {"type": "ListTypeSpecifier", "elementType": TYPES["List<Integer>"]}
TYPES["List<Interval<Integer>>"] = {"type": "ListTypeSpecifier", "elementType": TYPES["Interval<Integer>"]}

BY_NAME: dict[str, tuple[str, ...]] = {
    "Combine": ("source", "separator"), "Split": ("stringToSplit", "separator"),
    "Substring": ("stringToSub", "startIndex"), "SplitOnMatches": ("stringToSplit", "separatorPattern"),
    "PositionOf": ("pattern", "string"), "LastPositionOf": ("pattern", "string"),
    "IndexOf": ("source", "element"), "Slice": ("source", "startIndex", "endIndex"),
    "If": ("condition", "then", "else"), "Message": ("source", "condition", "code", "severity", "message"),
    "Interval": ("low", "high", "lowClosedExpression", "highClosedExpression"), "First": ("source",),
    "Last": ("source",), "Filter": ("source", "condition"), "ForEach": ("source", "element"),
    "Sort": ("source",), "Repeat": ("source", "element"), "Children": ("source",),
    "Descendents": ("source",), "Date": ("year", "month", "day"),
    "DateTime": ("year", "month", "day", "hour", "minute", "second", "millisecond", "timezoneOffset"),
    "Time": ("hour", "minute", "second", "millisecond"),
    "Aggregate": ("source", "iteration", "initialValue"),
}  # fmt: skip
AGGREGATES = (
    "AllTrue", "AnyTrue", "Avg", "Count", "GeometricMean", "Max", "Median", "Min", "Mode", "PopulationStdDev",
    "PopulationVariance", "Product", "StdDev", "Sum", "Variance",
)  # fmt: skip
BY_NAME |= dict.fromkeys(AGGREGATES, ("source",))
ANY_NUMBER = {
    "Coalesce": 2, "Concatenate": 2, "Union": 2, "Intersect": 2, "Except": 2, "Collapse": 2, "Expand": 2,
    "LowBoundary": 2, "HighBoundary": 2, "SingletonFrom": 1, "ToList": 1, "As": 1, "Is": 1, "Convert": 1,
    "CanConvert": 1, "ConvertsToConcept": 1,
}  # fmt: skip
MORE: dict[str, dict[str, Any]] = {
    "As": {"asType": SYSTEM + "Integer"}, "Is": {"isType": SYSTEM + "Integer"},
    "Convert": {"toType": SYSTEM + "String"}, "CanConvert": {"toType": SYSTEM + "String"},
    "DurationBetween": {"precision": "Day"}, "DifferenceBetween": {"precision": "Month"},
    "DateTimeComponentFrom": {"precision": "Year"}, "CalculateAge": {"precision": "Year"},
    "CalculateAgeAt": {"precision": "Year"}, "Sort": {"by": [{"type": "ByDirection", "direction": "asc"}]},
}  # fmt: skip
WITHOUT_OPERANDS = {
    "AliasRef", "AnyInCodeSystem", "AnyInValueSet", "Case", "Code", "CodeRef", "CodeSystemRef", "Concept",
    "ConceptRef", "Current", "ExpandValueSet", "ExpressionRef", "FunctionRef", "IdentifierRef",
    "InCodeSystem", "InValueSet", "Instance", "Iteration", "List", "Literal", "MaxValue", "MinValue",
    "Now", "Null", "OperandRef", "ParameterRef", "Property", "Quantity", "Query", "QueryLetRef", "Ratio",
    "Retrieve", "SubsumedBy", "Subsumes", "TimeOfDay", "Times", "Today", "Total", "Tuple", "ValueSetRef",
}  # fmt: skip
"""References, constants and constructors: they have no operand, or are tested with nulls in the tables."""
NOT_NULL = {
    "IsNull": True, "IsTrue": False, "IsFalse": False, "Is": False, "Exists": False, "Equivalent": True,
    "Count": 0, "AllTrue": True, "AnyTrue": False,
}  # fmt: skip
"""What is no null although every operand is one (CQL 1.5 appendix B); of the others see ``ALSO``."""
ALSO = {
    "ToList", "Message", "Coalesce", "Interval", "Union", "Length", "In", "Contains", "Includes",
    "IncludedIn", "ProperIn", "ProperContains", "ProperIncludes", "ProperIncludedIn", "Except", "Flatten",
    "IndexOf", "Combine", "Concatenate", "If", "Intersect", "Distinct", "Collapse", "Expand", "Slice",
}  # fmt: skip
"""Operators that treat a null list as empty or give one of their operands; the tables say what they give."""


def value(of: str, written: bool) -> dict[str, Any]:
    """A null of a type, written or handed in."""
    if written:
        return {"type": "As", "asTypeSpecifier": TYPES[of], "operand": {"type": "Null"}}
    return {"type": "ParameterRef", "name": of}


def node_of(kind: str, of: str, written: bool) -> dict[str, Any]:
    """A node whose every operand is such a null."""
    more = MORE.get(kind, {})
    if kind in BY_NAME:
        return {"type": kind, **{name: value(of, written) for name in BY_NAME[kind]}, **more}
    count = ARITY.get(kind) or ANY_NUMBER[kind]
    operands = [value(of, written) for _ in range(count)]
    return {"type": kind, "operand": operands[0] if count == 1 else operands, **more}


def library(node: dict[str, Any]) -> dict[str, Any]:
    parameters = [{"name": name, "parameterTypeSpecifier": of} for name, of in TYPES.items()]
    return {
        "identifier": {"id": "A"},
        "parameters": {"def": parameters},
        "statements": {"def": [{"name": "X", "expression": node}]},
    }


TESTED = sorted(supported_nodes() - WITHOUT_OPERANDS)


def test_every_operator_is_tested() -> None:
    assert len(TESTED) > 130
    missing = [kind for kind in TESTED if kind not in ARITY.keys() | BY_NAME.keys() | ANY_NUMBER.keys()]
    assert missing == [], "say what operands they have, or why they have none"


@pytest.mark.parametrize("written", [True, False], ids=["written", "handed in"])
@pytest.mark.parametrize("kind", TESTED)
def test_nulls(kind: str, written: bool) -> None:
    given = 0
    for of in TYPES:
        document = library(node_of(kind, of, written))
        try:
            closures = load_libraries([document], back_end="closures")["A"]
        except GepnetError:
            continue  # such operands do not fit, and the author is told
        source = load_libraries([document], back_end="source")["A"]
        got = closures.evaluate(RECORD, now=NOW)["X"]
        assert repr(source.evaluate(RECORD, now=NOW)["X"]) == repr(got), of
        given += 1
        if kind in NOT_NULL:
            assert got is NOT_NULL[kind] or got == NOT_NULL[kind] == 0, of
        elif kind not in ALSO:
            assert got is None, of
    assert given, "no type fits"
