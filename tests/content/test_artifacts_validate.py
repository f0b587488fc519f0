"""Every artefact is valid FHIR, says who it is, and lies where its name says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pathway_folder import BASE, FOLDER, RESOURCE_FOLDERS, VERSION, files, resource_in, resources

from fhir_gepnet.authoring.validation import validation_findings
from fhir_gepnet.errors import GepnetError
from fhir_gepnet.pathway.artifacts import Artifact, read_artifacts

PROBLEMS: list[GepnetError] = []
ARTIFACTS = read_artifacts(FOLDER, PROBLEMS).all

EXPECTED_TYPES = {
    "plandefinition": "PlanDefinition",
    "activitydefinition": "ActivityDefinition",
    "structuredefinition": "StructureDefinition",
    "library": "Library",
    "valueset": "ValueSet",
    "codesystem": "CodeSystem",
}
every_file = pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)


def test_the_artefacts_were_found() -> None:
    assert {file.parent.name for file in files()} == set(RESOURCE_FOLDERS)
    assert len(files()) > 60, "an empty parametrize passes silently"
    assert PROBLEMS == []
    assert len(ARTIFACTS) == len(files()), "the loader reads the same files"
    assert len(resources("PlanDefinition")) == 23
    assert len(resources("ActivityDefinition")) == 13


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda artifact: str(artifact.file.stem))
def test_is_valid_fhir(artifact: Artifact) -> None:
    assert validation_findings(artifact) == []


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
