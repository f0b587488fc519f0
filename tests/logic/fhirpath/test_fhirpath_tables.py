"""Our own tables, one per chapter: expression, resource, what it gives or why it is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet import errors
from fhir_gepnet.json_io import read_json_file, write_json
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath
from fhir_gepnet.logic.fhirpath.functions import NOT_CARRIED_OUT, known_functions

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RESOURCES: dict[str, Any] = read_json_file(HERE / "resources.json")
ROWS = [
    pytest.param(row, id=f"{table.stem}-{number}")
    for table in sorted((HERE / "tables").glob("*.json"))
    for number, row in enumerate(read_json_file(table), 1)
]


def alike(got: Any, wanted: Any) -> bool:
    """Equal with the same kind of value: True is not 1; 2.5 and 2.50 are one number."""
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(alike, got, wanted))
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(alike(got[key], wanted[key]) for key in wanted)
    return isinstance(got, bool) is isinstance(wanted, bool) and bool(got == wanted)


def test_tables_were_found() -> None:
    assert len(ROWS) > 200


@pytest.mark.parametrize("row", ROWS)
def test_table(row: dict[str, Any]) -> None:
    resource = RESOURCES[row.get("on", "none")]
    before = write_json(resource)
    if "refused" in row:
        with pytest.raises(getattr(errors, row["refused"])) as caught:
            compile_fhirpath(row["expression"])(resource, now=NOW)
        assert row["says"] in str(caught.value)
    else:
        got = compile_fhirpath(row["expression"])(resource, now=NOW)
        assert alike(got, row["gives"]), f"gave {got}"
    assert write_json(resource) == before, "the caller's data are never changed"


def test_every_function_is_tried() -> None:
    """A function without a row is not known to work."""
    texts = " ".join(row.values[0]["expression"] for row in ROWS)
    assert {name for name in known_functions() if f"{name}(" not in texts} == set()
    assert not known_functions() & NOT_CARRIED_OUT.keys()
