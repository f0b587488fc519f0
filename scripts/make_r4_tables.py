"""Generate fhir_gepnet/fhir/r4/types.json from the FHIR 4.0.1 model info of the CQL tooling.

Usage: python scripts/make_r4_tables.py [FHIR-MODELINFO.xml]

The model info says what the types of FHIR are to CQL: elements, choices, which element holds the
code of a resource, which one names its patient. Only these facts are kept, in a form of ours:

    {"Observation": {"base": "DomainResource", "code": "code", "patient": "subject",
                     "elements": {"category": "*CodeableConcept", "value": "Quantity|string|…"}}}

``*`` marks a list, ``|`` separates the types of a choice; a type of CQL's own has ``System.`` before it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
MODEL_INFO = ROOT.parent / "shared" / "data" / "cql-models" / "fhir-modelinfo-4.0.1.xml"
TABLE = ROOT / "fhir_gepnet" / "fhir" / "r4" / "types.json"

ELM = "{urn:hl7-org:elm-modelinfo:r1}"
KIND = "{http://www.w3.org/2001/XMLSchema-instance}type"

# Element that names the patient a resource is about, where it is not called subject or patient.
PATIENT_ELEMENTS = {
    "Coverage": "beneficiary",
    "EnrollmentRequest": "candidate",
    "ResearchSubject": "individual",
    "Task": "for",
}


def type_name(qualified: str) -> str:
    return qualified.removeprefix("FHIR.")


def specifier(node: ElementTree.Element) -> str:
    """A type specifier in our notation."""
    kind = node.get(KIND)
    if kind == "ListTypeSpecifier":
        inner = node.find(f"{ELM}elementTypeSpecifier")
        return "*" + (type_name(node.attrib["elementType"]) if inner is None else specifier(inner))
    if kind == "ChoiceTypeSpecifier":
        return "|".join(specifier(choice) for choice in node.findall(f"{ELM}choice"))
    if kind == "NamedTypeSpecifier":
        return type_name(f"{node.attrib['namespace']}.{node.attrib['name']}")
    raise SystemExit(f"the model info has a {kind}, which this script does not know")


def element_type(element: ElementTree.Element) -> str:
    node = element.find(f"{ELM}elementTypeSpecifier")
    return type_name(element.attrib["elementType"]) if node is None else specifier(node)


def patient_element(name: str, elements: dict[str, str]) -> str | None:
    """Definitions have a ``subject`` too, but theirs is a choice; that of a product is the product."""
    if name.startswith("MedicinalProduct"):
        return None
    usual = (role for role in ("subject", "patient") if elements.get(role) in ("Reference", "*Reference"))
    return PATIENT_ELEMENTS.get(name) or next(usual, None)


def table_of(model_info: Path) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for info in ElementTree.parse(model_info).getroot().findall(f"{ELM}typeInfo"):
        elements = {
            element.attrib["name"]: element_type(element) for element in info.findall(f"{ELM}element")
        }
        entry: dict[str, Any] = {"base": type_name(info.attrib["baseType"])}
        name = info.attrib["name"]
        if info.get("primaryCodePath"):
            entry["code"] = info.attrib["primaryCodePath"]
        if info.get("retrievable") == "true":
            entry["retrievable"] = True
            if (patient := patient_element(name, elements)) is not None:
                entry["patient"] = patient
        table[name] = entry | {"elements": elements}
    return dict(sorted(table.items()))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    model_info = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL_INFO
    table = table_of(model_info)
    TABLE.parent.mkdir(exist_ok=True)
    # One line per type, so that a change can be read in a diff.
    lines = ",\n".join(compact(name) + ":" + compact(entry) for name, entry in table.items())
    TABLE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{TABLE.relative_to(ROOT)}: {len(table)} types, {TABLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
