"""One fault per row, made by an edit of the good folder: load refuses it, by name, with a remedy."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from second_pathway import Edit, copy_to, drop, edit, put

from fhir_gepnet import load_pathway
from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    LocatedError,
    ParseError,
    PathwayError,
    TypeMismatchError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
)
from fhir_gepnet.json_io import write_json

CONDITION = "action.0.condition.0.expression"
DYNAMIC = "action.1.dynamicValue.0"

FAULTS: list[tuple[str, Edit, type[GepnetError], str]] = [
    ("main", drop("url"), ArtifactError, "url is missing"),
    ("main", drop("version"), ArtifactError, "version is missing"),
    ("main", drop("resourceType"), ArtifactError, "resourceType is missing"),
    (
        "main",
        put("url", "https://example.org/fhir/PlanDefinition/x|1.0"),
        ArtifactError,
        "url holds a version",
    ),
    ("steps", put("id", "influenza-reminder"), ArtifactError, "same id as"),
    ("main", put("actions", []), ArtifactError, "PlanDefinition has no element actions"),
    ("main", put("action", {}), ArtifactError, "action is a list"),
    ("main", put("title", ["a"]), ArtifactError, "title is one value"),
    ("main", put("title", 3), ArtifactError, "not a string"),
    ("main", put("experimental", "yes"), ArtifactError, "not a boolean"),
    (
        "main",
        put("library", ["https://example.org/fhir/Library/none|1"]),
        UnresolvedReferenceError,
        "no Library",
    ),
    (
        "main",
        put("action.0.definitionCanonical", "https://example.org/none"),
        UnresolvedReferenceError,
        "no ActivityDefinition",
    ),
    (
        "main",
        put("action.0.definitionCanonical", "https://example.org/fhir/PlanDefinition/influenza-steps|2"),
        UnresolvedReferenceError,
        "influenza-steps|1.0.0",
    ),
    ("main", put("action.0.definitionCanonical", "#inside"), UnresolvedReferenceError, "contained"),
    (
        "steps",
        put("action.0.definitionCanonical", "https://example.org/fhir/PlanDefinition/influenza-reminder"),
        ArtifactError,
        "leads back to itself",
    ),
    ("main", put("subjectReference", {"reference": "Group/g"}), UnsupportedFeatureError, "subjectReference"),
    ("main", put("action.0.input", [{"type": "Observation", "dateFilter": [{}]}]), ArtifactError, "no path"),
    (
        "main",
        put("action.0.input", [{"type": "Observation", "codeFilter": [{"searchParam": "code"}]}]),
        UnsupportedFeatureError,
        "searchParam",
    ),
    (
        "main",
        put("action.0.input", [{"type": "Observation", "codeFilter": [{"path": "cod"}]}]),
        TypeMismatchError,
        "cod",
    ),
    (
        "main",
        put("action.0.input", [{"type": "Observation", "codeFilter": [{"path": "code", "valueSet": "u:v"}]}]),
        UnresolvedReferenceError,
        "u:v",
    ),
    ("main", drop("action.0.id"), ArtifactError, "no id"),
    ("steps", put("action.0.id", "vaccinate"), ArtifactError, "two actions have the id vaccinate"),
    (
        "steps",
        put("action.0.relatedAction.0.actionId", "nobody"),
        UnresolvedReferenceError,
        "no action nobody",
    ),
    ("main", put(f"{CONDITION}.language", "text/sql"), UnsupportedFeatureError, "text/sql"),
    ("main", put(CONDITION, {"language": "text/fhirpath"}), ArtifactError, "expression is empty"),
    ("main", put(f"{CONDITION}.expression", "Patient.birthDat.exists()"), TypeMismatchError, "birthDat"),
    ("main", put(f"{CONDITION}.expression", "Patient.birthDate <= today("), ParseError, ""),
    ("main", put(f"{CONDITION}.expression", "%nobody.exists()"), TypeMismatchError, "nobody"),
    (
        "main",
        put(CONDITION, {"language": "text/cql", "expression": "A and B"}),
        UnsupportedFeatureError,
        "CQL inside",
    ),
    (
        "main",
        put(CONDITION, {"language": "text/cql-identifier", "expression": "A"}),
        UnresolvedReferenceError,
        "no library is named",
    ),
    (
        "main",
        put(CONDITION, {"language": "text/cql-identifier", "expression": 'L."A"'}),
        UnresolvedReferenceError,
        "no library L",
    ),
    ("main", drop("action.0.condition.0.expression"), ArtifactError, "no expression"),
    ("main", put("action.0.transform", "https://example.org/map"), UnsupportedFeatureError, "transform"),
    ("main", put("action.0.goalId", ["g"]), UnresolvedReferenceError, "no goal g"),
    ("main", put("action.0.dynamicValue.0.path", "%action.titel"), TypeMismatchError, "titel"),
    ("main", drop("action.0.dynamicValue.0.path"), ArtifactError, "no path"),
    (
        "steps",
        put("action.1.dynamicValue.1.path", "note.where(true).text"),
        UnsupportedFeatureError,
        "where()",
    ),
    (
        "steps",
        put("action.1.dynamicValue.1.path", "occurrencePeriod.end"),
        TypeMismatchError,
        "occurrencePeriod",
    ),
    ("order", put("kind", "Appointment"), UnsupportedFeatureError, "Appointment"),
    ("order", put("bodySite", [{"text": "arm"}]), UnsupportedFeatureError, "bodySite"),
    ("order", put("transform", "https://example.org/map"), UnsupportedFeatureError, "transform"),
    ("letter", put("dynamicValue.0.path", "note[0].txt"), TypeMismatchError, "txt"),
    ("letter", put("dynamicValue.0.expression.expression", "today() +"), ParseError, ""),
]


def problems_of(folder: Path) -> tuple[GepnetError, ...]:
    with pytest.raises(PathwayError) as caught:
        load_pathway(folder)
    return caught.value.problems


@pytest.mark.parametrize(("name", "change", "error", "text"), FAULTS, ids=range(len(FAULTS)))
def test_fault(tmp_path: Path, name: str, change: Edit, error: type[GepnetError], text: str) -> None:
    folder = copy_to(tmp_path)
    edit(folder, name, change)
    problems = problems_of(folder)
    found = [problem for problem in problems if isinstance(problem, error) and text in str(problem)]
    assert found, [str(problem) for problem in problems]
    assert isinstance(found[0], LocatedError)
    assert found[0].where.artifact
    assert found[0].remedy


def test_the_unedited_folder_loads(tmp_path: Path) -> None:
    pathway = load_pathway(str(copy_to(tmp_path)))
    assert list(pathway.plans) == ["influenza-reminder", "influenza-steps"]


def test_all_faults_at_once(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    edit(folder, "main", put(f"{CONDITION}.language", "text/sql"))
    edit(folder, "steps", put("action.0.relatedAction.0.actionId", "nobody"))
    edit(folder, "steps", put("action.1.dynamicValue.1.path", "nte.text"))
    edit(folder, "order", put("kind", "Appointment"))
    edit(folder, "letter", put("titel", "t"))
    (folder / "broken.json").write_text("{")
    text = "\n".join(map(str, problems_of(folder)))
    for part in ("text/sql", "nobody", "nte", "Appointment", "titel", "broken.json"):
        assert part in text


def test_duplicate_canonical(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    source = folder / "plandefinition" / "influenza-steps.json"
    (folder / "again.json").write_bytes(source.read_bytes())
    assert "same canonical as" in str(problems_of(folder)[0])


def library(name: str, *contents: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Library",
        "id": name,
        "url": f"https://example.org/fhir/Library/{name}",
        "version": "1",
        "status": "active",
        "type": {"text": "logic"},
        "content": list(contents),
    }


def attachment(content_type: str, body: bytes) -> dict[str, Any]:
    return {"contentType": content_type, "data": base64.b64encode(body).decode()}


LIBRARIES: list[tuple[dict[str, Any], str]] = [
    (library("a", attachment("text/cql", b"library a")), "gepnet translate"),
    (library("a", {"contentType": "application/elm+json", "url": "https://example.org/a"}), "not in data"),
    (library("a", {"contentType": "application/elm+json", "data": "*"}), "not JSON in base64"),
    (library("a", attachment("application/elm+json", b"[]")), "no ELM library"),
]


@pytest.mark.parametrize(("resource", "text"), LIBRARIES)
def test_library_content(tmp_path: Path, resource: dict[str, Any], text: str) -> None:
    folder = copy_to(tmp_path)
    (folder / "library.json").write_bytes(write_json(resource))
    assert text in "\n".join(map(str, problems_of(folder)))


def test_folders_without_a_plan(tmp_path: Path) -> None:
    assert "no PlanDefinition" in str(problems_of(tmp_path)[0])
    assert "no such folder" in str(problems_of(tmp_path / "nowhere")[0])
