"""What each kind of request takes from its ActivityDefinition."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.json_io import write_json
from fhir_gepnet.pathway.activity import draft_of, kind_name_of
from fhir_gepnet.pathway.request_kinds import KINDS

AT = Where("an activity")
HEAD = {
    "resourceType": "ActivityDefinition",
    "id": "a",
    "url": "https://example.org/a",
    "version": "1",
    "status": "active",
}
CODE = {"text": "c"}
ONE = {"value": 1, "unit": "dose"}
PERIOD = {"start": "2026-12-01"}
NURSE = [{"type": "practitioner", "role": {"text": "nurse"}}]

ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "ServiceRequest",
        {
            "code": CODE,
            "priority": "urgent",
            "doNotPerform": True,
            "bodySite": [CODE],
            "quantity": ONE,
            "timingPeriod": PERIOD,
            "location": {"reference": "Location/l"},
            "participant": NURSE,
            "profile": "https://example.org/p",
        },
        {
            "meta": {"profile": ["https://example.org/p"]},
            "instantiatesCanonical": ["https://example.org/a|1"],
            "status": "draft",
            "intent": "proposal",
            "code": CODE,
            "priority": "urgent",
            "doNotPerform": True,
            "bodySite": [CODE],
            "quantityQuantity": ONE,
            "occurrencePeriod": PERIOD,
            "locationReference": [{"reference": "Location/l"}],
            "performerType": {"text": "nurse"},
        },
    ),
    (
        "ServiceRequest",
        {"intent": "order", "code": CODE, "timingDateTime": "2026-12-01"},
        {
            "instantiatesCanonical": ["https://example.org/a|1"],
            "status": "draft",
            "intent": "order",
            "code": CODE,
            "occurrenceDateTime": "2026-12-01",
        },
    ),
    (
        "MedicationRequest",
        {"productCodeableConcept": CODE, "dosage": [{"text": "d"}], "quantity": ONE},
        {
            "instantiatesCanonical": ["https://example.org/a|1"],
            "status": "draft",
            "intent": "proposal",
            "medicationCodeableConcept": CODE,
            "dosageInstruction": [{"text": "d"}],
            "dispenseRequest": {"quantity": ONE},
        },
    ),
    (
        "Task",
        {"code": CODE, "timingPeriod": PERIOD, "participant": NURSE},
        {
            "instantiatesCanonical": "https://example.org/a|1",
            "status": "draft",
            "intent": "proposal",
            "code": CODE,
            "restriction": {"period": PERIOD},
            "performerType": [{"text": "nurse"}],
        },
    ),
    (
        "CommunicationRequest",
        {"code": {"coding": [{"code": "x", "display": "Read this"}]}, "priority": "routine"},
        {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical",
                    "valueCanonical": "https://example.org/a|1",
                }
            ],
            "status": "draft",
            "payload": [{"contentString": "Read this"}],
            "priority": "routine",
        },
    ),
]


@pytest.mark.parametrize(("kind", "elements", "draft"), ROWS)
def test_draft(kind: str, elements: dict[str, Any], draft: dict[str, Any]) -> None:
    resource = {**HEAD, "kind": kind, **elements}
    found = draft_of(resource, kind, AT)
    assert found == draft
    whole = {"resourceType": kind, **found}
    KINDS[kind].subject(whole, {"reference": "Patient/p"})
    get_fhir_model_class(kind).model_validate_json(write_json(whole))


REFUSED = [
    ({"kind": "Patient"}, "kind Patient is not a request"),
    ({"kind": "Nobody"}, "FHIR R4 has no such type"),
    ({"kind": "Procedure"}, "use a Task whose focus is the event"),
    ({}, "kind is missing"),
    ({"kind": "Task", "intent": "directive"}, "cannot have the intent directive"),
    ({"kind": "CarePlan", "intent": "original-order"}, "cannot have the intent"),
    ({"kind": "ServiceRequest", "participant": [*NURSE, *NURSE]}, "takes one value and there are 2"),
    ({"kind": "Claim", "doNotPerform": True}, "cannot be said"),
    ({"kind": "CommunicationRequest", "code": {"coding": [{"code": "x"}]}}, "neither text nor display"),
    ({"kind": "DeviceRequest", "code": CODE, "productCodeableConcept": CODE}, "a second value beside"),
    ({"kind": "Task", "subjectCodeableConcept": {"coding": [{"code": "Device"}]}}, "about a Device"),
    ({"kind": "ServiceRequest", "transform": "https://example.org/m"}, "StructureMap is not carried out"),
    ({"kind": "Task", "dosage": [{"text": "d"}]}, "dosage"),
    ({"kind": "MedicationRequest", "code": CODE}, "code"),
    ({"kind": "ServiceRequest", "timingRange": {}}, "timingRange"),
    ({"kind": "ServiceRequest", "subjectReference": {"reference": "Group/g"}}, "subjectReference"),
]


@pytest.mark.parametrize(("elements", "text"), REFUSED)
def test_refused_by_name(elements: dict[str, Any], text: str) -> None:
    resource = {**HEAD, **elements}
    with pytest.raises(ArtifactError, match=text):
        draft_of(resource, kind_name_of(resource), AT)
