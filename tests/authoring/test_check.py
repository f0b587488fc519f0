"""gepnet check: each fault is found, all at once, and a good folder has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from second_pathway import Edit, copy_to, drop, edit, put
from small_library import TRUE, condition, library, plan

from fhir_gepnet.authoring.check import check_folder
from fhir_gepnet.json_io import write_json

LONG = "x" * 140

FAULTS: list[tuple[str, Edit, str, str]] = [
    ("main", put("status", "publish"), "error", "'publish' is not a code of status"),
    ("main", drop("status"), "error", "status"),
    ("main", put("action.0.condition.0.kind", "maybe"), "error", "'maybe' is not a code of kind"),
    (
        "main",
        put("action.0.cardinalityBehavior", "some"),
        "error",
        "'some' is not a code of cardinalityBehavior",
    ),
    ("main", put("action.0.priority", "soon"), "error", "'soon' is not a code of priority"),
    ("main", put("date", "2024-13-40"), "error", "date"),
    ("main", put("publisher", ""), "error", "publisher"),
    ("main", put("subjectReference", {"reference": "#group"}), "error", "no contained resource #group"),
    (
        "main",
        put("action.0.definitionCanonical", "https://example.org/fhir/PlanDefinition/none"),
        "error",
        "no ActivityDefinition",
    ),
    (
        "main",
        put("action.0.definitionCanonical", "https://example.org/fhir/PlanDefinition/influenza-steps"),
        "warning",
        "names no version",
    ),
    ("main", put("action.0.title", LONG), "error", "the title has 140 characters"),
    ("main", drop("action.0.title"), "error", "no title"),
    ("main", put("action.0.selectionBehavior", "exactly-one"), "error", "selectionBehavior exactly-one"),
    ("steps", put("action.0.relatedAction.0.actionId", "nobody"), "error", "no action nobody"),
    ("steps", drop("action.0.relatedAction.0.relationship"), "error", "relationship"),
    ("order", put("derivedFrom", []), "error", "no element derivedFrom"),
    ("main", put("action.0.condition.0.expression.expression", "today("), "error", "today("),
]


@pytest.mark.parametrize(("name", "change", "severity", "text"), FAULTS, ids=range(len(FAULTS)))
def test_fault(tmp_path: Path, name: str, change: Edit, severity: str, text: str) -> None:
    folder = copy_to(tmp_path)
    edit(folder, name, change)
    found = [str(finding) for finding in check_folder(folder)]
    assert [each for each in found if each.startswith(severity) and text in each], found


def test_a_good_folder(tmp_path: Path) -> None:
    assert check_folder(copy_to(tmp_path)) == []


def test_no_fault_is_told_twice(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    edit(
        folder, "main", put("action.0.definitionCanonical", "https://example.org/fhir/PlanDefinition/none|1")
    )
    places = [(each.where.artifact, each.where.element) for each in check_folder(folder)]
    assert len(places) == len(set(places)) == 1


def test_all_at_once_errors_first(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    for name, change, _, _ in (FAULTS[0], FAULTS[9], FAULTS[10], FAULTS[13]):
        edit(folder, name, change)
    findings = check_folder(folder)
    assert [each.severity for each in findings] == ["error", "error", "error", "warning"]


@pytest.mark.parametrize("file", ["patient.json", "expected.json", "why.md"])
def test_a_case_needs_its_three_files(tmp_path: Path, file: str) -> None:
    folder = copy_to(tmp_path)
    (folder / "cases" / "due" / file).unlink()
    assert [str(each) for each in check_folder(folder)] == [
        f"error: cases/due: {file} is missing; every case has all three files"
    ]


def test_a_pathway_needs_cases(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    (folder / "cases").rename(tmp_path / "elsewhere")
    assert ["no case" in str(each) for each in check_folder(folder)] == [True]


def test_file_names_follow_ids(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    file = folder / "plandefinition" / "influenza-steps.json"
    file.rename(file.with_name("steps.json"))
    assert [each.severity for each in check_folder(folder)] == ["warning"]


def test_unused_definitions_are_warnings(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    logic = library("Logic", {"Used": TRUE, "Idle": TRUE})
    for resource in (logic, plan([{"id": "a", "condition": [condition("Used")]}], ("Logic",))):
        (folder / f"{resource['id']}.json").write_bytes(write_json(resource))
    found = [each for each in check_folder(folder) if "nothing uses" in each.problem]
    assert [(each.severity, each.problem) for each in found] == [("warning", "nothing uses Idle")]
