"""Compiling and calling expressions: roots, variables, the clock, conditions on a record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.errors import EvaluationError, InvocationError, ParseError, TypeMismatchError, Where
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.fhirpath.expression import compile_condition, compile_fhirpath, retrieved_types

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RESOURCES: dict[str, Any] = read_json_file(Path(__file__).parent / "resources.json")
PERSON, WEIGHT, BOX = RESOURCES["person"], RESOURCES["weight"], RESOURCES["box"]


@pytest.fixture
def record() -> PatientRecord:
    return PatientRecord.of([PERSON, WEIGHT, {**WEIGHT, "id": "o2", "status": "amended"}])


def test_one_expression_serves_several_root_types() -> None:
    identifier = compile_fhirpath("id")
    assert identifier(PERSON) == ["p1"]
    assert identifier(WEIGHT) == ["o1"]
    assert identifier({"id": "untyped"}) == ["untyped"]
    assert compile_fhirpath("a.b.c")({"a": [{"b": {"c": 1}}, {"b": {"c": 2}}]}) == [1, 2]


def test_root_type_makes_checks_early() -> None:
    compile_fhirpath("nam")
    with pytest.raises(TypeMismatchError, match="did you mean name"):
        compile_fhirpath("nam", root_type="Patient")
    with pytest.raises(TypeMismatchError, match="no FHIR type Pateint"):
        compile_fhirpath("name", root_type="Pateint")
    with pytest.raises(TypeMismatchError):
        compile_fhirpath("Patient.nam")


def test_errors_name_artefact_and_column() -> None:
    where = Where("http://example.org/PlanDefinition/x|1", "action[0].condition[0]")
    with pytest.raises(ParseError) as caught:
        compile_fhirpath("1 +\n  2 +", where=where)
    assert caught.value.where == Where(where.artifact, where.element, "  2 +", 5)


def test_the_clock_is_handed_in() -> None:
    today = compile_fhirpath("today()")
    assert today({}, now=NOW) == ["2026-11-23"]
    with pytest.raises(EvaluationError, match="hand in now"):
        today({})
    with pytest.raises(InvocationError, match="no zone"):
        today({}, now=NOW.replace(tzinfo=None))


def test_variables() -> None:
    plus = compile_fhirpath("%a + %b", variables=("a", "b"))
    assert plus({}, a=1, b=2) == [3]
    assert plus({}, a=[], b=2) == []
    assert plus({}, a={"value": 1, "unit": "g"}, b={"value": 500, "unit": "mg"}) == [
        {"value": 1500, "unit": "mg"}
    ]
    assert compile_fhirpath("%p.birthDate < @1970", variables=("p",))({}, p=PERSON) == [True]
    with pytest.raises(EvaluationError, match="no value was given for %b"):
        plus({}, a=1)
    with pytest.raises(InvocationError, match="%c was not declared"):
        plus({}, a=1, b=2, c=3)


def test_trace_reports_and_changes_nothing() -> None:
    seen: list[Any] = []
    traced = compile_fhirpath("(1 | 2).trace('numbers').count()")
    assert traced({}, trace=lambda label, items: seen.append((label, items))) == [2]
    assert seen == [("numbers", [1, 2])]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Observation.where(status = 'final').exists()", True),
        ("Observation.count() = 2 and Patient.active", True),
        ("active and birthDate < today() - 18 years", True),
        ("%patient.active and %subject.id = %context.id", True),
        ("Condition.exists()", False),
        ("Condition.code.coding.first().code = 'x'", None),
        ("Observation.first().subject.resolve().active", True),
        ("%action.exists()", False),
        ("{}", None),
    ],
)
def test_condition_on_a_record(record: PatientRecord, text: str, verdict: bool | None) -> None:
    assert compile_condition(text)(record, now=NOW) is verdict


def test_condition_follows_the_singleton_rule(record: PatientRecord) -> None:
    with pytest.raises(EvaluationError, match="there are 2"):
        compile_condition("Observation.id")(record)
    with pytest.raises(EvaluationError, match="no boolean"):
        compile_condition("Patient.id")(record)
    assert compile_condition("status = 'final'", root_type="Observation")(WEIGHT) is True


def test_condition_variables(record: PatientRecord) -> None:
    condition = compile_condition("%action.title = 'x' and %limit > 3", variables=("limit",))
    assert condition(record, variables={"action": {"title": "x"}, "limit": 4}) is True
    assert condition.items(record, variables={"limit": 4}) == []


def test_condition_is_checked_when_it_is_compiled() -> None:
    with pytest.raises(TypeMismatchError, match="did you mean status"):
        compile_condition("Observation.where(statos = 'final').exists()")
    with pytest.raises(TypeMismatchError, match="did you mean subject"):
        compile_condition("%subjekt.exists()")


def test_retrieved_types() -> None:
    text = "Observation.where(status = 'final').exists() and birthDate.exists() and %x.ofType(Condition)"
    assert retrieved_types(text) == {"Observation", "Patient", "Condition"}
    assert retrieved_types("1 = 1") == set()


def test_a_message_never_shows_a_value(record: PatientRecord) -> None:
    for text in ("name.given.single()", "name.select(given | 1).first() + 1", "name.where(given).use"):
        with pytest.raises(EvaluationError) as caught:
            compile_fhirpath(text)(PERSON)
        assert "Ada" not in str(caught.value)
