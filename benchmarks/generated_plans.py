"""Pathway folders of any size, about nothing: many actions, many levels, many libraries.

Every condition asks something of the record, so that nothing is decided at load: even actions ask whether
there are Conditions (there are), odd ones whether there are Immunizations (there are none).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fhir_gepnet.json_io import write_json

CANONICAL = "https://example.org/fhir"
BOOLEAN = "{urn:hl7-org:elm-types:r1}Boolean"
PATIENT = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p"}},
        {"resource": {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"}}},
    ],
}


def wide_plan(folder: Path, actions: int) -> Path:
    """One plan with so many actions in groups of ten; each group applies, and half of its actions."""
    groups = [
        {
            "id": f"g{start}",
            "title": f"Group {start}",
            "condition": [_condition("There", "L0")],
            "action": [_action(number, "L0") for number in range(start, min(start + 10, actions))],
        }
        for start in range(0, actions, 10)
    ]
    return _written(folder, groups, [_library(0, ())])


def deep_plan(folder: Path, levels: int) -> Path:
    """One plan whose actions nest so many levels deep, two on each level."""
    actions: list[dict[str, Any]] = []
    for level in reversed(range(levels)):
        inner = {"action": actions} if actions else {}
        actions = [
            {"id": f"x{level}", "title": f"Level {level}", "condition": [_condition("There", "L0")], **inner},
            _action(2 * level + 1, "L0"),
        ]
    return _written(folder, actions, [_library(0, ())])


def many_libraries(folder: Path, libraries: int) -> Path:
    """One plan over so many libraries, each but the first including the one at half its number."""
    made = [_library(number, (number // 2,) if number else ()) for number in range(libraries)]
    actions = [_action(2 * number, f"L{number}") for number in range(libraries)]
    return _written(folder, actions, made)


def _action(number: int, library: str) -> dict[str, Any]:
    name = "Absent" if number % 2 else "There"
    return {
        "id": f"a{number}",
        "title": f"Step {number}",
        "description": f"What is done in step {number}.",
        "condition": [_condition(name, library)],
    }


def _condition(name: str, library: str) -> dict[str, Any]:
    expression = {
        "language": "text/cql-identifier",
        "expression": name,
        "reference": f"{CANONICAL}/Library/{library}|1.0.0",
    }
    return {"kind": "applicability", "expression": expression}


def _library(number: int, included: Sequence[int]) -> dict[str, Any]:
    """A library with two questions of its own, ANDed with those of what it includes."""
    operands = {"There": _exists("Condition"), "Absent": _exists("Immunization")}
    definitions = []
    for name, expression in operands.items():
        for other in included:
            inner = {"type": "ExpressionRef", "name": name, "libraryName": f"L{other}"}
            both = [expression, inner | {"resultTypeName": BOOLEAN}]
            expression = {"type": "And", "operand": both, "resultTypeName": BOOLEAN}
        definitions.append(
            {
                "name": name,
                "context": "Patient",
                "accessLevel": "Public",
                "resultTypeName": BOOLEAN,
                "expression": expression,
            }
        )
    library: dict[str, Any] = {
        "identifier": {"id": f"L{number}", "version": "1.0.0"},
        "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
        "usings": {
            "def": [
                {"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"},
                {"localIdentifier": "FHIR", "uri": "http://hl7.org/fhir", "version": "4.0.1"},
            ]
        },
        "statements": {"def": definitions},
    }
    if included:
        library["includes"] = {
            "def": [
                {"localIdentifier": f"L{other}", "path": f"L{other}", "version": "1.0.0"}
                for other in included
            ]
        }
    data = base64.b64encode(write_json({"library": library})).decode()
    return {
        "resourceType": "Library",
        "id": f"L{number}",
        "url": f"{CANONICAL}/Library/L{number}",
        "version": "1.0.0",
        "name": f"L{number}",
        "status": "active",
        "type": {"text": "logic"},
        "content": [{"contentType": "application/elm+json", "data": data}],
    }


def _exists(resource_type: str) -> dict[str, Any]:
    name = "{http://hl7.org/fhir}" + resource_type
    element = {"type": "NamedTypeSpecifier", "name": name}
    retrieve = {
        "type": "Retrieve",
        "dataType": name,
        "resultTypeSpecifier": {"type": "ListTypeSpecifier", "elementType": element},
    }
    return {"type": "Exists", "operand": retrieve, "resultTypeName": BOOLEAN}


def _written(folder: Path, actions: list[dict[str, Any]], libraries: list[dict[str, Any]]) -> Path:
    plan = {
        "resourceType": "PlanDefinition",
        "id": "generated",
        "url": f"{CANONICAL}/PlanDefinition/generated",
        "version": "1.0.0",
        "status": "active",
        "description": "Generated.",
        "library": [f"{each['url']}|1.0.0" for each in libraries],
        "action": actions,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for resource in (plan, *libraries):
        (folder / f"{resource['resourceType']}-{resource['id']}.json").write_bytes(write_json(resource))
    return folder
