"""Several subjects and Group: one entry each, in order, whatever happens to the others."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from fhir_gepnet import (
    Budget,
    BudgetExceededError,
    Entry,
    InvocationError,
    Pathway,
    PatientRecord,
    apply_all,
    load_pathway,
)
from fhir_gepnet.json_io import read_json_file, write_json

SECOND = Path(__file__).parents[1] / "data" / "second-pathway"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_pathway(SECOND)


def data(case: str) -> Any:
    return read_json_file(SECOND / "cases" / case / "patient.json")


def verdict(entry: Entry) -> str:
    return "error" if entry.result is None else entry.result.decisions[0].verdict.value


def test_records_and_data_in_their_order(pathway: Pathway) -> None:
    entries = apply_all(pathway, [PatientRecord.of(data("due")), data("child"), data("due")], now=NOW)
    assert [verdict(each) for each in entries] == ["applies", "does-not-apply", "applies"]
    assert entries[0].result is not None
    alone = pathway.apply(PatientRecord.of(data("due")), now=NOW)
    assert write_json(entries[0].result.care_plan()) == write_json(alone.care_plan())


BAD: list[tuple[Any, str]] = [
    ({"resourceType": "Bundle", "entry": []}, "invalid"),
    ("no JSON of a patient", "invalid"),
    ([{"resourceType": "Patient", "id": "a"}, {"resourceType": "Patient", "id": "b"}], "invalid"),
]


@pytest.mark.parametrize(("bad", "code"), BAD)
def test_a_bad_patient_hides_nobody(pathway: Pathway, bad: Any, code: str) -> None:
    entries = apply_all(pathway, [data("due"), bad, data("child")], now=NOW)
    assert [verdict(each) for each in entries] == ["applies", "error", "does-not-apply"]
    assert entries[1].subject == "subject 2"
    outcome = entries[1].outcome
    assert outcome is not None
    OperationOutcome.model_validate_json(write_json(outcome))
    assert outcome["issue"][0]["code"] == code
    assert entries[0].outcome is None


def test_what_cannot_be_decided_is_an_error_of_that_patient(pathway: Pathway) -> None:
    entries = apply_all(pathway, [data("no-birth-date"), data("due")], now=NOW, unknown="error")
    assert [verdict(each) for each in entries] == ["error", "applies"]


def test_a_budget_is_each_patients_own_and_goes_with_the_result(pathway: Pathway) -> None:
    spent = apply_all(pathway, [data("due"), data("child")], now=NOW, budget=Budget(deadline=lambda: True))
    assert [verdict(each) for each in spent] == ["error", "error"]
    assert [each.outcome and each.outcome["issue"][0]["code"] for each in spent] == ["too-costly"] * 2
    over = [False]
    (entry,) = apply_all(pathway, [data("no-birth-date")], now=NOW, budget=Budget(deadline=lambda: over[0]))
    assert entry.result is not None
    over[0] = True
    with pytest.raises(BudgetExceededError):
        entry.result.missing()


def group(*references: str, **more: Any) -> dict[str, Any]:
    members = [{"entity": {"reference": reference}} for reference in references]
    return {"resourceType": "Group", "type": "person", "actual": True, "member": members, **more}


EVERYBODY = [
    {"resourceType": "Patient", "id": "old", "birthDate": "1960-05-01"},
    {"resourceType": "Patient", "id": "young", "birthDate": "2020-05-01"},
    {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "patient": {"reference": "Patient/old"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91930004"}]},
    },
]


def test_the_members_of_a_group_each_see_their_own_data(pathway: Pathway) -> None:
    members = group("Patient/young", "Practitioner/x", "Patient/nobody", "Patient/old")
    entries = apply_all(pathway, members, EVERYBODY, now=NOW)
    assert [each.subject for each in entries] == [
        "Patient/young",
        "subject 2",
        "Patient/nobody",
        "Patient/old",
    ]
    assert [verdict(each) for each in entries] == ["does-not-apply", "error", "error", "applies"]
    old = entries[3].result
    assert old is not None
    assert {each.action_id: each.verdict.value for each in old.decisions[0].children}[
        "ask-allergy"
    ] == "applies"
    assert entries[1].outcome is not None
    assert entries[1].outcome["issue"][0]["code"] == "not-supported"


def test_an_inactive_member_is_left_out(pathway: Pathway) -> None:
    members = group("Patient/old", "Patient/young")
    members["member"][0]["inactive"] = True
    assert [each.subject for each in apply_all(pathway, members, EVERYBODY, now=NOW)] == ["Patient/young"]


def test_a_member_that_is_no_member_is_an_entry(pathway: Pathway) -> None:
    members = group("Patient/old")
    members["member"] += [1, {"entity": "Patient/young"}]
    entries = apply_all(pathway, members, EVERYBODY, now=NOW)
    assert [verdict(each) for each in entries] == ["applies", "error", "error"]


@pytest.mark.parametrize("subjects", [group(), {"resourceType": "Patient", "id": "p"}])
def test_no_group_or_an_empty_one_is_refused(pathway: Pathway, subjects: dict[str, Any]) -> None:
    with pytest.raises(InvocationError, match="Group"):
        apply_all(pathway, subjects, EVERYBODY, now=NOW)


def test_a_wrong_call_is_wrong_for_everybody(pathway: Pathway) -> None:
    with pytest.raises(InvocationError, match="no plan nowhere"):
        apply_all(pathway, [data("due"), data("child")], now=NOW, plan="nowhere")
