"""The artefacts of the pathway that ships, read once, and what the content tests ask of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fhir_gepnet.json_io import read_json, read_json_file

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "plandefinitions" / "gepnet-2018"
HERE = Path(__file__).parent
BASE = "https://fhir-gepnet.org/fhir"
VERSION = "2018.1.0"
RESOURCE_FOLDERS = (
    "plandefinition", "activitydefinition", "structuredefinition", "library", "valueset", "codesystem"
)  # fmt: skip

Json = dict[str, Any]


@cache
def files() -> tuple[Path, ...]:
    """Every artefact file of the folder, cases left out."""
    return tuple(sorted(file for name in RESOURCE_FOLDERS for file in (FOLDER / name).glob("*.json")))


@cache
def resource_in(file: Path) -> Json:
    """One artefact."""
    resource: Json = read_json_file(file)
    return resource


def resources(resource_type: str) -> list[Json]:
    """All artefacts of a type, in the order of their file names."""
    return [resource for resource in map(resource_in, files()) if resource["resourceType"] == resource_type]


def plans(plan_type: str | None = None) -> list[Json]:
    """PlanDefinitions, all or those of a type code."""
    return [
        plan
        for plan in resources("PlanDefinition")
        if plan_type is None or plan["type"]["coding"][0]["code"] == plan_type
    ]


def options() -> list[Json]:
    """The recommendations that carry a therapy option."""
    return [plan for plan in plans("eca-rule") if plan["id"].startswith("gepnet-2018-option-")]


def actions(plan: Json) -> Iterator[Json]:
    """All actions of a plan, parents before children."""
    waiting = list(plan["action"])
    while waiting:
        action = waiting.pop(0)
        yield action
        waiting = [*action.get("action", ()), *waiting]


def walk(value: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every JSON object below a value with its FHIRPath-like place, the value itself first."""
    if isinstance(value, dict):
        yield place, value
        for key, each in value.items():
            yield from walk(each, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from walk(each, f"{place}[{number}]")


@cache
def elm_libraries() -> dict[str, Json]:
    """ELM of every Library, by identifier; empty before the first translation."""
    found: dict[str, Json] = {}
    for library in resources("Library"):
        for content in library.get("content", ()):
            if content["contentType"] == "application/elm+json":
                elm = read_json(base64.b64decode(content["data"]), library["id"])["library"]
                found[elm["identifier"]["id"]] = elm
    return found


def definitions(library: str) -> dict[str, Json]:
    """The defines of a library by name, functions left out."""
    statements = elm_libraries()[library]["statements"]["def"]
    return {each["name"]: each for each in statements if each.get("type") != "FunctionDef"}


def extensions(element: Json, name: str) -> list[Any]:
    """Values of the extensions of ours with this name."""
    return [
        next(value for key, value in extension.items() if key.startswith("value"))
        for extension in element.get("extension", ())
        if extension["url"] == f"{BASE}/StructureDefinition/{name}"
    ]
