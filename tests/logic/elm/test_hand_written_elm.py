"""ELM that no translator at hand writes: rare nodes, filters of retrieves, both through both back ends.

Every row is one define of the file's library. ``error`` is part of the message that loading or
evaluating it must end with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir import model
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import load_libraries

FILES = {path.stem: read_json_file(path) for path in sorted(Path(__file__).parent.glob("*.json"))}
CASES = [
    pytest.param(name, case, id=f"{name}: {case['name']}")
    for name, file in FILES.items()
    for case in file["cases"]
]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def evaluated(file: dict[str, Any], case: dict[str, Any], back_end: str) -> Any:
    """The value of a case."""
    written = {"name": "X", "context": case.get("context", "Patient"), "expression": case["expression"]}
    definitions = [*file["library"]["statements"]["def"], written]
    library = {**file["library"], "statements": {"def": definitions}}
    loaded = load_libraries([library], value_sets=file["value_sets"], back_end=back_end)
    return loaded["Written"].evaluate(PatientRecord.of(file["record"]), now=NOW)["X"]


def alike(value: Any) -> Any:
    """A value in which 2 and 2.0 are one, and true and 1 are two."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize()
    if isinstance(value, list):
        return [alike(item) for item in value]
    return {key: alike(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_the_cases_were_found() -> None:
    assert {"nodes", "retrieves"} <= FILES.keys()
    assert len(CASES) >= 70


@pytest.mark.parametrize("back_end", ["source", "closures"])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_case(name: str, case: dict[str, Any], back_end: str) -> None:
    if "error" in case:
        with pytest.raises(GepnetError) as caught:
            evaluated(FILES[name], case, back_end)
        assert case["error"] in str(caught.value)
    else:
        got = evaluated(FILES[name], case, back_end)
        assert repr(alike(got)) == repr(alike(case["value"])), got


def retrievable() -> list[str]:
    """All types that CQL can retrieve and that are about a patient."""
    every = (model.type_info(name) for name in model.type_names())
    return sorted(info.name for info in every if info and info.retrievable and info.patient)


def about(resource_type: str, identifier: str, patient: str) -> dict[str, Any]:
    """A resource of a patient, coded with ``a`` where the type has a primary code element."""
    found: dict[str, Any] = {"resourceType": resource_type, "id": identifier}
    element = model.patient_element(resource_type)
    assert element is not None
    info = model.element(resource_type, element)
    reference = {"reference": f"Patient/{patient}"}
    found[element] = [reference] if info and info.is_list else reference
    code = model.primary_code_path(resource_type)
    coded = model.element(resource_type, code) if code is not None else None
    if coded is not None:
        concept = {"coding": [{"system": "http://example.org/cs", "code": "a"}]}
        key = next((key for key, of in coded.json_keys if of == "CodeableConcept"), coded.json_keys[0][0])
        found[key] = [concept] if coded.is_list else concept
    return found


def test_every_type_about_a_patient_is_retrieved_for_that_patient_only() -> None:
    types = [name for name in retrievable() if name != "Patient"]
    assert len(types) > 40
    record = PatientRecord.of(
        [
            {"resourceType": "Patient", "id": "p"},
            *(about(name, "own", "p") for name in types),
            *(about(name, "other", "q") for name in types),
        ]
    )
    named = {"type": "ToList", "operand": {"type": "CodeRef", "name": "a"}}
    for name in types:
        code = model.primary_code_path(name)
        has_code = code is not None and model.element(name, code) is not None
        filters = [{}, {"codes": named}] if has_code else [{}]
        for each in filters:
            expression = {"type": "Retrieve", "dataType": "{http://hl7.org/fhir}" + name, **each}
            library = {
                **FILES["nodes"]["library"],
                "statements": {"def": [{"name": "X", "context": "Patient", "expression": expression}]},
            }
            value = load_libraries([library], value_sets=FILES["nodes"]["value_sets"])["Written"].evaluate(
                record, now=NOW
            )
            assert [found["id"] for found in value["X"]] == ["own"], (name, each)
