"""Coded conditions on a record: a look-up gives what a walk gives, in order, with its errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.fhirpath import running
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.constants import fold
from fhir_gepnet.logic.fhirpath.expression import CONDITION_VARIABLES, Condition, compile_condition
from fhir_gepnet.logic.fhirpath.front_end import typed
from fhir_gepnet.logic.fhirpath.indexing import with_lookups
from fhir_gepnet.logic.fhirpath.parser import parse
from fhir_gepnet.logic.fhirpath.place import Root
from fhir_gepnet.logic.form import Form

TABLE: dict[str, list[str]] = read_json_file(Path(__file__).parent / "lookups.json")
LOOKED_UP, WALKED = TABLE["looked up"], TABLE["walked"]

texts = st.sampled_from(["s", "a", "b", "", "final"])
damage = st.sampled_from([None, 0, True, "a", [], {}, [None], ["a"], [[]], {"coding": "a"}])
coding = st.fixed_dictionaries({}, optional={"system": texts, "code": texts, "display": texts})
codings = st.lists(coding, max_size=3)
concept = st.fixed_dictionaries({}, optional={"coding": codings, "text": texts})
resource = st.fixed_dictionaries(
    {"resourceType": st.just("Observation")},
    optional={
        "status": texts,
        "code": concept,
        "category": st.lists(concept, max_size=2),
        "valueString": texts,
        "valueCodeableConcept": concept,
        "meta": st.fixed_dictionaries({}, optional={"tag": codings}),
    },
)


@st.composite
def records(draw: st.DrawFn) -> PatientRecord:
    """Observations of a patient; one in three records holds JSON of another shape than R4's."""
    found = draw(st.lists(resource, max_size=6))
    broken = draw(st.integers(0, 2)) == 0

    def damaged(value: Any) -> Any:
        if draw(st.integers(0, 9)) == 0:
            return draw(damage)
        if isinstance(value, dict):
            return {key: damaged(item) for key, item in value.items()}
        return [damaged(item) for item in value] if isinstance(value, list) else value

    resources: list[Any] = [
        {key: damaged(value) if broken else value for key, value in each.items()}
        | {"resourceType": "Observation", "id": f"o{number}"}
        for number, each in enumerate(found)
    ]
    return PatientRecord.of([{"resourceType": "Patient", "id": "p", "name": [{"family": "x"}]}, *resources])


def without_lookups(text: str) -> Condition:
    """The expression as it is evaluated without the index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "with_lookups", lambda form, slots: (form, slots))
        return compile_condition(text, back_end="closures")


TRIED = [
    (text, without_lookups(text), compile_condition(text, back_end="closures"), compile_condition(text))
    for text in LOOKED_UP + WALKED
]


def outcome(condition: Condition, record: PatientRecord) -> str:
    try:
        return repr(condition.items(record))
    except GepnetError as error:
        return f"{type(error).__name__}: {error}"


def test_the_expressions_were_found() -> None:
    assert len(LOOKED_UP) > 20
    assert len(WALKED) > 10


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_a_look_up_gives_what_a_walk_gives(record: PatientRecord) -> None:
    for text, walked, by_closures, by_source in TRIED:
        wanted = outcome(walked, record)
        assert outcome(by_closures, record) == wanted, text
        assert outcome(by_source, record) == wanted, text
        assert outcome(by_source, record) == wanted, f"{text}, asked again"


def operators(form: Form) -> Iterator[str]:
    yield form.operator
    for operand in form.operands:
        yield from operators(operand)


def is_looked_up(text: str) -> bool:
    program = typed(parse(text), Source(text), Root("Patient", record=True), CONDITION_VARIABLES)
    form, _ = with_lookups(fold(program.form), program.slots)
    return "fhirpath.looked_up" in operators(form)


@pytest.mark.parametrize("text", LOOKED_UP)
def test_coded_conditions_are_looked_up(text: str) -> None:
    assert is_looked_up(text)


@pytest.mark.parametrize("text", WALKED)
def test_what_might_break_elsewhere_is_walked(text: str) -> None:
    assert not is_looked_up(text)


def test_resources_are_walked_once_per_record() -> None:
    """The look-up's answer is kept by the record, the caller's data are never changed."""
    patient = {"resourceType": "Patient", "id": "p"}
    first = {"resourceType": "Observation", "id": "o", "code": {"coding": [{"system": "s", "code": "a"}]}}
    record = PatientRecord.of([patient, first])
    condition = compile_condition(LOOKED_UP[0])
    assert condition.items(record) == [first]
    first["code"] = {}  # what a caller must not do shows here that nothing is walked again
    assert condition.items(record) == [first]
