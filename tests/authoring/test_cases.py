"""gepnet test: what counts as a difference, and that none is overlooked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from second_pathway import SECOND_PATHWAY, copy_to

from fhir_gepnet import Pathway, load_pathway
from fhir_gepnet.authoring.cases import Case, find_cases, run_case
from fhir_gepnet.json_io import read_json_file, write_json


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_pathway(SECOND_PATHWAY)


def test_cases_pass(pathway: Pathway) -> None:
    cases = find_cases(SECOND_PATHWAY)
    assert len(cases) >= 8
    assert {case.name: run_case(pathway, case) for case in cases} == {case.name: [] for case in cases}


LETTER = {"status": "eligible", "rules": ["F2"]}
VACCINATE = {"status": "eligible", "rules": ["F1"]}
CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"cards": []}, ["cards are due, expected none"]),
    ({"cards": ["due", "done"]}, ["cards are due, expected due, done"]),
    ({"actions": {"letter": LETTER}}, ["vaccinate applies unexpectedly"]),
    ({"actions": {"letter": {}, "vaccinate": {}, "ask-allergy": {}}}, ["ask-allergy does not apply"]),
    (
        {"actions": {"letter": {"status": "blocked"}, "vaccinate": {}}},
        ['letter: status is "eligible", expected "blocked"'],
    ),
    ({"actions": {"letter": {"tier": "A"}, "vaccinate": {}}}, ['letter: tier is null, expected "A"']),
    ({"actions": {"letter": {"rules": []}, "vaccinate": {}}}, ['letter: rules is ["F2"], expected []']),
    (
        {"actions": {"letter": {"resource": "Task"}, "vaccinate": {}}},
        ['letter: resource is "CommunicationRequest", expected "Task"'],
    ),
    ({"undecided": {"due": "unknown"}}, ['undecided are {}, expected {"due":"unknown"}']),
    ({"defines": {"Logic.Yes": True}}, ["no library Logic"]),
]


def changed(folder: Path, change: dict[str, Any]) -> Case:
    case = copy_to(folder) / "cases" / "due"
    file = case / "expected.json"
    file.write_bytes(write_json({**read_json_file(file), **change}))
    return Case("due", case)


@pytest.mark.parametrize(("change", "differences"), CHANGES)
def test_difference(tmp_path: Path, pathway: Pathway, change: dict[str, Any], differences: list[str]) -> None:
    assert run_case(pathway, changed(tmp_path, change)) == differences


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"now": "2026-11-23T12:00:00"}, "no zone"),
    ({"now": "today"}, "no moment"),
    ({"action": {}}, "unknown key action"),
    ({"actions": {"letter": {"statuss": "x"}}}, "unknown key statuss"),
    ({"parameters": {"Nobody": 1}}, "Nobody"),
    ({"plan": "nobody"}, "no plan nobody"),
]


@pytest.mark.parametrize(("change", "text"), WRONG)
def test_a_case_that_cannot_run_fails(
    tmp_path: Path, pathway: Pathway, change: dict[str, Any], text: str
) -> None:
    (difference,) = run_case(pathway, changed(tmp_path, change))
    assert text in difference


def test_an_unknown_card_must_be_expected(tmp_path: Path, pathway: Pathway) -> None:
    case = copy_to(tmp_path) / "cases" / "no-birth-date"
    file = case / "expected.json"
    expected = read_json_file(file)
    del expected["undecided"]
    file.write_bytes(write_json(expected))
    assert run_case(pathway, Case("c", case)) == ['undecided are {"due":"unknown"}, expected {}']
