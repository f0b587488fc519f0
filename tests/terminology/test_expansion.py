"""Value sets expanded offline: the tables in value_sets.json, and what membership means."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_gepnet.errors import ArtifactError, PathwayError, UnresolvedReferenceError, Where
from fhir_gepnet.fhir.coding import Code
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.terminology.expansion import Terminology
from fhir_gepnet.terminology.value_set import ValueSet

TABLES = read_json_file(Path(__file__).with_name("value_sets.json"))
HERE = Where("the test", "somewhere")


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return Terminology(TABLES["value_sets"], TABLES["code_systems"])


def test_every_value_set_is_tested(terminology: Terminology) -> None:
    asked = {canonical.partition("|")[0] for canonical in (*TABLES["expanded"], *TABLES["refused"])}
    given = {value_set["url"] for value_set in TABLES["value_sets"]}
    assert len(given) > 15
    assert given - asked == {"http://vs/circle-2"}
    assert len(terminology.canonicals()) == len(TABLES["value_sets"])


@pytest.mark.parametrize("canonical", TABLES["expanded"])
def test_expanded(terminology: Terminology, canonical: str) -> None:
    found = terminology.value_set(canonical, HERE)
    assert found.codes == {(system, code) for system, code in TABLES["expanded"][canonical]}
    assert found.canonical.startswith(canonical)
    assert terminology.value_set(canonical, HERE) is found, "expanded once"


@pytest.mark.parametrize("canonical", TABLES["refused"])
def test_refused(terminology: Terminology, canonical: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        terminology.value_set(canonical, HERE)
    assert TABLES["refused"][canonical] in str(caught.value)
    assert caught.value.remedy
    assert isinstance(caught.value, UnresolvedReferenceError) or "without a code" in str(caught.value)


@pytest.mark.parametrize(("canonical", "systems", "wanted"), TABLES["bound"])
def test_bound_to_versions_of_code_systems(
    terminology: Terminology, canonical: str, systems: dict[str, str], wanted: str | list[list[str]]
) -> None:
    if isinstance(wanted, list):
        found = terminology.value_set(canonical, HERE, systems)
        assert found.codes == {(system, code) for system, code in wanted}
        return
    with pytest.raises(UnresolvedReferenceError, match=re.escape(wanted)):
        terminology.value_set(canonical, HERE, systems)


def declared(**value_set: object) -> dict[str, object]:
    """An ELM library that asks whether a code is in its one value set."""
    tested = {"type": "Code", "code": "z", "system": {"name": "Tree"}}
    expression = {"type": "InValueSet", "code": tested, "valueset": {"name": "Set"}}
    return {
        "identifier": {"id": "A"},
        "codeSystems": {
            "def": [{"name": "Tree", "id": "http://cs/tree", "version": value_set.pop("tree", "2")}]
        },
        "valueSets": {"def": [{"name": "Set", **value_set}]},
        "statements": {"def": [{"name": "In", "expression": expression}]},
    }


@pytest.mark.parametrize(
    ("value_set", "wanted"),
    [
        ({"id": "http://vs/tree-in-any-version", "codeSystem": [{"name": "Tree"}]}, True),
        ({"id": "http://vs/tree-in-any-version", "codeSystem": [{"name": "Tree"}], "tree": "1"}, False),
        ({"id": "http://vs/tree-in-any-version"}, "versions 1, 2"),
        ({"id": "http://vs/listed", "version": "2"}, False),
        ({"id": "http://vs/listed", "version": "7"}, "http://vs/listed|7"),
        ({"id": "http://vs/nowhere"}, "http://vs/nowhere is not among the artefacts"),
        ({"id": "http://vs/page-only"}, "http://vs/page-only has no usable expansion"),
    ],
)
def test_versions_that_a_library_declares(value_set: dict[str, object], wanted: bool | str) -> None:
    documents = [declared(**value_set)]
    given = {"value_sets": TABLES["value_sets"], "code_systems": TABLES["code_systems"]}
    if isinstance(wanted, str):
        with pytest.raises(PathwayError, match=re.escape(wanted)):
            load_libraries(documents, **given)
        return
    record = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])
    found = load_libraries(documents, **given)["A"].evaluate(record, now=datetime(2026, 11, 23, tzinfo=UTC))
    assert found["In"] is wanted


def test_a_resource_without_url_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"ValueSet number 1 \(x\)"):
        Terminology([{"resourceType": "ValueSet", "id": "x"}])


def test_the_first_of_two_equal_ones_counts_and_nothing_is_changed() -> None:
    first = {"url": "u", "compose": {"include": [{"system": "s", "concept": [{"code": "1"}]}]}}
    second = {"url": "u", "compose": {"include": [{"system": "s", "concept": [{"code": "2"}]}]}}
    before = deepcopy([first, second])
    assert Terminology([first, second]).value_set("u", HERE).codes == {("s", "1")}
    assert [first, second] == before


def test_membership() -> None:
    value_set = ValueSet("u", "", frozenset({("s", "1"), ("t", "2")}))
    assert value_set.has(Code("1", "s", "some version", "some display")) is True
    assert value_set.has(Code("1", "t")) is False
    assert value_set.has(Code("1")) is None, "no system: it may be a member"
    assert value_set.has(Code("9")) is False, "no system, but in none is it a member"
    assert value_set.has_text("1") is True
    assert value_set.has_text("9") is False
    assert value_set.has_any([Code("1"), Code("2", "t")]) is True
    assert value_set.has_any([Code("1"), Code("2", "s")]) is None
    assert value_set.has_any([Code("2", "s")]) is False
    assert value_set.has_any([]) is False
