"""The R4 tables: spot checks by hand, and that they are what the script makes of the model info."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from fhir_gepnet.fhir import model
from fhir_gepnet.json_io import read_json_file

ROOT = Path(__file__).parents[2]
SUITES = Path(os.environ.get("FHIR_GEPNET_SUITES", ROOT.parent / "shared" / "data"))


def test_elements() -> None:
    value = model.element("Observation", "value")
    assert value is not None
    assert value.is_choice
    assert not value.is_list
    assert ("valueQuantity", "Quantity") in value.json_keys
    assert ("valueDateTime", "dateTime") in value.json_keys
    category = model.element("Observation", "category")
    assert category == model.ElementInfo("category", ("CodeableConcept",), True)
    assert model.element("Observation", "id") == model.ElementInfo("id", ("id",), False), "inherited"
    assert model.element("Observation", "valueQuantity") is None
    assert model.element("Nonsense", "value") is None
    assert model.choice_keys("MedicationRequest", "medication") == (
        ("medicationCodeableConcept", "CodeableConcept"),
        ("medicationReference", "Reference"),
    )
    assert model.choice_keys("Patient", "birthDate") == (("birthDate", "date"),)
    assert model.choice_keys("Patient", "nonsense") == ()


@pytest.mark.parametrize(
    ("resource_type", "code", "patient"),
    [
        ("AllergyIntolerance", "code", "patient"),
        ("CarePlan", "category", "subject"),
        ("Condition", "code", "subject"),
        ("DiagnosticReport", "code", "subject"),
        ("Encounter", "type", "subject"),
        ("Goal", "category", "subject"),
        ("Immunization", "vaccineCode", "patient"),
        ("MedicationAdministration", "medication", "subject"),
        ("MedicationRequest", "medication", "subject"),
        ("MedicationStatement", "medication", "subject"),
        ("Observation", "code", "subject"),
        ("Procedure", "code", "subject"),
        ("ServiceRequest", "code", "subject"),
        ("Specimen", "type", "subject"),
        ("Task", "code", "for"),
        ("Coverage", "type", "beneficiary"),
        ("Patient", None, None),
        ("Practitioner", None, None),
        ("ActivityDefinition", "topic", None),
        ("Nonsense", None, None),
    ],
)
def test_code_and_patient(resource_type: str, code: str | None, patient: str | None) -> None:
    assert model.primary_code_path(resource_type) == code
    assert model.patient_element(resource_type) == patient


def test_types() -> None:
    assert model.is_subtype("Age", "Quantity") is True
    assert model.is_subtype("Observation", "Resource") is True
    assert model.is_subtype("Quantity", "Age") is False
    assert model.is_subtype("Nonsense", "Resource") is False
    assert model.is_primitive("dateTime") is True
    assert model.is_primitive("ObservationStatus") is True
    assert model.is_primitive("Quantity") is False
    assert model.is_primitive("Extension") is False
    assert model.primitive_of("positiveInt") == "System.Integer"
    assert model.primitive_of("instant") == "System.DateTime"
    assert model.fhir_type("ObservationStatus") == "code"
    assert model.fhir_type("Observation.Component") == "BackboneElement"
    assert model.fhir_type("Quantity") == "Quantity"


def test_every_type_that_is_named_exists() -> None:
    names = model.type_names()
    assert len(names) > 900
    for name in names:
        info = model.type_info(name)
        assert info is not None
        assert info.base == "System.Any" or info.base in names
        assert info.code is None or info.code.partition(".")[0] in info.elements
        assert info.patient is None or info.patient in info.elements
        for element in info.elements.values():
            assert all(of in names or of.startswith("System.") for of in element.types), (name, element)


def test_compartment_paths() -> None:
    assert model.compartment_paths("Observation") == ("subject", "performer")
    assert model.compartment_paths("Appointment") == ("participant.actor",)
    assert model.compartment_paths("Practitioner") == ()
    within = {name for name in model.type_names() if model.compartment_paths(name)}
    assert len(within) == 67
    for name in within:
        of = name
        for path in model.compartment_paths(name):
            of = name
            for step in path.split("."):
                element = model.element(of, step)
                assert element is not None, (name, path)
                of = element.types[0]
            assert of == "Reference", (name, path)


def test_the_table_is_what_the_script_makes() -> None:
    source = SUITES / "cql-models" / "fhir-modelinfo-4.0.1.xml"
    if not source.exists():
        pytest.skip("the FHIR model info is not there; name its folder in FHIR_GEPNET_SUITES")
    script = runpy.run_path(str(ROOT / "scripts" / "make_r4_tables.py"))
    folder = script["definitions"](fetch=False)
    if folder is None:
        pytest.skip("FHIR's definitions are not in the cache; scripts/make_r4_tables.py fetches them")
    assert script["table_of"](source, folder) == read_json_file(ROOT / "fhir_gepnet/fhir/r4/types.json")
