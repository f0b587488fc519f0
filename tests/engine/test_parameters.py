"""Parameters and context reach the logic; complete searches are bound unless the caller binds them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import library, plan, strings

from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAME = "Complete Searches"
PATIENT = {"resourceType": "Patient", "id": "p1"}


@pytest.mark.parametrize(
    ("complete", "parameters", "expected"),
    [
        ((), None, None),
        (("Procedure", "Condition"), None, ["Condition", "Procedure"]),
        (("Condition",), {NAME: ["Observation"]}, ["Observation"]),
    ],
)
def test_complete_searches(
    tmp_path: Path, complete: tuple[str, ...], parameters: dict[str, Any] | None, expected: list[str] | None
) -> None:
    definition = {"type": "ParameterRef", "name": NAME, "resultTypeSpecifier": strings()}
    logic = library("Logic", {"Searches": definition}, (NAME,))
    expression = {"language": "text/cql-identifier", "expression": "Searches"}
    value = {"path": "%action.extension('u').value", "expression": expression}
    actions = [{"id": "a", "dynamicValue": [value]}]
    for resource in (logic, plan(actions, ("Logic",))):
        (tmp_path / f"{resource['id']}.json").write_bytes(write_json(resource))
    record = PatientRecord.of(PATIENT, complete=complete)
    decision = load_pathway(tmp_path).apply(record, now=NOW, parameters=parameters).decisions[0]
    extensions = decision.output.get("extension")
    assert extensions == (expected and [{"url": "u", "valueString": each} for each in expected])
