"""Generated source against its oracle, the closures: same values, same errors, for everything we have."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.errors import GepnetError, PatientDataError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json, read_json_file
from fhir_gepnet.logic import Libraries, load_libraries

ROOT = Path(__file__).parents[3]
PATHWAY = ROOT / "plandefinitions" / "gepnet-2018"
TABLES = sorted((ROOT / "tests" / "logic" / "tables").glob("*.json"))
CASES = sorted(path.parent for path in PATHWAY.glob("cases/*/expected.json"))
NOBODY = [{"resourceType": "Patient", "id": "p"}]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BACK_ENDS = ("closures", "source")


def elm_of(file: Path) -> Iterator[Any]:
    """The ELM that a Library resource carries."""
    for content in read_json_file(file).get("content", ()):
        if content["contentType"] == "application/elm+json":
            yield read_json(base64.b64decode(content["data"]))


@cache
def pathway(back_end: str) -> Libraries:
    """All libraries of the pathway."""
    resources = {
        kind: [read_json_file(file) for file in sorted((PATHWAY / kind).glob("*.json"))]
        for kind in ("valueset", "codesystem")
    }
    documents = [elm for file in sorted((PATHWAY / "library").glob("*.json")) for elm in elm_of(file)]
    return load_libraries(
        documents,
        value_sets=resources["valueset"],
        code_systems=resources["codesystem"],
        back_end=back_end,
    )


def outcome(libraries: Libraries, record: PatientRecord, now: datetime, **given: Any) -> dict[str, str]:
    """Value or error of every define, private ones too, exactly as it is."""
    scope = libraries.scope(record, now=now, parameters=given or None)
    found = {}
    for definition in libraries.program.definitions:
        try:
            found[f"{definition.library} {definition.name}"] = repr(definition.evaluate(scope))
        except GepnetError as error:
            found[f"{definition.library} {definition.name}"] = f"{type(error).__name__}: {error}"
    return found


def test_the_tables_and_cases_were_found() -> None:
    assert len(TABLES) >= 9
    assert len(CASES) >= 40


@pytest.mark.parametrize("native", [True, False], ids=["native", "own conversions"])
@pytest.mark.parametrize("file", TABLES, ids=lambda file: str(file.stem))
def test_tables(file: Path, native: bool) -> None:
    table = read_json_file(file)
    (conversions,) = elm_of(PATHWAY / "library" / "GepnetConversions.json")
    record = PatientRecord.of(table.get("record", NOBODY))
    closures, source = (
        outcome(
            load_libraries(
                [table["elm"], conversions],
                value_sets=table.get("value_sets", ()),
                native_conversions=native,
                back_end=back_end,
            ),
            record,
            NOW,
        )
        for back_end in BACK_ENDS
    )
    assert len(closures) >= len(table["cases"])
    assert source == closures


def given_of(case: Path) -> tuple[Any, datetime, tuple[str, ...], dict[str, Any]]:
    """Patient, now, complete searches and parameters of a case folder."""
    expected = read_json_file(case / "expected.json")
    complete = tuple(expected.get("complete", ()))
    given = {"Complete Searches": sorted(complete), **expected.get("parameters", {})}
    return read_json_file(case / "patient.json"), datetime.fromisoformat(expected["now"]), complete, given


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))
def test_cases_of_the_pathway(case: Path) -> None:
    patient, now, complete, given = given_of(case)
    closures, source = (
        outcome(pathway(back_end), PatientRecord.of(patient, complete=complete), now, **given)
        for back_end in BACK_ENDS
    )
    assert len(closures) > 500
    assert source == closures


ODD: tuple[Any, ...] = (None, "", "x", "true", 7, True, [], {}, [None], ["x"], {"coding": [{}]}, "2026-02-30")


def damaged(value: Any, dice: random.Random) -> Any:
    """Resources with some elements replaced by what no server should send."""
    if isinstance(value, dict):
        kept = ("resourceType", "id", "reference", "entry", "resource", "subject", "patient")
        return {
            key: damaged(item, dice) if key in kept or dice.random() > 0.02 else deepcopy(dice.choice(ODD))
            for key, item in value.items()
        }
    return [damaged(item, dice) for item in value] if isinstance(value, list) else value


def test_damaged_records_break_alike() -> None:
    broken, seen = 0, 0
    for number, case in enumerate(CASES):
        patient, now, complete, given = given_of(case)
        try:
            records = [
                PatientRecord.of(damaged(patient, random.Random(number)), complete=complete)
                for _ in BACK_ENDS
            ]
        except PatientDataError:
            continue
        closures, source = (
            outcome(pathway(back_end), record, now, **given)
            for back_end, record in zip(BACK_ENDS, records, strict=True)
        )
        assert source == closures, case.name
        broken += sum("Error: " in each for each in closures.values())
        seen += 1
    assert seen >= 20
    assert broken >= 20, "nothing broke: the damage proves nothing"
