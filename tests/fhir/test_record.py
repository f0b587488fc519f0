"""What a record takes in, leaves out and finds: the table in records.json, then the indexes."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.errors import PatientDataError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file

CASES: list[dict[str, Any]] = read_json_file(Path(__file__).with_name("records.json"))


def test_the_cases_are_there() -> None:
    assert len(CASES) > 15
    assert {"error" in case for case in CASES} == {True, False}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_record(case: dict[str, Any]) -> None:
    before = deepcopy(case["data"])
    if "error" in case:
        with pytest.raises(PatientDataError) as caught:
            PatientRecord.of(case["data"], subject=case.get("choose"))
        assert case["error"] in str(caught.value)
        assert "SECRET" not in str(caught.value)
        return
    record = PatientRecord.of(case["data"], subject=case.get("choose"))
    assert record.subject == case["subject"]
    assert record.patient["resourceType"] == "Patient"
    assert record.ignored == case.get("ignored", 0)
    assert {name: len(record.of_type(name)) for name in case["counts"]} == case["counts"]
    assert case["data"] == before, "the input is never changed"


def test_of_a_record_is_the_record() -> None:
    record = PatientRecord.of({"resourceType": "Patient", "id": "p"}, complete=["Condition"])
    assert PatientRecord.of(record) is record
    assert record.complete == {"Condition"}
    assert PatientRecord.of({"resourceType": "Patient"}).complete == frozenset()


def test_bundles_cannot_nest_for_ever() -> None:
    bundle: dict[str, Any] = {"resourceType": "Patient"}
    for _ in range(500):
        bundle = {"resourceType": "Bundle", "entry": [{"resource": bundle}]}
    with pytest.raises(PatientDataError, match="too deeply"):
        PatientRecord.of(bundle)


def coding(code: str, system: str | None = "http://one") -> dict[str, str]:
    return {"code": code} if system is None else {"system": system, "code": code}


def record_of(*resources: dict[str, Any]) -> PatientRecord:
    return PatientRecord.of([{"resourceType": "Patient", "id": "p"}, *resources])


def ids(resources: list[dict[str, Any]]) -> list[str]:
    return [resource["id"] for resource in resources]


def test_coded_reads_concepts_codings_lists_and_codes() -> None:
    record = record_of(
        {
            "resourceType": "Observation",
            "id": "1",
            "code": {"coding": [coding("a"), coding("b"), coding("a")]},
        },
        {"resourceType": "Observation", "id": "2", "code": {"text": "a"}},
        {
            "resourceType": "Observation",
            "id": "3",
            "code": {"coding": [None, coding("a", None), {"system": "http://one"}]},
        },
        {
            "resourceType": "Observation",
            "id": "4",
            "category": [{"coding": [coding("a")]}, {"coding": [coding("c")]}],
        },
        {
            "resourceType": "Observation",
            "id": "5",
            "code": {"coding": [coding("a", "http://two"), coding("a")]},
        },
        {"resourceType": "Observation", "id": "6", "code": {"coding": "nonsense"}, "status": "final"},
        {"resourceType": "Encounter", "id": "7", "class": coding("a")},
    )
    assert ids(record.coded("Observation", "code", "http://one", "a")) == ["1", "5"]
    assert ids(record.coded("Observation", "code", "http://one", "b")) == ["1"]
    assert ids(record.coded("Observation", "code", "http://two", "a")) == ["5"]
    assert ids(record.coded("Observation", "code", "", "a")) == ["3"]
    assert ids(record.coded("Observation", "category", "http://one", "c")) == ["4"]
    assert ids(record.coded("Observation", "status", "", "final")) == ["6"]
    assert ids(record.coded("Encounter", "class", "http://one", "a")) == ["7"]
    assert record.coded("Observation", "code", "http://one", "z") == []
    assert record.coded("Condition", "code", "http://one", "a") == []
    assert record.index("Observation", "code") is record.index("Observation", "code")


def test_coded_follows_medication_references() -> None:
    concept = {"coding": [coding("m")]}
    record = record_of(
        {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": concept},
        {
            "resourceType": "MedicationRequest",
            "id": "2",
            "medicationReference": {"reference": "Medication/x"},
        },
        {
            "resourceType": "MedicationRequest",
            "id": "3",
            "contained": [{"resourceType": "Medication", "id": "in", "code": concept}],
            "medicationReference": {"reference": "#in"},
        },
        {
            "resourceType": "MedicationRequest",
            "id": "4",
            "medicationReference": {"reference": "Medication/lost"},
        },
        {"resourceType": "MedicationRequest", "id": "5", "medicationReference": {"display": "m"}},
        {"resourceType": "Medication", "id": "x", "code": concept},
    )
    assert ids(record.coded("MedicationRequest", "medication", "http://one", "m")) == ["1", "2", "3"]


def test_referenced() -> None:
    inner = {"resourceType": "Medication", "id": "in"}
    outer = {"resourceType": "MedicationRequest", "id": "r", "contained": [inner]}
    address = "urn:uuid:6f9d3c1e-0000-4000-8000-000000000009"
    specimen = {"resourceType": "Specimen"}
    data = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p"}},
            {"fullUrl": "https://ehr.example/fhir/MedicationRequest/r", "resource": outer},
            {"fullUrl": address, "resource": specimen},
            {"fullUrl": "https://ehr.example/fhir/Observation/o", "resource": {
                "resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/other"}}},
        ],
    }  # fmt: skip
    record = PatientRecord.of(data)
    assert record.referenced("MedicationRequest/r") is outer
    assert record.referenced("https://ehr.example/fhir/MedicationRequest/r") is outer
    assert record.referenced("https://elsewhere.example/MedicationRequest/r/_history/2") is outer
    assert record.referenced(address) is specimen
    assert record.referenced("#in", outer) is inner
    assert record.referenced("#", outer) is outer
    assert record.referenced("#in") is None
    assert record.referenced("#lost", outer) is None
    assert record.referenced("Observation/o") is None, "what is not about the patient is not there"
    assert record.referenced("https://ehr.example/fhir/Observation/o") is None
    assert record.referenced("MedicationRequest?identifier=r") is None
    assert record.referenced("r") is None


def test_the_same_reference_text_means_each_holders_own_contained_resource() -> None:
    def request(identifier: str, code: str) -> dict[str, Any]:
        medication = {"resourceType": "Medication", "id": "m", "code": {"coding": [coding(code)]}}
        return {
            "resourceType": "MedicationRequest",
            "id": identifier,
            "contained": [medication],
            "medicationReference": {"reference": "#m"},
        }

    record = record_of(request("1", "a"), request("2", "b"))
    assert ids(record.coded("MedicationRequest", "medication", "http://one", "a")) == ["1"]
    assert ids(record.coded("MedicationRequest", "medication", "http://one", "b")) == ["2"]
