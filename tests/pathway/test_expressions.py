"""How a formula names a definition: every spelling of the language, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import FALSE, TRUE, condition, library, literal, plan, reference

from fhir_gepnet import Pathway, PathwayError, PatientRecord, Verdict, load_pathway
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "p1"}
ONE = library(
    "One", {"Yes": TRUE, "No Way": FALSE, "Both": TRUE, "Number": literal("Integer", "3"), "Is A.B": TRUE}
)
TWO = library("Two", {"Both": FALSE, "Other": FALSE})


def load(folder: Path, condition: dict[str, Any], libraries: tuple[str, ...]) -> Pathway:
    for resource in (ONE, TWO, plan([{"id": "a", "condition": [condition]}], libraries)):
        (folder / f"{resource['id']}.json").write_bytes(write_json(resource))
    return load_pathway(folder)


APPLIES, NOT = Verdict.APPLIES, Verdict.DOES_NOT_APPLY
NAMED: list[tuple[dict[str, Any], tuple[str, ...], Verdict]] = [
    (condition("Yes"), ("One",), APPLIES),
    (condition("No Way"), ("One",), NOT),
    (condition("No Way", "text/cql.identifier"), ("One",), NOT),
    (condition("Is A.B"), ("One",), APPLIES),
    (condition("Yes", "text/cql"), ("One",), APPLIES),
    (condition('"No Way"', "text/cql"), ("One",), NOT),
    (condition("No Way", "text/cql"), ("One",), NOT),
    (condition("Yes", "text/cql-expression"), ("One",), APPLIES),
    (condition('"No Way"', "text/cql.expression"), ("One",), NOT),
    (condition('One."No Way"', "text/cql"), ("One", "Two"), NOT),
    (condition("Two.Both"), ("One", "Two"), NOT),
    (condition("One.Both"), ("One", "Two"), APPLIES),
    (condition("Other"), ("One", "Two"), NOT),
    (condition("Both", reference="https://example.org/fhir/Library/Two"), ("One",), NOT),
    (condition("Both", reference="https://example.org/fhir/Library/Two|1"), (), NOT),
    (condition("true", "text/fhirpath"), (), APPLIES),
]


@pytest.mark.parametrize(("condition", "libraries", "verdict"), NAMED)
def test_named(
    tmp_path: Path, condition: dict[str, Any], libraries: tuple[str, ...], verdict: Verdict
) -> None:
    result = load(tmp_path, condition, libraries).apply(PatientRecord.of(PATIENT), now=NOW)
    assert result.decisions[0].verdict is verdict


REFUSED: list[tuple[dict[str, Any], tuple[str, ...], str]] = [
    (condition("Both"), ("One", "Two"), "defined in several libraries: One, Two"),
    (condition("Yess"), ("One",), "did you mean Yes?"),
    (condition("One.Nay"), ("One",), "no definition Nay in One"),
    (condition("Three.Yes"), ("One",), "no library Three"),
    (condition("Yes and No", "text/cql"), ("One",), "CQL inside"),
    (condition("Number"), ("One",), "not a Boolean"),
    (condition("Yes", reference="https://example.org/fhir/Library/Three"), ("One",), "no Library"),
]


@pytest.mark.parametrize(("condition", "libraries", "text"), REFUSED)
def test_refused(tmp_path: Path, condition: dict[str, Any], libraries: tuple[str, ...], text: str) -> None:
    with pytest.raises(PathwayError) as caught:
        load(tmp_path, condition, libraries)
    assert len(caught.value.problems) == 1
    assert text in str(caught.value.problems[0])
    assert "action[0].condition[0]" in str(caught.value.problems[0])


def test_a_missing_library_is_one_problem_not_one_per_name(tmp_path: Path) -> None:
    with pytest.raises(PathwayError) as caught:
        load(tmp_path, condition("Anything"), ("Three",))
    assert len(caught.value.problems) == 1
    assert "no Library" in str(caught.value.problems[0])


def test_reference_in_the_trace(tmp_path: Path) -> None:
    resource = library("L", {"Inner": TRUE, "Outer": reference("Inner", "Boolean")})
    actions = [{"id": "a", "condition": [condition("Outer")]}]
    for each in (resource, plan(actions, ("L",))):
        (tmp_path / f"{each['id']}.json").write_bytes(write_json(each))
    decision = load_pathway(tmp_path).apply(PatientRecord.of(PATIENT), now=NOW).decisions[0]
    (because,) = decision.because
    assert (because.expression, because.value, because.verdict) == ("Outer", True, "applies")
    assert [(each.library, each.name, each.value) for each in because.references] == [("L|1", "Inner", True)]
