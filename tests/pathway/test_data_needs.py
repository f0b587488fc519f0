"""Data needs: what the logic reads, narrowed by what the author says."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_gepnet.pathway.data_needs import DataNeed, data_needs_of


def requirement(resource_type: str, *codes: str, path: str = "category") -> dict[str, Any]:
    found: dict[str, Any] = {"type": resource_type}
    if codes:
        found["codeFilter"] = [{"path": path, "code": [{"system": "s", "code": code} for code in codes]}]
    return found


PATIENT = DataNeed("Patient")
ROWS: list[tuple[list[str], list[dict[str, Any]], list[DataNeed]]] = [
    ([], [], [PATIENT]),
    (["Observation", "Patient", "Condition"], [], [PATIENT, DataNeed("Condition"), DataNeed("Observation")]),
    (
        ["Observation"],
        [requirement("Observation", "laboratory")],
        [PATIENT, DataNeed("Observation", ("laboratory",))],
    ),
    (
        ["Observation"],
        [requirement("Observation", "vital-signs"), requirement("Observation", "laboratory", "vital-signs")],
        [PATIENT, DataNeed("Observation", ("laboratory", "vital-signs"))],
    ),
    (
        ["Observation"],
        [requirement("Observation", "laboratory"), requirement("Observation")],
        [PATIENT, DataNeed("Observation")],
    ),
    (
        ["Observation"],
        [requirement("Observation"), requirement("Observation", "laboratory")],
        [PATIENT, DataNeed("Observation")],
    ),
    (["Observation"], [requirement("Observation", "1", path="code")], [PATIENT, DataNeed("Observation")]),
    ([], [requirement("Procedure")], [PATIENT, DataNeed("Procedure")]),
]


@pytest.mark.parametrize(("retrieved", "requirements", "needs"), ROWS)
def test_data_needs(retrieved: list[str], requirements: list[dict[str, Any]], needs: list[DataNeed]) -> None:
    assert list(data_needs_of(retrieved, requirements)) == needs
