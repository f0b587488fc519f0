"""The trace: expression, value, verdict and facts per condition, as JSON, text and FHIR resources."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from second_pathway import copy_to, edit, put

from fhir_gepnet import Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.engine.tracing import explained, in_order
from fhir_gepnet.json_io import read_json_file, write_json
from fhir_gepnet.logic.reading import Recorder

ROOT = Path(__file__).parents[2]
SECOND = ROOT / "tests" / "data" / "second-pathway"
GEPNET = ROOT / "plandefinitions" / "gepnet-2018"
CASES = sorted(case.name for case in (GEPNET / "cases").iterdir())
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOSE = (
    "Immunization.where(status = 'completed' and vaccineCode.coding.where(system = "
    "'http://hl7.org/fhir/sid/cvx' and code = '150').exists() and occurrence.ofType(dateTime) >= "
    "now() - 10 months)"
)
ALLERGY = (
    "AllergyIntolerance.where(code.coding.where(system = 'http://snomed.info/sct' and code = "
    "'91930004').exists())"
)


@pytest.fixture(scope="module")
def second() -> Pathway:
    return load_pathway(SECOND)


@pytest.fixture(scope="module")
def gepnet() -> Pathway:
    return load_pathway(GEPNET)


def applied(pathway: Pathway, folder: Path, case: str) -> Result:
    record = PatientRecord.of(read_json_file(folder / "cases" / case / "patient.json"))
    return pathway.apply(record, now=NOW)


def condition(expression: str, value: bool, facts: list[str], sought: list[str]) -> dict[str, Any]:
    return {
        "expression": expression,
        "value": value,
        "verdict": "applies" if value else "does-not-apply",
        "references": [],
        "facts": facts,
        "sought": sought,
    }


def test_the_whole_trace_of_a_small_pathway(second: Pathway) -> None:
    main = "https://example.org/fhir/PlanDefinition/influenza-reminder|1.0.0"
    steps = "https://example.org/fhir/PlanDefinition/influenza-steps|1.0.0"
    assert applied(second, SECOND, "due-old-dose").trace() == {
        "plan": main,
        "subject": "Patient/p1",
        "now": "2026-11-23T12:00:00+00:00",
        "actions": [
            {
                "action": "due",
                "plan": main,
                "title": "Influenza vaccination is due in 2026",
                "verdict": "applies",
                "conditions": [
                    condition("Patient.birthDate <= today() - 18 years", True, ["Patient/p1"], []),
                    condition(f"{DOSE}.empty()", True, ["Immunization/i1"], []),
                ],
                "children": [
                    {
                        "action": "vaccinate",
                        "plan": steps,
                        "title": "Vaccinate",
                        "status": "eligible",
                        "rank": 1,
                        "verdict": "applies",
                        "conditions": [condition(f"{ALLERGY}.empty()", True, [], ["AllergyIntolerance"])],
                    },
                    {
                        "action": "letter",
                        "plan": steps,
                        "title": "Send a letter",
                        "status": "eligible",
                        "rank": 2,
                        "verdict": "applies",
                        "conditions": [],
                    },
                    {
                        "action": "ask-allergy",
                        "plan": steps,
                        "title": "Ask about the allergy",
                        "status": "caution",
                        "verdict": "does-not-apply",
                        "conditions": [condition(f"{ALLERGY}.exists()", False, [], ["AllergyIntolerance"])],
                    },
                ],
            },
            {
                "action": "done",
                "plan": main,
                "title": "Influenza vaccination is recorded",
                "verdict": "does-not-apply",
                "conditions": [condition(f"{DOSE}.exists()", False, ["Immunization/i1"], [])],
            },
        ],
        "facts": {
            "Immunization/i1": {
                "code": "150",
                "coding": {"system": "http://hl7.org/fhir/sid/cvx", "code": "150"},
                "date": "2025-10-01",
                "read": {
                    "occurrenceDateTime": "2025-10-01",
                    "status": "completed",
                    "vaccineCode.coding.code": "150",
                    "vaccineCode.coding.system": "http://hl7.org/fhir/sid/cvx",
                },
            },
            "Patient/p1": {"date": "1960-05-01", "read": {"birthDate": "1960-05-01"}},
        },
        "sought": {"AllergyIntolerance": {"type": "AllergyIntolerance"}},
    }


BOARD = f"""\
Influenza vaccination of adults (https://example.org/fhir/PlanDefinition/influenza-reminder|1.0.0)
Patient/p1, 2026-11-23T12:00:00+00:00

1. Influenza vaccination is due in 2026
   No dose is recorded in the last ten months.
   because Patient.birthDate <= today() - 18 years: yes [1]
   because {DOSE}.empty(): yes [2]
   1.1. Vaccinate (eligible, F1)
      - **Vaccinate** at this visit.
      because {ALLERGY}.empty(): yes [n1]
   1.2. Send a letter (eligible, F2)
      - **Letter**: invite by post.
   Does not apply: Ask about the allergy
Does not apply: Influenza vaccination is recorded

Facts
  [1] Patient/p1: birthDate 1960-05-01
  [2] Immunization/i1: 150, 2025-10-01

Looked for and not found
  [n1] AllergyIntolerance"""


def test_the_text_for_a_meeting(second: Pathway) -> None:
    assert applied(second, SECOND, "due-old-dose").board() == BOARD


def test_what_is_open_is_said(second: Pathway) -> None:
    board = applied(second, SECOND, "no-birth-date").board()
    assert "1. Influenza vaccination is due: could not be decided" in board
    assert "because Patient.birthDate <= today() - 18 years: UNKNOWN [1]" in board
    assert "[1] Patient/p1: nothing that is used" in board


def traced(result: Result, action: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first condition of an action, and all facts."""
    trace = result.trace()
    waiting = list(trace["actions"])
    while waiting:
        each = waiting.pop()
        if each["action"] == action:
            return each["conditions"][0], trace["facts"]
        waiting += each.get("children", ())
    raise AssertionError(f"no action {action}")


def test_facts_are_seen_through_functions_and_other_definitions(gepnet: Pathway) -> None:
    # The result is retrieved in one define, read by two functions, and used in a third library.
    found, facts = traced(applied(gepnet, GEPNET, "v13-pancreas-hba1c-9-8"), "eve-needs-data")
    assert "Observation/hba1c" in found["facts"]
    hba1c = facts["Observation/hba1c"]
    assert (str(hba1c["value"]["value"]), hba1c["value"]["unit"]) == ("9.8", "%")
    assert hba1c["date"] == "2026-11-16T08:10:00Z"
    assert hba1c["coding"]["system"] == "http://loinc.org"
    assert {"valueQuantity.value", "valueQuantity.code"} <= hba1c["read"].keys()
    assert found["references"] == [
        {"library": "GepnetDecisions|2018.1.0", "name": "EVE Status", "value": "needs-data"}
    ]


def test_what_is_missing_is_named(gepnet: Pathway) -> None:
    found, _ = traced(applied(gepnet, GEPNET, "s04-glucose-missing"), "gap-glucose")
    assert {"Observation: Glucose", "Observation: Haemoglobin A1c"} <= set(found["sought"])


def test_of_several_results_the_latest_is_the_fact() -> None:
    old = {
        "resourceType": "Immunization",
        "id": "not-done",
        "status": "not-done",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "150"}]},
        "occurrenceDateTime": "2026-10-01",
    }
    bundle = read_json_file(SECOND / "cases" / "due-old-dose" / "patient.json")
    bundle["entry"].append({"resource": old})
    result = load_pathway(SECOND).apply(PatientRecord.of(bundle), now=NOW)
    found = result.trace()["actions"][0]["conditions"][1]
    assert found["facts"] == ["Immunization/i1"]


