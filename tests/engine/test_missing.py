"""The missing-data report: what is missing, in which state, how to get it, what it would change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.datarequirement import DataRequirement
from fhir.resources.R4B.questionnaire import QuestionnaireItem
from small_library import condition, plan

from fhir_gepnet import Pathway, PatientRecord, load_pathway
from fhir_gepnet.engine.alternatives import alternatives_of
from fhir_gepnet.engine.data_questions import Wanted, item_of, search_of
from fhir_gepnet.engine.forced import definition_named
from fhir_gepnet.engine.missing_needs import definition_of
from fhir_gepnet.engine.tracing import invocation_of
from fhir_gepnet.engine.what_if import WhatIf
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.pathway.data_elements import data_elements_of

ROOT = Path(__file__).parents[2]
SECOND = ROOT / "tests" / "data" / "second-pathway"
GEPNET = ROOT / "plandefinitions" / "gepnet-2018"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MAIN = "https://example.org/fhir/PlanDefinition/influenza-reminder|1.0.0"
ADULT = "Patient.birthDate <= today() - 18 years"


@pytest.fixture(scope="module")
def gepnet() -> Pathway:
    return load_pathway(GEPNET)


def report(pathway: Pathway, folder: Path, case: str) -> Any:
    complete = [need.resource_type for need in pathway.data_needs]
    record = PatientRecord.of(read_json_file(folder / "cases" / case / "patient.json"), complete=complete)
    return read_json(write_json(pathway.apply(record, now=NOW).missing()))


def verdict(before: str, after: str) -> dict[str, Any]:
    return {"verdict": {"before": before, "after": after}}


def test_the_whole_report_of_a_small_pathway() -> None:
    assert report(load_pathway(SECOND), SECOND, "no-birth-date") == {
        "plan": MAIN,
        "subject": "Patient/p1",
        "now": "2026-11-23T12:00:00+00:00",
        "open": [
            {
                "path": "due",
                "action": "due",
                "plan": MAIN,
                "title": "Influenza vaccination is due",
                "verdict": "unknown",
                "needs": ["Patient.birthDate"],
            }
        ],
        "needs": [
            {
                "key": "Patient.birthDate",
                "text": "When were you born?",
                "state": "absent",
                "requirement": {"type": "Patient", "mustSupport": ["birthDate"]},
                "search": "Patient?_id=p1",
                "item": {"linkId": "Patient.birthDate", "text": "When were you born?", "type": "date"},
                "waiting": ["due"],
                "alternatives": [
                    {
                        "of": ADULT,
                        "value": True,
                        "changes": {
                            "added": [
                                {"path": "due/vaccinate", "verdict": "applies", "title": "Vaccinate"},
                                {"path": "due/letter", "verdict": "applies", "title": "Send a letter"},
                                {
                                    "path": "due/ask-allergy",
                                    "verdict": "does-not-apply",
                                    "title": "Ask about the allergy",
                                },
                            ],
                            "removed": [],
                            "changed": [{"path": "due", "fields": verdict("unknown", "applies")}],
                        },
                    },
                    {
                        "of": ADULT,
                        "value": False,
                        "changes": {
                            "added": [],
                            "removed": [],
                            "changed": [{"path": "due", "fields": verdict("unknown", "does-not-apply")}],
                        },
                    },
                ],
                "decides": ["due", "due/vaccinate", "due/letter", "due/ask-allergy"],
            }
        ],
    }


def test_nothing_is_missing() -> None:
    found = report(load_pathway(SECOND), SECOND, "due")
    assert (found["open"], found["needs"]) == ([], [])


RECENT = (
    "Observation.where(code.coding.where(code = 'x').exists() and effective.ofType(dateTime) >= "
    "now() - 30 days).value.ofType(Quantity).value > 5"
)


def observation(date: str, **value: Any) -> dict[str, Any]:
    coding = {"system": "https://example.org/codes", "code": "x"}
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": date,
        **value,
    }


STATES: list[tuple[str, list[dict[str, Any]], str]] = [
    ("nothing there", [], "absent"),
    ("too old", [observation("2025-01-01", valueQuantity={"value": 7})], "stale"),
    ("recent, a text", [observation("2026-11-20", valueString="seven")], "unusable"),
    ("too old, and a text", [observation("2025-01-01", valueString="seven")], "unusable"),
]


@pytest.mark.parametrize(("name", "resources", "state"), STATES, ids=[name for name, *_ in STATES])
def test_the_state_of_what_nobody_declared(
    tmp_path: Path, name: str, resources: list[dict[str, Any]], state: str
) -> None:
    action = {"id": "high", "condition": [condition(RECENT, "text/fhirpath")]}
    (tmp_path / "plan.json").write_bytes(write_json(plan([action])))
    record = PatientRecord.of([{"resourceType": "Patient", "id": "p1"}, *resources])
    result = load_pathway(tmp_path).apply(record, now=NOW)
    (need,) = result.missing()["needs"]
    assert (need["key"], need["state"]) == ("Observation", state)
    assert need.get("found", []) == ["Observation/o1" for _ in resources]
    assert need["search"] == "Observation?patient=p1"
    assert [each["value"] for each in need["alternatives"]] == [True, False]


LOCAL = "https://fhir-gepnet.org/fhir/CodeSystem/gepnet"
DECLARED = [
    (
        "s01-ecog-missing",
        "Observation: ECOG performance status",
        "absent",
        "Observation?patient=s01&code=http://loinc.org|89247-1",
        {"prrt-needs-data", "eve-needs-data", "gap-ecog"},
    ),
    (
        "s03-allergies-unknown",
        "AllergyIntolerance",
        "absent",
        "AllergyIntolerance?patient=s03",
        {"eve-needs-data", "gap-allergy"},
    ),
    (
        "s04-glucose-missing",
        "Observation: Haemoglobin A1c",
        "absent",
        "Observation?patient=s04&code=http://loinc.org|4548-4,http://loinc.org|59261-8",
        {"eve-needs-data", "gap-glucose"},
    ),
    (
        "v22a-midgut-platelets-61-days",
        "Observation: Platelets",
        "stale",
        "Observation?patient=v22a&code=http://loinc.org|26515-7,http://loinc.org|777-3",
        {"prrt-needs-data", "gap-haem"},
    ),
    (
        "v66-creatinine-without-unit",
        "Observation: Creatinine in serum",
        "unusable",
        "Observation?patient=v66&code=http://loinc.org|14682-9,http://loinc.org|2160-0",
        {"prrt-needs-data"},
    ),
    (
        "g3-midgut-without-ki67-and-sstr",
        "Observation: SSTR imaging class of the whole disease",
        "absent",
        f"Observation?patient=g3&code={LOCAL}|sstr-class",
        {"gap-sstr"},
    ),
]


@pytest.mark.parametrize(
    ("case", "key", "state", "search", "waiting"), DECLARED, ids=[case for case, *_ in DECLARED]
)
def test_declared_elements(
    gepnet: Pathway, case: str, key: str, state: str, search: str, waiting: set[str]
) -> None:
    found = report(gepnet, GEPNET, case)
    (need,) = [each for each in found["needs"] if each["key"] == key]
    assert need["state"] == state
    assert {path.rpartition("/")[2] for path in need["waiting"]} == waiting
    for each in found["open"]:
        assert (key in each["needs"]) == (each["path"] in need["waiting"])
    # Codes of a value set may grow; those that are there now must be.
    assert set(search.split("code=")[-1].split(",")) <= set(need["search"].split("code=")[-1].split(","))
    assert need["search"].split("code=")[0] == search.split("code=")[0]
    QuestionnaireItem.model_validate_json(write_json(need["item"]))
    DataRequirement.model_validate_json(write_json(need["requirement"]))


def changed_to(need: dict[str, Any], value: Any) -> set[str]:
    """Action ids that apply with this alternative and did not before."""
    (found,) = [each for each in need["alternatives"] if each["value"] == value]
    return {
        each["path"].rpartition("/")[2]
        for each in found["changes"]["changed"]
        if each["fields"].get("verdict", {}).get("after") == "applies"
    }


def need_of(gepnet: Pathway, case: str, key: str) -> Any:
    (need,) = [each for each in report(gepnet, GEPNET, case)["needs"] if each["key"] == key]
    return need


# Clinical specification 2.1-2.3: ECOG 0-2 as it is, 3 with caution, 4 for discussion only.
ECOG = [(0, "offer"), (1, "offer"), (2, "offer"), (3, "offer"), (4, "discuss")]


@pytest.mark.parametrize(("value", "form"), ECOG)
def test_declared_answers_are_tried(gepnet: Pathway, value: int, form: str) -> None:
    need = need_of(gepnet, "s01-ecog-missing", "Observation: ECOG performance status")
    assert changed_to(need, value) == {f"prrt-{form}", f"eve-{form}"}
    assert need["item"]["answerOption"] == [{"valueInteger": each} for each in range(5)]


# D29: below 30 mL/min blocked, below 40 for discussion, from there offered (below 50 with caution).
CLEARANCE = [(29, "blocked"), (30, "discuss"), (35, "discuss"), (40, "offer"), (45, "offer"), (51, "offer")]


@pytest.mark.parametrize(("value", "form"), CLEARANCE)
def test_a_number_is_tried_around_the_limits_of_the_logic(gepnet: Pathway, value: int, form: str) -> None:
    need = need_of(gepnet, "v66-creatinine-without-unit", "Observation: Creatinine clearance")
    assert changed_to(need, value) == {f"prrt-{form}"}


def test_a_boolean_is_tried_both_ways_but_not_as_it_is(gepnet: Pathway) -> None:
    need = need_of(gepnet, "s03-allergies-unknown", "AllergyIntolerance")
    assert [each["value"] for each in need["alternatives"]] == [True]
    assert changed_to(need, True) == {"eve-offer"}


ALTERNATIVES: list[tuple[str, set[Any]]] = [
    (
        "GepnetClassification.Extent",
        {"metastatic", "unknown", "locally-advanced-unresectable", "localised-resectable"},
    ),
    ("GepnetClassification.SSTR Class", {"UNKNOWN", "LOW", "MIXED", "BORDER", "HIGH"}),
    ("GepnetPathology.Differentiation", {"contradicting", "well", "poor", "unknown"}),
    ("GepnetResults.Allergies Known", {True, False}),
    ("GepnetResults.Clearance", {29, 30, 35, 40, 45, 50, 51}),
    ("GepnetResults.Platelets", set()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values"), ALTERNATIVES)
def test_finite_values(gepnet: Pathway, name: str, values: set[Any]) -> None:
    record = PatientRecord.of({"resourceType": "Patient", "id": "p"})
    scope = gepnet.libraries.scope(record, now=NOW)
    assert set(alternatives_of(definition_named(gepnet.libraries, name), scope.parameters)) == values


def test_every_declared_name_is_in_the_logic(gepnet: Pathway) -> None:
    result = gepnet.apply(PatientRecord.of({"resourceType": "Patient", "id": "p"}), now=NOW)
    what_if = WhatIf(result, invocation_of(result))
    elements = data_elements_of(gepnet.resources)
    assert len(elements) > 25
    gaps = {action.id for action in gepnet.plans["gepnet-2018-gaps-missing"].actions}
    for element in elements:
        for name in (element.definition, *element.known):
            if name is not None:
                definition_of(name, what_if)
        assert {action for _, action in element.asked_by} <= gaps


def wanted(resource_type: str, element: str | None, *codes: tuple[str, str], **more: Any) -> Wanted:
    return Wanted("k", resource_type, element, codes, more.pop("value_set", None), "text", **more)


SEARCHES = [
    (wanted("Patient", "birthDate"), "Patient?_id=p1"),
    (wanted("Observation", "code", ("http://x.org", "1-2")), "Observation?patient=p1&code=http://x.org|1-2"),
    (
        wanted("Immunization", "vaccineCode", ("s", "a"), ("s", "b,c")),
        "Immunization?patient=p1&vaccine-code=s|a,s|b\\,c",
    ),
    (wanted("MedicationRequest", "medication", ("s", "a")), "MedicationRequest?patient=p1&code=s|a"),
    (wanted("Condition", None), "Condition?patient=p1"),
    (
        wanted("Condition", "code", *[("s", str(n)) for n in range(50)], value_set="https://x.org/vs"),
        "Condition?patient=p1&code:in=https://x.org/vs",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "search"), SEARCHES)
def test_searches(asked: Wanted, search: str) -> None:
    assert search_of(asked, "Patient/p1") == search


ITEMS = [
    (wanted("Patient", "birthDate"), "date"),
    (wanted("Patient", "active"), "boolean"),
    (wanted("Observation", "code", ("s", "a")), "string"),
    (wanted("Observation", "code", ("s", "a"), unit={"code": "%"}), "quantity"),
    (wanted("Observation", "code", ("s", "a"), answers=(("valueCoding", {"code": "a"}),)), "choice"),
    (wanted("Observation", "code", ("s", "a"), type="text"), "text"),
]


@pytest.mark.parametrize(("asked", "kind"), ITEMS)
def test_items(asked: Wanted, kind: str) -> None:
    item = item_of(asked)
    QuestionnaireItem.model_validate_json(write_json(item))
    assert item["type"] == kind
