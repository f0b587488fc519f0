"""CarePlan and Bundle: shape, references, ids, issues; validated with fhir.resources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan

from fhir_gepnet import Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.json_io import read_json_file, write_json

FOLDER = Path(__file__).parents[1] / "data" / "second-pathway"
CASES = sorted(case.name for case in (FOLDER / "cases").iterdir())
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_pathway(FOLDER)


def applied(pathway: Pathway, case: str) -> Result:
    return pathway.apply(PatientRecord.of(read_json_file(FOLDER / "cases" / case / "patient.json")), now=NOW)


def actions(group: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for action in group.get("action", ()):
        found += [action, *actions(action)]
    return found


def test_the_cases_were_found() -> None:
    assert len(CASES) >= 8


@pytest.mark.parametrize("case", CASES)
def test_valid_and_connected(pathway: Pathway, case: str) -> None:
    result = applied(pathway, case)
    care_plan, bundle = result.care_plan(), result.bundle()
    CarePlan.model_validate_json(write_json(care_plan))
    Bundle.model_validate_json(write_json(bundle))
    group = care_plan["contained"][0]
    assert group["resourceType"] == "RequestGroup"
    assert bundle["entry"][0]["resource"]["resourceType"] == "RequestGroup"
    contained = {f"#{each['id']}" for each in care_plan["contained"]}
    assert len(contained) == len(care_plan["contained"])
    assert {each["resource"]["reference"] for each in actions(group) if "resource" in each} <= contained
    entries = {entry["fullUrl"] for entry in bundle["entry"]}
    listed = actions(bundle["entry"][0]["resource"])
    assert {each["resource"]["reference"] for each in listed if "resource" in each} <= entries
    ids = [each["id"] for each in actions(group)]
    assert len(ids) == len(set(ids))


def test_golden_care_plan(pathway: Pathway) -> None:
    expected = read_json_file(Path(__file__).parent / "golden-due.json")
    assert applied(pathway, "due").care_plan() == expected


def test_issues_travel_with_the_care_plan(pathway: Pathway) -> None:
    result = applied(pathway, "no-birth-date")
    care_plan = result.care_plan()
    group, outcome = care_plan["contained"]
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"] == list(result.issues)
    assert care_plan["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/cqf-messages",
            "valueReference": {"reference": f"#{outcome['id']}"},
        }
    ]
    assert group["status"] == care_plan["status"] == "draft"
    assert "action" not in group
    assert result.bundle()["entry"][-1]["resource"] == outcome
