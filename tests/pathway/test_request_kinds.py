"""The tables of request kinds against R4: FHIR's elements, codes and cardinalities (``fhir.resources``)."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_gepnet.fhir.model import type_info, type_names
from fhir_gepnet.pathway.request_kinds import EVENTS, KINDS, Kind

# FHIR R4, value set request-resource-types.
REQUESTS = {
    "Appointment", "AppointmentResponse", "CarePlan", "Claim", "CommunicationRequest", "Contract",
    "DeviceRequest", "EnrollmentRequest", "ImmunizationRecommendation", "MedicationRequest",
    "NutritionOrder", "ServiceRequest", "SupplyRequest", "Task", "VisionPrescription",
}  # fmt: skip


def fields(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = get_fhir_model_class(kind).model_fields
    return found


def codes(kind: str, element: str) -> set[str]:
    extra = fields(kind)[element].json_schema_extra
    return set(extra.get("enum_values", ()))


def keys(type_name: str) -> set[str]:
    info = type_info(type_name)
    assert info is not None
    return {key for element in info.elements.values() for key, _ in element.json_keys}


def written(kind: Kind) -> set[str]:
    """Elements that every request of the kind has, or is refused without."""
    draft: dict[str, Any] = dict(kind.fixed)
    kind.subject(draft, {"reference": "Patient/p"})
    names = {*draft, *kind.moments, *(each[0].split(".")[0] for each in kind.required)}
    return names | ({"status"} if kind.status else set()) | ({"intent"} if kind.intents else set())


def test_the_kinds_are_those_of_r4() -> None:
    assert set(KINDS) == REQUESTS
    assert not EVENTS & REQUESTS
    assert type_names() >= EVENTS


@pytest.mark.parametrize("name", KINDS)
def test_status_and_intents_are_codes_of_r4(name: str) -> None:
    kind = KINDS[name]
    assert (kind.status is not None) == ("status" in fields(name))
    if kind.status is not None:
        assert kind.status in codes(name, "status")
    assert bool(kind.intents) == ("intent" in fields(name))
    if kind.intents:
        # "unknown" is for Tasks that were made without a request.
        assert kind.intents == codes(name, "intent") - {"unknown"}


@pytest.mark.parametrize("name", KINDS)
def test_what_r4_requires_is_written_or_asked_for(name: str) -> None:
    required = {
        key
        for key, field in fields(name).items()
        if field.is_required() or (field.json_schema_extra or {}).get("element_required")
    }
    names = {key.removesuffix("_fhir") for key in required}
    assert names <= written(KINDS[name]) | {"for"}, name


@pytest.mark.parametrize("name", KINDS)
def test_names_exist(name: str) -> None:
    kind = KINDS[name]
    assert set(kind.copies) <= keys("ActivityDefinition")
    info = type_info(name)
    assert info is not None
    own = keys(name) | set(info.elements)
    assert written(kind) | {element for element, _ in kind.context} <= own
