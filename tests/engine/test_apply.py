"""Applying the second pathway: verdicts, order, results; compared with what was written by hand."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet import (
    Decision,
    InvocationError,
    Pathway,
    PatientDataError,
    PatientRecord,
    Result,
    Verdict,
    load_pathway,
)
from fhir_gepnet.json_io import read_json_file, write_json

FOLDER = Path(__file__).parents[1] / "data" / "second-pathway"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_pathway(FOLDER)


def patient(case: str) -> Any:
    return read_json_file(FOLDER / "cases" / case / "patient.json")


def applied(pathway: Pathway, case: str, **arguments: Any) -> Result:
    return pathway.apply(PatientRecord.of(patient(case)), now=NOW, **arguments)


def tree(decisions: tuple[Decision, ...]) -> list[Any]:
    return [[each.action_id, each.verdict.value, *tree(each.children)] for each in decisions]


TREES: list[tuple[str, list[Any]]] = [
    (
        "due",
        [
            [
                "due",
                "applies",
                ["vaccinate", "applies"],
                ["letter", "applies"],
                ["ask-allergy", "does-not-apply"],
            ],
            ["done", "does-not-apply"],
        ],
    ),
    ("done", [["due", "does-not-apply"], ["done", "applies"]]),
    ("child", [["due", "does-not-apply"], ["done", "does-not-apply"]]),
    ("no-birth-date", [["due", "unknown"], ["done", "does-not-apply"]]),
    (
        "allergy",
        [
            [
                "due",
                "applies",
                ["letter", "applies"],
                ["vaccinate", "does-not-apply"],
                ["ask-allergy", "applies"],
            ],
            ["done", "does-not-apply"],
        ],
    ),
]


@pytest.mark.parametrize(("case", "expected"), TREES)
def test_decisions(pathway: Pathway, case: str, expected: list[Any]) -> None:
    assert tree(applied(pathway, case).decisions) == expected


def test_attributes_of_a_decision(pathway: Pathway) -> None:
    due = applied(pathway, "due").decisions[0]
    assert due.title == "Influenza vaccination is due in 2026"
    assert due.description == "No dose is recorded in the last ten months."
    assert due.priority == "routine"
    assert due.selection_behavior == "any"
    assert due.definition == "https://example.org/fhir/PlanDefinition/influenza-steps|1.0.0"
    assert [each["display"] for each in due.documentation] == ["Example clinic, vaccination plan"]
    assert [each["display"] for each in due.related_artifacts] == ["About this example"]
    assert due.resource is None
    vaccinate, letter, _ = due.children
    assert (vaccinate.status, vaccinate.tier, vaccinate.rank, vaccinate.rule) == (
        "eligible",
        None,
        1,
        ("F1",),
    )
    assert (letter.rank, letter.rule) == (2, ("F2",))
    assert vaccinate.related_artifacts == ()


def test_draft_requests(pathway: Pathway) -> None:
    vaccinate, letter, _ = applied(pathway, "due").decisions[0].children
    assert vaccinate.resource == {
        "resourceType": "MedicationRequest",
        "id": "badb52df-fc79-585b-ba7a-e5fa07df6338",
        "instantiatesCanonical": ["https://example.org/fhir/ActivityDefinition/influenza-vaccination|1.0.0"],
        "status": "draft",
        "intent": "proposal",
        "priority": "routine",
        "medicationCodeableConcept": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/sid/cvx",
                    "code": "150",
                    "display": "Influenza, injectable, quadrivalent",
                }
            ],
            "text": "Influenza vaccine",
        },
        "dosageInstruction": [{"text": "One dose"}],
        "dispenseRequest": {"quantity": {"value": 1, "unit": "dose"}},
        "subject": {"reference": "Patient/p1"},
        "note": [{"text": "Asked for on 2026-11-23"}],
    }
    assert letter.resource is not None
    assert letter.resource["occurrenceDateTime"] == "2026-12-07"
    assert "intent" not in letter.resource
    assert letter.resource["payload"] == [
        {"contentString": "Please come for your yearly influenza vaccination."}
    ]


def test_context_is_written_into_what_is_made(pathway: Pathway) -> None:
    context = {
        "hook": "patient-view",
        "encounter": "Encounter/e1",
        "practitioner": {"reference": "Practitioner/d1"},
    }
    result = applied(pathway, "due", context=context)
    order = result.decisions[0].children[0].resource
    assert order is not None
    assert order["encounter"] == {"reference": "Encounter/e1"}
    assert order["requester"] == {"reference": "Practitioner/d1"}
    care_plan = result.care_plan()
    assert care_plan["encounter"] == {"reference": "Encounter/e1"}
    assert care_plan["author"] == {"reference": "Practitioner/d1"}


def test_input_and_artefacts_are_unchanged(pathway: Pathway) -> None:
    data = patient("due")
    before, artefacts = copy.deepcopy(data), copy.deepcopy(pathway.resources)
    result = pathway.apply(PatientRecord.of(data), now=NOW)
    result.care_plan()
    result.bundle()
    assert data == before
    assert pathway.resources == artefacts


def test_same_inputs_same_bytes(pathway: Pathway) -> None:
    first, second = applied(pathway, "due"), pathway.apply(PatientRecord.of(patient("due")), now=NOW)
    assert write_json(first.care_plan()) == write_json(second.care_plan())
    assert write_json(first.bundle()) == write_json(second.bundle())
    later = pathway.apply(PatientRecord.of(patient("due")), now=NOW.replace(hour=13))
    assert later.care_plan()["id"] != first.care_plan()["id"]


def test_unknown_flag(pathway: Pathway) -> None:
    result = applied(pathway, "no-birth-date")
    assert [(issue["severity"], issue["code"]) for issue in result.issues] == [("warning", "incomplete")]
    assert "action due" in result.issues[0]["diagnostics"]
    assert "Patient.birthDate" in result.issues[0]["diagnostics"]
    assert result.decisions[0].children == ()


def test_unknown_omit(pathway: Pathway) -> None:
    result = applied(pathway, "no-birth-date", unknown="omit")
    assert tree(result.decisions) == [["done", "does-not-apply"]]
    assert result.issues == ()


def test_unknown_error(pathway: Pathway) -> None:
    with pytest.raises(PatientDataError, match=r"action due .* is unknown"):
        applied(pathway, "no-birth-date", unknown="error")


def test_because(pathway: Pathway) -> None:
    due = applied(pathway, "no-birth-date").decisions[0]
    assert [(each.value, each.verdict) for each in due.because] == [(None, "unknown"), (True, "applies")]
    assert due.verdict is Verdict.UNKNOWN
    assert due.because[0].references == ()


def test_plan_by_id_url_and_canonical(pathway: Pathway) -> None:
    url = "https://example.org/fhir/PlanDefinition/influenza-steps"
    for wanted in ("influenza-steps", url, url + "|1.0.0"):
        assert applied(pathway, "due", plan=wanted).plan.id == "influenza-steps"
    assert applied(pathway, "due").plan.id == "influenza-reminder"


INVOCATIONS: list[tuple[dict[str, Any], str]] = [
    ({"now": NOW.replace(tzinfo=None)}, "time zone"),
    ({"plan": "nobody"}, "no plan nobody"),
    ({"context": {"hook": "order-sign"}}, "order-sign"),
    ({"parameters": {"Nobody": 1}}, "no library declares"),
    ({"unknown": "ignore"}, "ignore"),
]


@pytest.mark.parametrize(("arguments", "text"), INVOCATIONS)
def test_wrong_calls(pathway: Pathway, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvocationError, match=text):
        pathway.apply(PatientRecord.of(patient("due")), **{"now": NOW, **arguments})
