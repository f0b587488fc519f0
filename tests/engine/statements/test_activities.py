"""Statements 49-68 where a table cannot say it: ActivityDefinition/$apply on its own, and the trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B import get_fhir_model_class
from statement_cases import HERE, NOW, apply, load, record_of

from fhir_gepnet import ActivityResult, InvocationError, PatientRecord
from fhir_gepnet.json_io import read_json_file, write_json
from fhir_gepnet.pathway.request_kinds import EVENTS, KINDS

BASE = "https://example.org/fhir/ActivityDefinition"
CODE = {"text": "c"}


def value(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "expression": {"language": "text/fhirpath", "expression": text}}


def definition(identifier: str = "x", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ActivityDefinition",
        "id": identifier,
        "kind": "ServiceRequest",
        "code": CODE,
        **more,
    }


def applied(
    folder: Path, *artifacts: dict[str, Any], activity: str = "x", **arguments: Any
) -> ActivityResult:
    case = {"plan": {"action": [{"id": "a"}]}, "artifacts": list(artifacts)}
    result = load(case, folder).apply_activity(record_of(case), now=NOW, activity=activity, **arguments)
    if result.request is not None:
        kind = get_fhir_model_class(result.request["resourceType"])
        kind.model_validate_json(write_json(result.request))
    return result


def test_statement_49_an_activity_on_its_own(tmp_path: Path) -> None:
    result = applied(tmp_path, definition(dynamicValue=[value("patientInstruction", "'t'")]))
    assert result.request is not None
    assert UUID(result.request.pop("id")).version == 5
    assert result.request == {
        "resourceType": "ServiceRequest",
        "instantiatesCanonical": [f"{BASE}/x|1"],
        "status": "draft",
        "intent": "proposal",
        "code": CODE,
        "subject": {"reference": "Patient/p1"},
        "patientInstruction": "t",
    }
    assert result.issues == ()
    assert result.operation_outcome() is None


def test_statement_49_with_the_context(tmp_path: Path) -> None:
    context = {"encounter": "Encounter/e", "practitioner": {"reference": "Practitioner/d"}}
    request = applied(tmp_path, definition(), context=context).request
    assert request is not None
    assert request["encounter"] == {"reference": "Encounter/e"}
    assert request["requester"] == {"reference": "Practitioner/d"}


@pytest.mark.parametrize("wanted", ["x", f"{BASE}/x", f"{BASE}/x|1"])
def test_statement_49_by_id_and_canonical(tmp_path: Path, wanted: str) -> None:
    assert applied(tmp_path, definition(), activity=wanted).activity.canonical == f"{BASE}/x|1"


def test_statement_49_the_newest_version(tmp_path: Path) -> None:
    versions = [definition(), definition("y", url=f"{BASE}/x", version="10"), definition("z", version="9")]
    assert applied(tmp_path, *versions, activity=f"{BASE}/x").activity.canonical == f"{BASE}/x|10"


def test_statement_49_the_same_again(tmp_path: Path) -> None:
    case = {"plan": {"action": [{"id": "a"}]}, "artifacts": [definition()]}
    pathway = load(case, tmp_path)
    first, second = (pathway.apply_activity(record_of(case), now=NOW, activity="x") for _ in range(2))
    assert write_json(first.request) == write_json(second.request)
    assert first.request is not None
    first.request["code"]["text"] = "changed"
    third = pathway.apply_activity(record_of(case), now=NOW, activity="x")
    assert third.request == second.request


def test_statement_49_no_such_activity(tmp_path: Path) -> None:
    with pytest.raises(InvocationError, match="no ActivityDefinition nobody; this pathway has x"):
        applied(tmp_path, definition(), activity="nobody")


@pytest.mark.parametrize("intent", ["plan", "order", "option"])
def test_statement_50_the_intent_of_the_definition(tmp_path: Path, intent: str) -> None:
    request = applied(tmp_path, definition(intent=intent)).request
    assert request is not None
    assert request["intent"] == intent


@pytest.mark.parametrize("kind", ["ServiceRequest", "Task", "DeviceRequest"])
def test_statement_50_otherwise_a_proposal(tmp_path: Path, kind: str) -> None:
    request = applied(tmp_path, definition(kind=kind)).request
    assert request is not None
    assert (request["status"], request["intent"]) == ("draft", "proposal")


def test_statement_51_every_kind_was_made() -> None:
    table = read_json_file(HERE / "51-structural-copies.json")["cases"].values()
    made = {case["artifacts"][0]["kind"] for case in table if "made" in case["expect"]}
    # FHIR R4, value set request-resource-types.
    assert made == set(KINDS)
    assert len(made) == 15
    assert not EVENTS & made


def test_statement_57_what_an_activity_writes_into_an_action_stays_with_its_patient(tmp_path: Path) -> None:
    action = {"id": "a", "title": "old", "definitionCanonical": f"{BASE}/x|1"}
    activity = definition(dynamicValue=[value("%action.title", "Patient.gender")])
    case = {"plan": {"action": [action]}, "artifacts": [activity]}
    pathway = load(case, tmp_path)
    patients = [{"resourceType": "Patient", "id": "p", **more} for more in ({"gender": "male"}, {})]
    titles = [apply({**case, "patient": patient}, pathway).decisions[0].title for patient in patients]
    assert titles == ["male", "old"]


def test_statement_59_writing_below_a_value_leaves_its_source_alone(tmp_path: Path) -> None:
    source = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"coding": [{"code": "k"}]},
    }
    patient = [{"resourceType": "Patient", "id": "p"}, source]
    values = [value("code", "Observation.code"), value("code.coding[0].display", "'K'")]
    case = {"plan": {"action": [{"id": "a"}]}, "artifacts": [definition(dynamicValue=values)]}
    request = load(case, tmp_path).apply_activity(
        PatientRecord.of(patient), now=NOW, activity="x"
    ).request  # fmt: skip
    assert request is not None
    assert request["code"] == {"coding": [{"code": "k", "display": "K"}]}
    assert source["code"] == {"coding": [{"code": "k"}]}


def test_statement_62_half_an_order_is_none(tmp_path: Path) -> None:
    values = [value("patientInstruction", "1 | 2"), value("priority", "3"), value("note.text", "'t'")]
    result = applied(tmp_path, definition(dynamicValue=values))
    assert result.request is None
    assert [issue["severity"] for issue in result.issues] == ["error", "error"]
    assert all(f"{BASE}/x|1" in issue["diagnostics"] for issue in result.issues)
    outcome = result.operation_outcome()
    assert outcome is not None
    get_fhir_model_class("OperationOutcome").model_validate_json(write_json(outcome))


def test_statement_62_nothing_is_noted_in_the_trace(tmp_path: Path) -> None:
    values = [value("priority", "Patient.language"), value("patientInstruction", "'t'"), value("code", "1")]
    written = applied(tmp_path, definition(dynamicValue=values)).written
    assert [(each.path, each.value) for each in written] == [
        ("priority", None), ("patientInstruction", "t"), ("code", 1)
    ]  # fmt: skip
    assert [each.note for each in written] == ["the formula gave nothing; the target is as it was", "", ""]


def test_statement_62_the_trace_of_an_action(tmp_path: Path) -> None:
    action = {"id": "a", "definitionCanonical": f"{BASE}/x|1", "dynamicValue": [value("%action.title", "{}")]}
    activity = definition(dynamicValue=[value("priority", "'stat'")])
    case = {"plan": {"action": [action]}, "artifacts": [activity]}
    (decision,) = apply(case, load(case, tmp_path)).decisions
    assert [(each.path, each.value, bool(each.note)) for each in decision.written] == [
        ("priority", "stat", False), ("%action.title", None, True)
    ]  # fmt: skip


def test_statement_67_parameters_reach_an_activity(tmp_path: Path) -> None:
    with pytest.raises(InvocationError, match="no library declares"):
        applied(tmp_path, definition(), parameters={"Nobody": 1})
