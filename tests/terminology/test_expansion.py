"""Value sets expanded offline: the tables in value_sets.json, and what membership means."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from fhir_gepnet.errors import ArtifactError, UnresolvedReferenceError, Where
from fhir_gepnet.fhir.coding import Code
from fhir_gepnet.json_io import read_json_file
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
