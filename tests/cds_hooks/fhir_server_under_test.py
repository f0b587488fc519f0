"""A FHIR server over the second pathway, with a library, a value set and two versions of a plan beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient
from second_pathway import SECOND_PATHWAY, copy_to
from service_under_test import CONFIGURATION
from small_library import SYSTEM, TRUE, condition, library, literal, null, plan, reference

from cds_hooks.app import application_of
from cds_hooks.services import load_served
from fhir_gepnet.json_io import read_json, read_json_file, write_json

INTEGERS = {
    "type": "ListTypeSpecifier",
    "elementType": {"type": "NamedTypeSpecifier", "name": SYSTEM + "Integer"},
}


def integers(*values: str) -> dict[str, Any]:
    """A list of integers."""
    elements = [literal("Integer", value) for value in values]
    return {"type": "List", "element": elements, "resultTypeSpecifier": INTEGERS}


BROKEN = {
    "type": "SingletonFrom",
    "operand": integers("1", "2"),
    "resultTypeName": SYSTEM + "Integer",
}
DEFINES = {
    "Yes": TRUE,
    "Nothing": null("Boolean"),
    "Two": literal("Integer", "2"),
    "Half": literal("Decimal", "0.50"),
    "Text": literal("String", "a text"),
    "List": integers("1", "2"),
    "None": integers(),
    "Broken": BROKEN,
    "Via": reference("Yes", "Boolean"),
}
VALUE_SET = {
    "resourceType": "ValueSet",
    "id": "colours",
    "url": "https://example.org/fhir/ValueSet/colours",
    "version": "1.0.0",
    "name": "Colours",
    "title": "Colours",
    "status": "draft",
    "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>red</div>"},
    "compose": {"include": [{"system": "https://example.org/colours", "concept": [{"code": "red"}]}]},
}


def older_and_newer() -> list[dict[str, Any]]:
    """One canonical in two versions, under two ids; the broken library decides one action."""
    plans = []
    for number, version in enumerate(("1.9.0", "1.10.0")):
        actions = [
            {"id": "a", "title": version, "condition": [condition("Yes")]},
            {"id": "b", "condition": [condition("Nothing")]},
        ]
        made = plan(actions, ("Small",), f"versioned-{number}")
        plans.append(made | {"url": "https://example.org/fhir/PlanDefinition/versioned", "version": version})
    return plans


@cache
def client() -> FlaskClient:
    """A client of the server; loaded once."""
    with TemporaryDirectory() as folder:
        root = copy_to(Path(folder))
        small = library("Small", DEFINES) | {"name": "Small", "title": "Small: a library"}
        for resource in (small, VALUE_SET, *older_and_newer()):
            (root / f"{resource['resourceType']}-{resource['id']}.json").write_bytes(write_json(resource))
        served = load_served(root)
    return application_of(served.services, CONFIGURATION, served.pathways).test_client()


def patient(case: str) -> Any:
    """The data of a case of the second pathway."""
    return read_json_file(SECOND_PATHWAY / "cases" / case / "patient.json")


def valid(answer: Any) -> dict[str, Any]:
    """The resource of an answer, which is valid R4 whatever its status."""
    assert answer.headers["Content-Type"] == "application/fhir+json", answer.headers
    document = read_json(answer.data)
    get_fhir_model_class(document["resourceType"]).model_validate_json(answer.data)
    return document
