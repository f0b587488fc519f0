"""A service about nothing in particular, with a pathway made by hand, and requests to it.

The stand-in pathway decides by what the record holds, so that these tests depend on no content and
on no engine: its cards say which types were complete and how many resources came.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from cds_hooks.app import application_of
from cds_hooks.config import Configuration
from cds_hooks.prefetch import templates_for
from cds_hooks.services import Service
from fhir_gepnet import DataNeed, Decision, PatientRecord, Plan, Result, Verdict
from fhir_gepnet.engine.trace import Application
from fhir_gepnet.errors import Where
from fhir_gepnet.json_io import read_json, read_json_file
from fhir_gepnet.pathway.extensions import Attributes
from fhir_gepnet.pathway.model import Action

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEEDS = (
    DataNeed("Patient"),
    DataNeed("Condition"),
    DataNeed("Observation", ("exam", "laboratory")),
    DataNeed("Procedure"),
)
ADDRESS = "/cds-services/reminder"


def fixed_clock() -> datetime:
    return NOW


CONFIGURATION = Configuration(clock=fixed_clock)

PLAN = Plan(
    id="reminder",
    url="https://example.org/fhir/PlanDefinition/reminder",
    version="1.2.0",
    title="A reminder",
    description="Reminds of something.",
    publisher="Example",
    type="clinical-protocol",
    hooks=("patient-view",),
    related_artifacts=(),
    actions=(),
    resource={"resourceType": "PlanDefinition", "id": "reminder"},
)


OUTPUT = {"title": "title", "description": "description", "priority": "priority"}
OUTPUT["selection_behavior"] = "selectionBehavior"


ACTION = Action(
    id="review",
    output={},
    attributes=Attributes(),
    conditions=(),
    dynamic_values=(),
    flat=True,
    activity=None,
    plan=None,
    definition=None,
    children=(),
    hooks=(),
    documentation=(),
    resource={},
)


def decision(action_id: str = "review", **changes: Any) -> Decision:
    """A decision that applies and says nothing but its title, with the given members changed."""
    said = {"title": action_id.capitalize(), **changes}
    url, _, version = said.get("plan", PLAN.canonical).partition("|")
    return Decision(
        verdict=said.get("verdict", Verdict.APPLIES),
        action=replace(ACTION, id=action_id, documentation=said.get("documentation", ())),
        holder=replace(PLAN, url=url, version=version, related_artifacts=said.get("related_artifacts", ())),
        output={name: said[of] for of, name in OUTPUT.items() if said.get(of) is not None},
        attributes=Attributes(rank=said.get("rank"), topic=said.get("topic"), status=said.get("status")),
        resource=said.get("resource"),
        children=said.get("children", ()),
        outcomes=(),
        application=Application(None, {}, {}),  # type: ignore[arg-type]
    )


def result_of(*decisions: Decision, **changes: Any) -> Result:
    members: dict[str, Any] = {
        "plan": PLAN,
        "subject": "Patient/p1",
        "now": NOW,
        "decisions": decisions,
        "issues": (),
    }
    return Result(**(members | changes))


def report(record: PatientRecord) -> Result:
    """One card: the complete types, and how many resources of each type there are."""
    types = ("Condition", "Medication", "Observation", "Procedure")
    counts = ", ".join(f"{name} {len(record.of_type(name))}" for name in types if record.of_type(name))
    complete = ", ".join(sorted(record.complete))
    leaf = decision(
        "propose",
        resource={
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "subject": {"reference": record.subject},
            "code": {"text": "Review"},
        },
    )
    card = decision(description=f"complete: {complete or 'none'}; data: {counts or 'none'}", children=(leaf,))
    return result_of(card, subject=record.subject)


@dataclass
class StandIn:
    """In the place of a loaded pathway; remembers what it was asked."""

    answer: Callable[[PatientRecord], Result] = report
    asked: list[dict[str, Any]] = field(default_factory=list)

    def apply(self, record: PatientRecord, **arguments: Any) -> Result:
        self.asked.append(arguments)
        return self.answer(record)


def client_of(
    answer: Callable[[PatientRecord], Result] = report, configuration: Configuration = CONFIGURATION
) -> FlaskClient:
    """A client of one service whose pathway answers by the given function."""
    service = Service("reminder", "patient-view", StandIn(answer), PLAN, templates_for(NEEDS, Where("test")))
    return application_of([service], configuration).test_client()


def empty_bundle() -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "total": 0}


def hook_request(**changes: Any) -> dict[str, Any]:
    """A patient-view request that is answered with a card; a change of None takes the member away."""
    request: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": "5e1a3c1e-0a3e-4d6c-9b7a-0d6f3c1f0a11",
        "fhirServer": "https://ehr.example.org/fhir",
        "context": {"userId": "Practitioner/d1", "patientId": "p1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-01"},
            "condition": empty_bundle(),
            "observation": empty_bundle(),
            "procedure": empty_bundle(),
        },
    }
    request |= copy.deepcopy(changes)
    return {name: value for name, value in request.items() if value is not None}


@cache
def validator(name: str) -> Draft202012Validator:
    """discovery, request or response: our own schemas."""
    schema = read_json_file(ROOT / "docs" / "schemas" / f"{name}.schema.json")
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def cards_in(answer: Any) -> list[dict[str, Any]]:
    """The cards of a 200 answer that satisfies the response schema."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    document = read_json(answer.data)
    validator("response").validate(document)
    return document["cards"]


def outcome_in(answer: Any, status: int) -> list[dict[str, Any]]:
    """The issues of an answer that is an OperationOutcome with this status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == "application/json"
    document = read_json(answer.data)
    assert document["resourceType"] == "OperationOutcome"
    for issue in document["issue"]:
        assert issue["severity"] == "error"
        assert issue["diagnostics"]
    return document["issue"]
