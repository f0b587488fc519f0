"""Every artefact is valid FHIR, says who it is, and lies where its name says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pathway_folder import BASE, RESOURCE_FOLDERS, VERSION, files, resource_in, resources
from pydantic import BaseModel

EXPECTED_TYPES = {
    "plandefinition": "PlanDefinition",
    "activitydefinition": "ActivityDefinition",
    "structuredefinition": "StructureDefinition",
    "library": "Library",
    "valueset": "ValueSet",
    "codesystem": "CodeSystem",
}
# Extensible binding that the model library lists as if it were required.
NOT_REQUIRED = {("Expression", "language")}
every_file = pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)


def wrong_codes(model: BaseModel, place: str) -> Iterator[str]:
    """Codes outside their required binding: the model library knows the lists but does not enforce them."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        extra = field.json_schema_extra
        allowed = extra.get("enum_values") if isinstance(extra, dict) else None
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, BaseModel):
                yield from wrong_codes(each, f"{place}.{name}")
            elif (
                isinstance(allowed, list)
                and each is not None
                and (type(model).__name__, name) not in NOT_REQUIRED
                and each not in allowed
            ):
                yield f"{place}.{name}: {each}"


def test_the_artefacts_were_found() -> None:
    assert {file.parent.name for file in files()} == set(RESOURCE_FOLDERS)
    assert len(files()) > 60, "an empty parametrize passes silently"
    assert len(resources("PlanDefinition")) == 23
    assert len(resources("ActivityDefinition")) == 13


@every_file
def test_is_valid_fhir(file: Path) -> None:
    resource = resource_in(file)
    model: Any = get_fhir_model_class(resource["resourceType"]).model_validate_json(file.read_bytes())
    assert list(wrong_codes(model, resource["resourceType"])) == []


def test_the_walker_of_codes_sees_a_wrong_code() -> None:
    action = {"condition": [{"kind": "whenever"}]}
    wrong: Any = {"resourceType": "PlanDefinition", "status": "publish", "action": [action]}
    model: Any = get_fhir_model_class("PlanDefinition").model_validate(wrong)
    assert sorted(wrong_codes(model, "PlanDefinition")) == [
        "PlanDefinition.action.condition.kind: whenever",
        "PlanDefinition.status: publish",
    ]


@every_file
def test_says_who_it_is(file: Path) -> None:
    resource = resource_in(file)
    resource_type = resource["resourceType"]
    assert resource_type == EXPECTED_TYPES[file.parent.name]
    assert resource["id"] == file.stem, "file name and id agree"
    assert resource["url"] == f"{BASE}/{resource_type}/{resource['id']}"
    assert resource["version"] == VERSION
    assert resource["status"] == "active"
    if resource_type != "Library":
        assert resource["experimental"] is True, "until clinicians have signed off"
        assert resource["date"] == "2026-11-23"
        assert resource["publisher"] == "fhir_gepnet"


def test_ids_and_names_are_unique() -> None:
    everything = [resource_in(file) for file in files()]
    for key in ("url", "name"):
        values = [resource[key] for resource in everything if key in resource]
        assert len(values) == len(set(values)), f"each {key} once"


@pytest.mark.parametrize("resource_type", ["PlanDefinition", "ActivityDefinition"])
def test_documents_itself(resource_type: str) -> None:
    for resource in resources(resource_type):
        for element in ("meta", "name", "title", "description", "purpose", "usage", "topic"):
            assert resource[element], f"{resource['id']}.{element}"
        assert resource["subjectCodeableConcept"]["coding"][0]["code"] == "Patient"
