"""Blanks around names of CQL definitions: the folder loads, and ``gepnet check`` says where they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import TRUE, condition, library, plan

from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.authoring.check import check_folder
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAN = "https://example.org/fhir/PlanDefinition/plan|1"
LIBRARY = "https://example.org/fhir/Library/Logic|1"

ROWS: list[tuple[dict[str, Any], str, list[tuple[str, str]]]] = [
    # condition, name in the library, artefact and element of each finding
    (condition("Due"), "Due", []),
    (condition("Due "), "Due", [(PLAN, "action[0].condition[0].expression")]),
    (condition(' "Is Due"', "text/cql"), "Is Due", [(PLAN, "action[0].condition[0].expression")]),
    (condition('"Is Due "', "text/cql"), "Is Due", [(PLAN, "action[0].condition[0].expression")]),
    (condition("Due"), "Due ", [(LIBRARY, "")]),
    (condition('Logic."Due "'), "Due ", [(LIBRARY, ""), (PLAN, "action[0].condition[0].expression")]),
    (condition("Due", "text/cql "), "Due", [(PLAN, "action[0].condition[0].expression.language")]),
    (condition(" true ", "text/fhirpath"), "Due", []),
]


@pytest.mark.parametrize(("written", "defined", "expected"), ROWS)
def test_blanks(
    tmp_path: Path, written: dict[str, Any], defined: str, expected: list[tuple[str, str]]
) -> None:
    for resource in (
        library("Logic", {defined: TRUE}),
        plan([{"id": "a", "condition": [written]}], ("Logic",)),
    ):
        (tmp_path / f"{resource['id']}.json").write_bytes(write_json(resource))
    decision = load_pathway(tmp_path).apply(PatientRecord.of({"resourceType": "Patient", "id": "p"}), now=NOW)
    assert decision.decisions[0].applies
    found = [each for each in check_folder(tmp_path) if "blanks" in each.problem]
    assert sorted((each.where.artifact, each.where.element) for each in found) == sorted(expected)
    assert all(each.severity == "warning" and each.remedy for each in found)
