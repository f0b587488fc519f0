"""FHIRHelpers by its id, under any alias: what the native conversions give, and that it is they who answer.

The library itself is not ours and not here. A stand-in carries its name; its ELM, made from our own
conversions, is the oracle of every function whose rules both share.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_elm_tables import as_wanted as alike
from test_elm_tables import conversions

from fhir_gepnet.errors import Where
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.logic.elm.conversions import native_conversion
from fhir_gepnet.logic.form import Form, Named

ROWS = read_json_file(Path(__file__).parent / "fhir_helpers.json")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FHIR = "{http://hl7.org/fhir}"
OWN_RULES = frozenset({"ToQuantity", "ToRatio"})
SAMPLES = {
    "boolean": True,
    "integer": 3,
    "decimal": 1.5,
    "date": "2024-02",
    "dateTime": "2024-02-03T04:05:06Z",
    "instant": "2024-02-03T04:05:06Z",
    "time": "04:05:06",
    "Coding": {"code": "a", "system": "s"},
    "CodeableConcept": {"coding": [{"code": "a", "system": "s"}], "text": "t"},
    "Period": {"start": "2024-01-01", "end": "2024-02-01"},
}


def helpers(functions: list[Any]) -> Any:
    """A library called FHIRHelpers."""
    return {
        "identifier": {"id": "FHIRHelpers", "version": "4.0.1"},
        "usings": {"def": [{"localIdentifier": "FHIR", "uri": "http://hl7.org/fhir", "version": "4.0.1"}]},
        "statements": {"def": functions},
    }


def converted(function: str, of: str, value: Any, library: Any, native: bool = True) -> Any:
    """What a function of the library gives for a FHIR value, called under another alias.

    The value comes through a parameter of the Any type of a record: an extension of the patient.
    """
    held = {"url": "x", f"value{of[0].upper()}{of[1:]}": value}
    patient = {"resourceType": "Patient", "id": "p", "extension": [held]}
    source = {
        "type": "As",
        "asType": FHIR + of,
        "operand": {
            "type": "Property",
            "path": "value",
            "source": {
                "type": "First",
                "source": {
                    "type": "Property",
                    "path": "extension",
                    "source": {"type": "ExpressionRef", "name": "Patient"},
                },
            },
        },
    }
    call = {"type": "FunctionRef", "libraryName": "Other", "name": function, "operand": [source]}
    retrieve = {"type": "SingletonFrom", "operand": {"type": "Retrieve", "dataType": FHIR + "Patient"}}
    caller = {
        "identifier": {"id": "Caller", "version": "1"},
        "includes": {"def": [{"localIdentifier": "Other", "path": "FHIRHelpers", "version": "4.0.1"}]},
        "statements": {
            "def": [
                {"name": "Patient", "context": "Patient", "expression": retrieve},
                {"name": "X", "context": "Patient", "expression": call},
            ]
        },
    }
    libraries = load_libraries([caller, library], native_conversions=native)
    return libraries["Caller"].evaluate(PatientRecord.of([patient]), now=NOW)["X"]


def test_the_rows_were_found() -> None:
    assert len(ROWS) >= 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}({row[1]}) {row[2]}")
def test_native(row: list[Any]) -> None:
    function, of, value, wanted = row
    got = converted(function, of, value, helpers([]))  # no body that could answer
    assert alike(got) == alike(wanted)


def overloads() -> list[tuple[str, str]]:
    """(function, FHIR type) of the stand-in."""
    found = []
    for node in conversions()["library"]["statements"]["def"]:
        if node.get("type") == "FunctionDef":
            operand = node["operand"][0]
            named = operand.get("operandTypeSpecifier", {}).get("name") or operand.get("operandType")
            found.append((node["name"], named.removeprefix(FHIR)))
    return found


def test_every_shared_function_agrees_with_its_elm() -> None:
    """Also ToString of every enumeration, by overload: their types stand in no extension."""
    library = helpers(
        [node for node in conversions()["library"]["statements"]["def"] if node.get("type") == "FunctionDef"]
    )
    every = overloads()
    assert len(every) > 200
    tested = 0
    for function, of in every:
        if function in OWN_RULES or of not in SAMPLES or (function, of) == ("ToInterval", "Range"):
            continue
        native, elm = (converted(function, of, SAMPLES[of], library, each) for each in (True, False))
        assert repr(native) == repr(elm), (function, of)
        tested += 1
    assert tested == len(SAMPLES)
    assert {of for name, of in every if name == "ToString"} >= {"string", "uri", "ObservationStatus"}
    at = Where("test")
    for function, of in every:
        operand = Form("elm.SlotRef", Named(FHIR + of), (), 1, at)
        assert native_conversion("FHIRHelpers", function, [operand], at) is not None, (function, of)
