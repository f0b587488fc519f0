"""Every row of every table: CQL, the ELM that the translator makes of it, and the value that we want.

The tables are our own; ``make_tables.py`` fills in their ELM.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json, read_json_file
from fhir_gepnet.logic import load_libraries, to_plain
from fhir_gepnet.logic.program import Libraries

ROOT = Path(__file__).parents[2]
TABLES = {
    path.stem: read_json_file(path) for path in sorted((Path(__file__).parent / "tables").glob("*.json"))
}
CASES = [
    pytest.param(name, case["name"], case["value"], id=f"{name}: {case['name']}")
    for name, table in TABLES.items()
    for case in table["cases"]
]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOBODY = [{"resourceType": "Patient", "id": "p"}]


@cache
def conversions() -> Any:
    """The ELM of the conversions library, out of the Library that carries it."""
    library = read_json_file(ROOT / "plandefinitions/gepnet-2018/library/GepnetConversions.json")
    content = next(each for each in library["content"] if each["contentType"] == "application/elm+json")
    return read_json(base64.b64decode(content["data"]))


@cache
def loaded(name: str, native: bool = True) -> tuple[Libraries, PatientRecord]:
    """A table's library and record."""
    table = TABLES[name]
    libraries = load_libraries(
        [table["elm"], conversions()], value_sets=table.get("value_sets", ()), native_conversions=native
    )
    return libraries, PatientRecord.of(table.get("record", NOBODY))


def as_wanted(value: Any) -> Any:
    """A value with its numbers to eight places and without the difference of 2 and 2.0."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return Decimal(value).quantize(Decimal("1E-8"))
    if isinstance(value, list):
        return [as_wanted(item) for item in value]
    return {key: as_wanted(item) for key, item in value.items()}


def same(left: Any, right: Any) -> bool:
    """Equality that keeps true and 1 apart."""
    return repr(as_wanted(left)) == repr(as_wanted(right))


def test_the_tables_were_found() -> None:
    assert len(TABLES) >= 9
    assert len(CASES) >= 400


@pytest.mark.parametrize(("table", "name", "wanted"), CASES)
def test_case(table: str, name: str, wanted: Any) -> None:
    libraries, record = loaded(table)
    definition = libraries["Table"].definition(name)
    got = to_plain(definition.evaluate(libraries.scope(record, now=NOW)), definition.result_type)
    assert same(got, wanted), got


def test_native_conversions_and_the_librarys_own_agree() -> None:
    for name in TABLES:
        libraries, record = loaded(name)
        others, _ = loaded(name, native=False)
        native = libraries["Table"].evaluate(record, now=NOW)
        assert native == others["Table"].evaluate(record, now=NOW)
        assert len(native) == len(TABLES[name]["cases"])
