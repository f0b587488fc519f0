"""Statements that no table can say: several subjects, library parameters, repetition, bytes."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import library, strings
from statement_cases import BASE, NOW, PATIENT, apply, called, load

from fhir_gepnet import InvocationError, PatientRecord, read_operation
from fhir_gepnet.json_io import write_json

PLAN = {"action": [{"id": "a", "condition": [{"kind": "applicability"}]}]}
PLAN["action"][0]["condition"][0]["expression"] = {  # type: ignore[index]
    "language": "text/fhirpath",
    "expression": "Patient.active",
}


def parameters(*given: dict[str, Any]) -> dict[str, Any]:
    url = {"name": "url", "valueUri": f"{BASE}/PlanDefinition/plan"}
    return {"resourceType": "Parameters", "parameter": [url, *given]}


def test_statement_06_several_subjects_one_result_each(tmp_path: Path) -> None:
    subjects = [{"name": "subject", "valueString": f"Patient/p{number}"} for number in (2, 1)]
    patients = [{**PATIENT, "active": True}, {**PATIENT, "id": "p2", "active": False}]
    case = {"plan": PLAN, "invocation": parameters(*subjects), "patient": patients}
    results = called(case, load(case, tmp_path))
    assert [each.subject for each in results] == ["Patient/p2", "Patient/p1"]
    assert [each.decisions[0].verdict.value for each in results] == ["does-not-apply", "applies"]


def test_statement_08_library_parameters_by_name(tmp_path: Path) -> None:
    name = "Wanted"
    definition = {"type": "ParameterRef", "name": name, "resultTypeSpecifier": strings()}
    logic = library("Logic", {"All": definition}, (name,))
    value = {
        "path": "%action.extension('u').value",
        "expression": {"language": "text/cql-identifier", "expression": "All"},
    }
    plan = {"library": [f"{BASE}/Library/Logic|1"], "action": [{"id": "a", "dynamicValue": [value]}]}
    given = {
        "resourceType": "Parameters",
        "parameter": [{"name": name, "valueString": text} for text in ("x", "y")],
    }
    case = {
        "plan": plan,
        "artifacts": [logic],
        "invocation": parameters(
            {"name": "subject", "valueString": "Patient/p1"}, {"name": "parameters", "resource": given}
        ),
    }
    (result,) = called(case, load(case, tmp_path))
    assert [each["valueString"] for each in result.decisions[0].output["extension"]] == ["x", "y"]


def test_statement_08_one_value_a_list_a_tuple_a_resource() -> None:
    given = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "One", "valueInteger": 3},
            {"name": "Several", "valueString": "x"},
            {"name": "Several", "valueString": "y"},
            {
                "name": "Parts",
                "part": [{"name": "low", "valueInteger": 1}, {"name": "high", "valueInteger": 2}],
            },
            {"name": "Whole", "resource": PATIENT},
        ],
    }
    operation = read_operation({"url": "u", "subject": ["Patient/p1"], "parameters": given})
    assert operation.parameters == {
        "One": 3,
        "Several": ["x", "y"],
        "Parts": {"low": 1, "high": 2},
        "Whole": PATIENT,
    }


def test_statement_14_nothing_is_kept_or_changed(tmp_path: Path) -> None:
    case = {"plan": PLAN, "patient": {**PATIENT, "active": True}}
    pathway = load(case, tmp_path)
    data, artefacts = copy.deepcopy(case["patient"]), copy.deepcopy(pathway.resources)
    first = apply(case, pathway).care_plan()
    first["contained"][0]["action"].clear()
    again = apply(case, pathway).care_plan()
    assert [action["id"] for action in again["contained"][0]["action"]] == ["a"]
    assert case["patient"] == data
    assert pathway.resources == artefacts


ANCHORS: list[tuple[Any, dict[str, Any], str]] = [
    ("2026-12", {}, "anchor: this is no full date"),
    ("soon", {}, "anchor: this is no full date"),
    (datetime(2026, 12, 1), {}, "anchor: the datetime has no time zone"),  # noqa: DTZ001  (that is the point)
    ("2026-12-01", {"nobody": "2026-12-01"}, "no applicable action nobody"),
    ("2026-12-01", {"a": "2026"}, "a: this is no full date"),
]


@pytest.mark.parametrize(("anchor", "known", "text"), ANCHORS)
def test_statement_73_wrong_anchors(tmp_path: Path, anchor: Any, known: dict[str, Any], text: str) -> None:
    case = {"plan": {"action": [{"id": "a"}]}}
    result = apply(case, load(case, tmp_path))
    with pytest.raises(InvocationError, match=text):
        result.windows(anchor, known=known)


def test_statement_73_a_date_and_a_moment_as_anchors(tmp_path: Path) -> None:
    case = {"plan": {"action": [{"id": "a", "timingDuration": {"value": 2, "code": "d"}}]}}
    result = apply(case, load(case, tmp_path))
    (window,) = result.windows(date(2026, 12, 1))
    assert (window.start, window.end, window.basis) == (
        "2026-12-01",
        "2026-12-03",
        "timingDuration from anchor",
    )
    (window,) = result.windows(NOW)
    assert (window.start, window.end) == ("2026-11-23T12:00:00.000+00:00", "2026-11-25T12:00:00.000+00:00")


SCRIPT = """
import sys
from datetime import datetime
from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.json_io import read_json_file, write_json
folder, now = sys.argv[1:]
record = PatientRecord.of({"resourceType": "Patient", "id": "p1", "active": True})
result = load_pathway(folder).apply(record, now=datetime.fromisoformat(now))
sys.stdout.buffer.write(write_json([result.care_plan(), result.bundle(), result.bundle(merge_nested=True)]))
"""


def test_statement_15_same_plan_data_and_clock_same_bytes(tmp_path: Path) -> None:
    case = {"plan": {**PLAN, "goal": [{"description": {"text": "g"}}]}}
    pathway = load(case, tmp_path)
    result = pathway.apply(PatientRecord.of({**PATIENT, "active": True}), now=NOW)
    here = write_json([result.care_plan(), result.bundle(), result.bundle(merge_nested=True)])
    for seed, zone in (("1", "UTC"), ("77", "Pacific/Kiritimati")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), NOW.isoformat()]
        done = subprocess.run(command, capture_output=True, check=True, env=environment, timeout=120)
        assert done.stdout == here
