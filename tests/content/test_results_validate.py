"""What the pathway that ships says about each of its cases is valid FHIR R4, in every form."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from pathway_folder import FOLDER

from fhir_gepnet import Pathway, PatientRecord, load_pathway
from fhir_gepnet.authoring.cases import Case, find_cases, read_expected
from fhir_gepnet.json_io import read_json_file, write_json

CASES = find_cases(FOLDER)


@cache
def pathway() -> Pathway:
    return load_pathway(FOLDER)


def test_the_cases_were_found() -> None:
    assert len(CASES) > 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_valid_and_without_loose_ends(case: Case) -> None:
    expected = read_expected(case)
    record = PatientRecord.of(
        read_json_file(case.folder / "patient.json"), complete=expected.get("complete", ())
    )
    result = pathway().apply(
        record, now=expected["now"], plan=expected.get("plan"), parameters=expected.get("parameters")
    )
    for merge in (False, True):
        care_plan, bundle = result.care_plan(merge_nested=merge), result.bundle(merge_nested=merge)
        CarePlan.model_validate_json(write_json(care_plan))
        Bundle.model_validate_json(write_json(bundle))
        contained = {f"#{each['id']}" for each in care_plan["contained"]}
        assert len(contained) == len(care_plan["contained"])
        assert {each for each in references(care_plan) if each.startswith("#")} == contained
        urls = {entry["fullUrl"] for entry in bundle["entry"]}
        assert {each for each in references(bundle) if each.startswith("urn:uuid:")} <= urls


def references(value: Any) -> list[str]:
    """Every ``reference`` in a document."""
    if isinstance(value, list):
        return [found for each in value for found in references(each)]
    if not isinstance(value, dict):
        return []
    own = [each for name, each in value.items() if name == "reference" and isinstance(each, str)]
    return own + [found for each in value.values() for found in references(each)]