def test_the_recorder_takes_the_same_short_cuts(gepnet: Pathway) -> None:
    seen = 0
    for case in CASES[::6]:
        result = applied(gepnet, GEPNET, case)
        scope = result.decisions[0].application.scope
        for each in in_order(explained(result)):
            for trace in each.conditions:
                assert all(definition.evaluated(scope) for definition in trace.grounds.read.definitions)
                seen += len(trace.grounds.read.definitions)
    assert seen > 5000


def test_values_of_the_recorder_are_those_of_the_application(gepnet: Pathway) -> None:
    compared = 0
    for case in CASES[::6]:
        scope = applied(gepnet, GEPNET, case).decisions[0].application.scope
        recorder = Recorder(scope, gepnet.libraries.program)
        for definition in gepnet.libraries.program.definitions:
            if definition.evaluated(scope):
                recorder.of_definition(definition)
                assert recorder._kept[definition.slot].value == scope.memo[definition.slot]
                compared += 1
    assert compared > 3000


@pytest.mark.parametrize("case", ["due-old-dose", "no-birth-date", "allergy"])
def test_the_bundle_with_its_trace_is_valid(second: Pathway, case: str) -> None:
    result = applied(second, SECOND, case)
    bundle = result.bundle(trace=True)
    Bundle.model_validate_json(write_json(bundle))
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("GuidanceResponse") == 1
    without = result.bundle()
    assert bundle["entry"][: len(without["entry"])] == without["entry"]
    for entry in bundle["entry"]:
        for target in entry["resource"].get("target", ()):
            assert target["reference"] in urls


def test_provenance_and_guidance_response(second: Pathway) -> None:
    entries = applied(second, SECOND, "due-old-dose").bundle(trace=True)["entry"]
    resources = [entry["resource"] for entry in entries]
    response = next(each for each in resources if each["resourceType"] == "GuidanceResponse")
    assert response["status"] == "success"
    assert response["result"] == {"reference": entries[0]["fullUrl"]}
    of_group, *of_drafts = [each for each in resources if each["resourceType"] == "Provenance"]
    groups = [each for each in entries if each["resource"]["resourceType"] == "RequestGroup"]
    assert len(groups) == 2  # that of the plan and that of the plan nested in it
    assert of_group["target"] == [{"reference": each["fullUrl"]} for each in groups]
    assert [each["what"]["reference"] for each in of_group["entity"]] == ["Patient/p1", "Immunization/i1"]
    assert {"text": f"vaccinate: {ALLERGY}.empty() = true"} in of_group["reason"]
    assert len(of_drafts) == 2


def test_an_unknown_verdict_asks_for_data(second: Pathway) -> None:
    resources = [e["resource"] for e in applied(second, SECOND, "no-birth-date").bundle(trace=True)["entry"]]
    response = next(each for each in resources if each["resourceType"] == "GuidanceResponse")
    assert response["status"] == "data-required"
    assert len(response["evaluationMessage"]) == 1


def test_what_a_formula_reads_by_variables_of_its_own_is_traced(tmp_path: Path) -> None:
    text = "%context.status = 'active' and %action.id.exists() and Immunization.exists()"
    folder = copy_to(tmp_path)
    edit(folder, "main", put("action.0.condition.0.expression.expression", text))
    result = applied(load_pathway(folder), SECOND, "due-old-dose")
    (first, *_) = result.trace()["actions"][0]["conditions"]
    assert (first["expression"], first["value"]) == (text, True)
    assert first["facts"] == ["Immunization/i1"]
