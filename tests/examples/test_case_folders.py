"""The case folders of the pathway: complete, valid FHIR R4, each about one patient and with its reason."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_gepnet import load_pathway
from fhir_gepnet.authoring.cases import Case, run_case
from fhir_gepnet.engine.pathway import Pathway
from fhir_gepnet.json_io import read_json_file, write_json

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted((ROOT / "plandefinitions" / "gepnet-2018" / "cases").iterdir())
NEEDED = [
    "01",
    "02",
    "03",
    "08",
    "09",
    "10",
    "11",
    "12",
    "16",
    "17",
    "18",
    "19",
    "20",
    "21",
    "22",
    "23",
    "29",
]


def test_the_vignettes_that_were_asked_for_are_there() -> None:
    numbers = {found[1] for case in CASES if (found := re.match(r"v(\d\d)", case.name))}
    assert len(CASES) >= 60
    assert numbers >= {*NEEDED}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case_is_complete_and_its_patient_valid(case: Path) -> None:
    assert sorted(file.name for file in case.iterdir()) == ["expected.json", "patient.json", "why.md"]
    bundle = read_json_file(case / "patient.json")
    get_fhir_model_class("Bundle").model_validate_json(write_json(bundle))
    types = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert types.count("Patient") == 1
    assert "synthetic" in bundle["meta"]["tag"][0]["display"]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case_says_why_with_its_rules(case: Path) -> None:
    why = (case / "why.md").read_text(encoding="utf-8")
    assert why.count("\n") <= 2
    vignette = case.name.split("-")[0].rstrip("abc").upper()
    assert why.startswith(vignette) or not case.name.startswith("v")
    assert re.search(r"\b[RDGV]\d\d?\b|§\d", why) or "Data elements" in why


@cache
def pathway() -> Pathway:
    return load_pathway(CASES[0].parents[1])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case_is_decided_as_expected(case: Path) -> None:
    assert run_case(pathway(), Case(case.name, case)) == []
