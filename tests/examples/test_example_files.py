"""The committed examples: made from their sources, valid FHIR R4, requests as the service asks for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from jsonschema import Draft202012Validator

from cds_hooks.prefetch import published
from cds_hooks.services import load_services
from fhir_gepnet.json_io import read_json_file, write_json

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = sorted((ROOT / "examples" / "patients").glob("*.json"))
REQUESTS = sorted((ROOT / "examples" / "requests").glob("*.json"))
NAMES = [path.stem for path in PATIENTS]


def resources_of(path: Path) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in read_json_file(path)["entry"]]


def sent(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Every resource of a request's prefetch."""
    found = []
    for value in request["prefetch"].values():
        if value and value["resourceType"] == "Bundle":
            found += [entry["resource"] for entry in value["entry"]]
        elif value:
            found.append(value)
    return found


def test_there_are_eight_patients_and_a_request_for_each() -> None:
    assert len(PATIENTS) == 8
    assert {path.stem for path in REQUESTS} == {*NAMES, "midgut-progression-without-ki67"}


def test_the_files_are_what_the_script_makes_of_the_sources() -> None:
    script = ROOT / "scripts" / "make_examples.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PATIENTS, ids=NAMES)
def test_patient_is_a_valid_bundle_of_realistic_size(path: Path) -> None:
    bundle = read_json_file(path)
    get_fhir_model_class("Bundle").model_validate_json(write_json(bundle))
    assert 60 <= len(bundle["entry"]) <= 150
    assert "synthetic" in bundle["meta"]["tag"][0]["display"]
    names = [(entry["resource"]["resourceType"], entry["resource"]["id"]) for entry in bundle["entry"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", PATIENTS, ids=NAMES)
def test_every_resource_is_about_the_one_patient(path: Path) -> None:
    patient, *others = resources_of(path)
    for resource in others:
        if resource["resourceType"] != "Medication":
            named = resource["subject" if "subject" in resource else "patient"]
            assert named["reference"] == f"Patient/{patient['id']}"


@pytest.mark.parametrize("path", REQUESTS, ids=[path.stem for path in REQUESTS])
def test_request_keeps_the_published_contract(path: Path) -> None:
    request = read_json_file(path)
    schema = read_json_file(ROOT / "docs" / "schemas" / "request.schema.json")
    assert list(Draft202012Validator(schema).iter_errors(request)) == []
    (service,) = load_services(ROOT / "plandefinitions" / "gepnet-2018")
    assert set(request["prefetch"]) == set(published(service.templates))


@pytest.mark.parametrize("path", PATIENTS, ids=NAMES)
def test_request_sends_what_its_patient_has(path: Path) -> None:
    asked = {"Patient", "Medication"} | {
        key[0].upper() + key[1:]
        for key in read_json_file(ROOT / "examples" / "requests" / path.name)["prefetch"]
    }
    held = [resource for resource in resources_of(path) if resource["resourceType"] in asked]
    request = read_json_file(ROOT / "examples" / "requests" / path.name)
    assert {*map(write_json, sent(request))} == {*map(write_json, held)}


def test_the_measured_request_has_the_size_that_the_benchmarks_state() -> None:
    request = read_json_file(ROOT / "examples" / "requests" / "midgut-progression.json")
    assert len(sent(request)) == 100
    assert 140_000 <= len(write_json(request)) <= 160_000


def test_the_records_are_as_messy_as_real_ones() -> None:
    resources = [resource for path in PATIENTS for resource in resources_of(path)]
    observations = [resource for resource in resources if resource["resourceType"] == "Observation"]
    assert {"cancelled", "preliminary"} <= {observation["status"] for observation in observations}
    assert any("contained" in resource for resource in resources)
    assert any(
        resource.get("medicationReference", {}).get("reference", "#")[0] != "#" for resource in resources
    )
    assert any("profile" not in resource["meta"] for resource in resources)
    units = {resource["valueQuantity"]["unit"] for resource in observations if "valueQuantity" in resource}
    assert {"g/dL", "mmol/L", "umol/L", "[lb_av]", "10*9/L", "10*3/uL"} <= units
