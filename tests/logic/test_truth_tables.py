"""The complete three-valued truth tables, in CQL (both back ends) and FHIRPath, on constants and on data.

Source: CQL 1.5 appendix B §13, FHIRPath 2.0 §6.5. Also that no evaluation changes what it is given, and the
laws of intervals on every pair of small ones.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from inspect import signature
from itertools import product
from typing import Any

import pytest

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import write_json
from fhir_gepnet.logic import compile_fhirpath, load_libraries

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])
BOOLEAN, INTEGER = "{urn:hl7-org:elm-types:r1}Boolean", "{urn:hl7-org:elm-types:r1}Integer"
BACK_ENDS: list[dict[str, Any]] = [{}]
if "back_end" in signature(compile_fhirpath).parameters:
    BACK_ENDS = [{"back_end": name} for name in ("source", "closures")]
VALUES = (True, False, None)
T, F, N = VALUES
TABLE: dict[str, tuple[bool | None, ...]] = {
    # of (true, true), (true, false), (true, null), (false, true), ... (null, null)
    "And": (T, F, N, F, F, F, N, F, N),
    "Or": (T, T, T, T, F, N, T, N, N),
    "Xor": (F, T, N, T, F, N, N, N, N),
    "Implies": (T, F, N, T, T, T, T, N, N),
}
NOT = {T: F, F: T, N: N}
PAIRS = list(product(VALUES, repeat=2))
CASES = [
    (kind, *pair, wanted) for kind, row in TABLE.items() for pair, wanted in zip(PAIRS, row, strict=True)
]


def written(value: bool | None) -> dict[str, Any]:
    """A Boolean or null in ELM."""
    if value is None:
        return {"type": "As", "asType": BOOLEAN, "operand": {"type": "Null"}}
    return {"type": "Literal", "valueType": BOOLEAN, "value": str(value).lower()}


def evaluated(expressions: dict[str, Any], back_end: str, **parameters: bool | None) -> dict[str, Any]:
    of = {"type": "NamedTypeSpecifier", "name": BOOLEAN}
    declared = [{"name": name, "parameterTypeSpecifier": of} for name in "LR"]
    document = {
        "identifier": {"id": "A"},
        "parameters": {"def": declared},
        "statements": {"def": [{"name": name, "expression": each} for name, each in expressions.items()]},
    }
    libraries = load_libraries([document], back_end=back_end)
    return libraries["A"].evaluate(RECORD, now=NOW, parameters=parameters)


@pytest.mark.parametrize("back_end", ["source", "closures"])
def test_cql(back_end: str) -> None:
    assert len(CASES) == 36
    constants = {
        f"{kind} {left} {right}": {"type": kind, "operand": [written(left), written(right)]}
        for kind, left, right, _ in CASES
    }
    found = evaluated(constants, back_end)
    references = [{"type": "ParameterRef", "name": name} for name in "LR"]
    for left, right in PAIRS:
        asked = {kind: {"type": kind, "operand": references} for kind in TABLE}
        given = evaluated(asked, back_end, L=left, R=right)
        for kind, row in TABLE.items():
            wanted = row[PAIRS.index((left, right))]
            assert found[f"{kind} {left} {right}"] is wanted, (kind, left, right)
            assert given[kind] is wanted, (kind, left, right)
    for value, wanted in NOT.items():
        negated = {"X": written(value), "Y": references[0]}
        asked = {name: {"type": "Not", "operand": operand} for name, operand in negated.items()}
        answers = evaluated(asked, back_end, L=value)
        assert answers["X"] is wanted
        assert answers["Y"] is wanted


@pytest.mark.parametrize(("kind", "left", "right", "wanted"), CASES)
@pytest.mark.parametrize("how", BACK_ENDS)
def test_fhirpath(
    kind: str, left: bool | None, right: bool | None, wanted: bool | None, how: dict[str, Any]
) -> None:
    text = {True: "true", False: "false", None: "{}"}
    resource = {"resourceType": "Patient"}
    answer = [] if wanted is None else [wanted]
    assert compile_fhirpath(f"{text[left]} {kind.lower()} {text[right]}", **how)(resource) == answer
    asked = compile_fhirpath(f"%l {kind.lower()} %r", variables=["l", "r"], **how)
    given = asked(resource, l=left, r=right)
    assert given == answer
    assert all(type(item) is bool for item in given)


@pytest.mark.parametrize(("value", "wanted"), NOT.items())
@pytest.mark.parametrize("how", BACK_ENDS)
def test_fhirpath_not(value: bool | None, wanted: bool | None, how: dict[str, Any]) -> None:
    asked = compile_fhirpath("%l.not()", variables=["l"], **how)
    assert asked({"resourceType": "Patient"}, l=value) == ([] if wanted is None else [wanted])


def interval(low: int, high: int, closed: tuple[bool, bool]) -> dict[str, Any]:
    """Interval of Integers in ELM."""
    ends = {
        name: {"type": "Literal", "valueType": INTEGER, "value": str(value)}
        for name, value in (("low", low), ("high", high))
    }
    return {"type": "Interval", "lowClosed": closed[0], "highClosed": closed[1], **ends}


def points(low: int, high: int, closed: tuple[bool, bool]) -> set[int]:
    """What such an interval holds."""
    return {at for at in range(low, high + 1) if (closed[0] or at > low) and (closed[1] or at < high)}


SOME = [
    (low, high, closed)
    for low, high in ((1, 3), (2, 5), (3, 3), (4, 6), (1, 6))
    for closed in product((True, False), repeat=2)
    if points(low, high, closed)
]
LAWS = {
    "Overlaps": lambda one, other: bool(one & other),
    "Includes": lambda one, other: one >= other,
    "IncludedIn": lambda one, other: one <= other,
    "ProperIncludes": lambda one, other: one > other,
    "ProperIncludedIn": lambda one, other: one < other,
    "Before": lambda one, other: max(one) < min(other),
    "After": lambda one, other: min(one) > max(other),
    "MeetsBefore": lambda one, other: max(one) + 1 == min(other),
    "MeetsAfter": lambda one, other: min(one) == max(other) + 1,
    "Meets": lambda one, other: max(one) + 1 == min(other) or min(one) == max(other) + 1,
    "OverlapsBefore": lambda one, other: bool(one & other) and min(one) < min(other),
    "OverlapsAfter": lambda one, other: bool(one & other) and max(one) > max(other),
    "Starts": lambda one, other: min(one) == min(other) and max(one) <= max(other),
    "Ends": lambda one, other: max(one) == max(other) and min(one) >= min(other),
    "Equal": lambda one, other: one == other,
}


@pytest.mark.parametrize("back_end", ["source", "closures"])
@pytest.mark.parametrize("kind", LAWS)
def test_intervals_are_sets_of_their_points(kind: str, back_end: str) -> None:
    pairs = list(product(SOME, repeat=2))
    assert len(pairs) > 200
    found = evaluated(
        {
            str(number): {"type": kind, "operand": [interval(*one), interval(*other)]}
            for number, (one, other) in enumerate(pairs)
        },
        back_end,
    )
    for number, (one, other) in enumerate(pairs):
        assert found[str(number)] is LAWS[kind](points(*one), points(*other)), (one, other)


CHANGING = (
    "name.given.sort()", "(name | contact.name).given", "descendants().count()",
    "name.select(given.first() + family)", "contact.name | name",
    "Patient.name.where(use = 'official').exclude(name.first())", "telecom.distinct().tail()",
)  # fmt: skip


@pytest.mark.parametrize("text", CHANGING)
def test_fhirpath_changes_nothing_that_it_is_given(text: str) -> None:
    resource = {
        "resourceType": "Patient",
        "name": [{"use": "official", "family": "F", "given": ["b", "a"]}, {"use": "usual", "family": "G"}],
        "contact": [{"name": {"family": "H", "given": ["c"]}}],
        "telecom": [{"value": "2"}, {"value": "1"}, {"value": "2"}],
    }
    before = deepcopy(resource)
    answer = compile_fhirpath(text)(resource)
    assert isinstance(answer, list)
    assert resource == before
    answer.clear()
    assert write_json(resource) == write_json(before)
