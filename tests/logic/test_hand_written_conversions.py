"""ELM nodes that the translator hardly writes, one define each, through both back ends."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import load_libraries

FILE = read_json_file(Path(__file__).parent / "elm" / "conversions.json")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_cases_were_found() -> None:
    assert len(FILE["cases"]) > 40


@pytest.mark.parametrize("back_end", ["source", "closures"])
@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["name"])
def test_case(case: dict[str, Any], back_end: str) -> None:
    library = {**FILE["library"], "statements": {"def": [{"name": "X", "expression": case["expression"]}]}}
    loaded = load_libraries([library], value_sets=FILE["value_sets"], back_end=back_end)
    got = loaded["Written"].evaluate(PatientRecord.of(FILE["record"]), now=NOW)["X"]
    assert got == case["value"]
    assert isinstance(got, bool) is isinstance(case["value"], bool), "true and 1 are two"
