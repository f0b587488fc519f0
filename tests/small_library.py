"""A Library resource with hand-made ELM: definitions that are literals, or refer to each other."""

from __future__ import annotations

import base64
from typing import Any

from fhir_gepnet.json_io import write_json

SYSTEM = "{urn:hl7-org:elm-types:r1}"


def literal(type_name: str, value: str) -> dict[str, Any]:
    """A literal of a System type."""
    return {
        "type": "Literal",
        "valueType": SYSTEM + type_name,
        "value": value,
        "resultTypeName": SYSTEM + type_name,
    }


def null(type_name: str) -> dict[str, Any]:
    """A typed null."""
    return {
        "type": "As",
        "asType": SYSTEM + type_name,
        "resultTypeName": SYSTEM + type_name,
        "operand": {"type": "Null", "resultTypeName": SYSTEM + "Any"},
    }


def reference(name: str, type_name: str) -> dict[str, Any]:
    """A reference to another definition."""
    return {"type": "ExpressionRef", "name": name, "resultTypeName": SYSTEM + type_name}


TRUE, FALSE = literal("Boolean", "true"), literal("Boolean", "false")


def elm(
    name: str, definitions: dict[str, dict[str, Any]], parameters: tuple[str, ...] = ()
) -> dict[str, Any]:
    """An ELM library; parameters are lists of strings."""
    return {
        "library": {
            "identifier": {"id": name, "version": "1"},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
            "parameters": {
                "def": [
                    {
                        "name": parameter,
                        "accessLevel": "Public",
                        "resultTypeSpecifier": strings(),
                        "parameterTypeSpecifier": strings(),
                    }
                    for parameter in parameters
                ]
            },
            "statements": {
                "def": [
                    {
                        "name": define,
                        "context": "Patient",
                        "accessLevel": "Public",
                        "expression": expression,
                        **{key: value for key, value in expression.items() if key.startswith("resultType")},
                    }
                    for define, expression in definitions.items()
                ]
            },
        }
    }


def strings() -> dict[str, Any]:
    """The type List<String>."""
    return {
        "type": "ListTypeSpecifier",
        "elementType": {"type": "NamedTypeSpecifier", "name": SYSTEM + "String"},
    }


def library(
    name: str, definitions: dict[str, dict[str, Any]], parameters: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A Library resource that holds the ELM."""
    body = write_json(elm(name, definitions, parameters))
    return {
        "resourceType": "Library",
        "id": name,
        "url": f"https://example.org/fhir/Library/{name}",
        "version": "1",
        "status": "active",
        "type": {"text": "logic"},
        "content": [{"contentType": "application/elm+json", "data": base64.b64encode(body).decode()}],
    }


def plan(
    actions: list[dict[str, Any]], libraries: tuple[str, ...] = (), name: str = "plan"
) -> dict[str, Any]:
    """A PlanDefinition that uses libraries by name."""
    return {
        "resourceType": "PlanDefinition",
        "id": name,
        "url": f"https://example.org/fhir/PlanDefinition/{name}",
        "version": "1",
        "status": "active",
        "library": [f"https://example.org/fhir/Library/{each}|1" for each in libraries],
        "action": actions,
    }


def condition(text: str, language: str = "text/cql-identifier", **more: Any) -> dict[str, Any]:
    """An applicability condition."""
    return {"kind": "applicability", "expression": {"language": language, "expression": text, **more}}
