"""Requests already on the patient: marked with what became of them, and not proposed again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan

from fhir_gepnet import Decision, Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.engine.explain import decisions_json
from fhir_gepnet.json_io import read_json_file, write_json

SECOND = Path(__file__).parents[1] / "data" / "second-pathway"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEFINITION = "https://example.org/fhir/ActivityDefinition/influenza-vaccination"
STATE = "https://fhir-gepnet.org/fhir/StructureDefinition/proposal-state"
VACCINE = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "150"}]}


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_pathway(SECOND)


def applied(pathway: Pathway, *resources: dict[str, Any]) -> Result:
    bundle = read_json_file(SECOND / "cases" / "due" / "patient.json")
    bundle["entry"] += [{"resource": resource} for resource in resources]
    return pathway.apply(PatientRecord.of(bundle), now=NOW)


def vaccinate(result: Result) -> Decision:
    return next(each for each in result.decisions[0].children if each.action_id == "vaccinate")


def request(status: str, identifier: str = "r1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def made(status: str, identifier: str = "r1", version: str = "|1.0.0", **more: Any) -> dict[str, Any]:
    return request(status, identifier, instantiatesCanonical=[DEFINITION + version], **more)


def task(status: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": "t1",
        "status": status,
        "intent": "order",
        "for": {"reference": "Patient/p1"},
        "focus": {"reference": "MedicationRequest/r1"},
        **more,
    }


OTHER = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "33"}]}
TABLE: list[tuple[str, list[dict[str, Any]], str | None]] = [
    ("draft", [made("draft")], "proposed MedicationRequest/r1"),
    ("active", [made("active")], "active MedicationRequest/r1"),
    ("on hold", [made("on-hold")], "on-hold MedicationRequest/r1"),
    ("completed", [made("completed")], "completed MedicationRequest/r1"),
    ("stopped", [made("stopped")], "stopped MedicationRequest/r1"),
    ("revoked", [made("cancelled")], "declined MedicationRequest/r1"),
    ("not to be done", [made("active", doNotPerform=True)], "declined MedicationRequest/r1"),
    ("entered in error", [made("entered-in-error")], None),
    ("status unknown", [made("unknown")], None),
    ("without version", [made("active", version="")], "active MedicationRequest/r1"),
    ("older version", [made("active", version="|0.9.0")], "active MedicationRequest/r1"),
    ("of another definition", [request("active", instantiatesCanonical=["https://x.org/other"])], None),
    (
        "open, same code",
        [request("active", medicationCodeableConcept=VACCINE)],
        "active MedicationRequest/r1",
    ),
    ("open, another code", [request("active", medicationCodeableConcept=OTHER)], None),
    ("done long ago, same code", [request("completed", medicationCodeableConcept=VACCINE)], None),
    (
        "order based on our draft",
        [made("draft"), request("active", "r2", basedOn=[{"reference": "MedicationRequest/r1"}])],
        "active MedicationRequest/r2",
    ),
    ("task rejected", [made("draft", authoredOn="2026-11-01"), task("rejected")], "declined Task/t1"),
    ("task in progress", [made("draft"), task("in-progress")], "active Task/t1"),
    (
        "the latest counts",
        [made("cancelled", "r1", authoredOn="2026-01-05"), made("draft", "r2", authoredOn="2025-01-05")],
        "declined MedicationRequest/r1",
    ),
    ("of another patient", [made("active") | {"subject": {"reference": "Patient/p2"}}], None),
]


@pytest.mark.parametrize(("name", "resources", "expected"), TABLE, ids=[name for name, *_ in TABLE])
def test_what_became_of_it(
    pathway: Pathway, name: str, resources: list[dict[str, Any]], expected: str | None
) -> None:
    already = vaccinate(applied(pathway, *resources)).already
    assert (None if already is None else f"{already.state} {already.reference}") == expected


def action_of(group: dict[str, Any], identifier: str) -> dict[str, Any]:
    (found,) = [each for each in group["action"][0]["action"] if each["id"] == identifier]
    return found  # type: ignore[no-any-return]


def test_it_is_marked_and_not_proposed_again(pathway: Pathway) -> None:
    result = applied(pathway, made("active", authoredOn="2026-11-01"))
    care_plan, bundle = result.care_plan(merge_nested=True), result.bundle(merge_nested=True, trace=True)
    CarePlan.model_validate_json(write_json(care_plan))
    Bundle.model_validate_json(write_json(bundle))
    for group in (care_plan["contained"][0], bundle["entry"][0]["resource"]):
        action = action_of(group, "vaccinate")
        assert action["resource"] == {"reference": "MedicationRequest/r1"}
        assert {"url": STATE, "valueCode": "active"} in action["extension"]
        assert not any(each["url"] == STATE for each in action_of(group, "letter")["extension"])
    kinds = [each["resourceType"] for each in care_plan["contained"]]
    assert kinds == ["RequestGroup", "CommunicationRequest"]
    apart = [each for each in result.care_plan()["contained"] if each["resourceType"] != "CarePlan"]
    assert [each["resourceType"] for each in apart] == [
        "RequestGroup",
        "RequestGroup",
        "CommunicationRequest",
    ]
    assert apart[1]["action"][0]["resource"] == {"reference": "MedicationRequest/r1"}
    document = decisions_json(result.decisions)[0]["children"][0]
    assert (document["proposal"], document["request"]) == ("active", "MedicationRequest/r1")
    assert "already active: MedicationRequest/r1 of 2026-11-01" in result.board()


def test_what_was_made_is_recognised_when_it_comes_back(pathway: Pathway) -> None:
    first = applied(pathway)
    contained = first.care_plan(merge_nested=True)["contained"]
    drafts = [each for each in contained if each["resourceType"] != "RequestGroup"]
    again = applied(pathway, *drafts)
    states = [each.already and each.already.state for each in again.decisions[0].children]
    assert states == ["proposed", "proposed", None]
    assert len(again.care_plan(merge_nested=True)["contained"]) == 1


def test_without_such_requests_nothing_changes(pathway: Pathway) -> None:
    unrelated = request("active", medicationCodeableConcept=OTHER)
    assert write_json(applied(pathway, unrelated).care_plan()) == write_json(applied(pathway).care_plan())
