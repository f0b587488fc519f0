"""The third reader, beside both back ends: the same values and errors, every node with what it gave."""

from __future__ import annotations

import ast
import linecache
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_both_back_ends import CASES, NOBODY, ROOT, TABLES, elm_of, given_of, pathway

from fhir_gepnet.errors import BudgetExceededError, EvaluationError, GepnetError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.logic import Budget, Libraries, Recorder, compile_fhirpath, coverage_of, load_libraries

pytestmark = pytest.mark.once

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FHIRPATH = ROOT / "tests" / "logic" / "fhirpath"
ROWS = [row for table in sorted((FHIRPATH / "tables").glob("*.json")) for row in read_json_file(table)]
RESOURCES: dict[str, Any] = read_json_file(FHIRPATH / "resources.json")
SYSTEM = "{urn:hl7-org:elm-types:r1}"
FHIR = "{http://hl7.org/fhir}"
Node = dict[str, Any]


def outcome(
    libraries: Libraries, record: PatientRecord, now: datetime, recorder: Recorder | None, **given: Any
) -> dict[str, str]:
    """Value or error of every define of every library."""
    found = {}
    scope = libraries.scope(record, now=now, parameters=given or None)
    for library in libraries.values():
        definitions = library.definitions if recorder is None else recorder.definitions_of(library)
        for name, definition in definitions.items():
            try:
                found[f"{library.name} {name}"] = repr(definition.evaluate(scope))
            except GepnetError as error:
                found[f"{library.name} {name}"] = f"{type(error).__name__}: {error}"
    return found


@pytest.mark.parametrize("file", TABLES, ids=lambda file: str(file.stem))
def test_recorded_tables_of_cql_give_the_same(file: Path) -> None:
    table = read_json_file(file)
    (conversions,) = elm_of(ROOT / "plandefinitions/gepnet-2018/library/GepnetConversions.json")
    libraries = load_libraries([table["elm"], conversions], value_sets=table.get("value_sets", ()))
    record, recorder = PatientRecord.of(table.get("record", NOBODY)), Recorder()
    plain = outcome(libraries, record, NOW, None)
    assert len(plain) >= len(table["cases"])
    assert outcome(libraries, record, NOW, recorder) == plain
    assert sum(seen.evaluations for seen in recorder.seen.values()) >= len(table["cases"])


def given_by(row: dict[str, Any], recorder: Recorder | None) -> str:
    try:
        run = compile_fhirpath(row["expression"])
        return repr(run(RESOURCES[row.get("on", "none")], now=NOW, recorder=recorder))
    except GepnetError as error:
        return f"{type(error).__name__}: {error}"


def test_recorded_tables_of_fhirpath_give_the_same() -> None:
    assert len(ROWS) > 200
    for row in ROWS:
        assert given_by(row, Recorder()) == given_by(row, None), row["expression"]


def test_recorded_cases_of_the_pathway_give_the_same_and_make_its_coverage() -> None:
    libraries, recorders = pathway("source"), []
    for case in CASES[::4]:
        patient, now, complete, given = given_of(case)
        record = PatientRecord.of(patient, complete=complete)
        recorders.append(Recorder(values=0))
        plain = outcome(libraries, record, now, None, **given)
        assert outcome(libraries, record, now, recorders[-1], **given) == plain, case.name
    coverage = coverage_of(recorders)
    read_json(write_json(coverage))
    defines = {(each["artifact"], each["definition"]): each for each in coverage}
    assert len(defines) > 500
    nodes = [node for each in coverage for node in each.get("nodes", ())]
    assert len(nodes) > 3000
    assert all("localId" in node or "locator" in node for node in nodes)
    one_sided = [each for each in coverage if each["evaluations"] and not each["true"] and each["false"]]
    assert one_sided, "a quarter of the cases cannot make every condition true"
    assert any(not node["reached"] for node in nodes)
    assert any(node["true"] and node["false"] and node["null"] for node in nodes)
    reached = sum(node["reached"] for node in nodes) / len(nodes)
    assert 0.5 < reached < 1.0, reached


# A small library by hand


def observation(identifier: str, status: str) -> Node:
    return {"resourceType": "Observation", "id": identifier, "status": status, "code": {}}


RECORD = PatientRecord.of(
    [{"resourceType": "Patient", "id": "p"}, observation("o1", "final"), observation("o2", "draft")]
)


def numbered(node: Any, numbers: Any = None) -> Any:
    """ELM with local ids, in order."""
    numbers = numbers if numbers is not None else iter(range(1, 1000))
    if isinstance(node, dict):
        identifier = {"localId": str(next(numbers))} if "type" in node else {}
        return {**identifier, **{key: numbered(value, numbers) for key, value in node.items()}}
    return [numbered(each, numbers) for each in node] if isinstance(node, list) else node


OBSERVATIONS: Node = {
    "type": "Retrieve",
    "dataType": FHIR + "Observation",
    "resultTypeSpecifier": {
        "type": "ListTypeSpecifier",
        "elementType": {"type": "NamedTypeSpecifier", "name": FHIR + "Observation"},
    },
}
DEFINES: dict[str, Node] = {
    "All": OBSERVATIONS,
    "Any": {"type": "Exists", "operand": {"type": "ExpressionRef", "name": "All"}},
    "Again": {"type": "Exists", "operand": {"type": "ExpressionRef", "name": "All"}},
    "Unknown": {
        "type": "Or",
        "operand": [
            {"type": "IsTrue", "operand": {"type": "ExpressionRef", "name": "Never"}},
            {"type": "As", "strict": False, "asType": SYSTEM + "Boolean", "operand": {"type": "Null"}},
        ],
    },
    "Never": {"type": "IsNull", "operand": {"type": "Now"}},
    "Short": {
        "type": "If",
        "condition": {"type": "IsNull", "operand": {"type": "Now"}},
        "then": {"type": "Not", "operand": {"type": "IsNull", "operand": {"type": "Now"}}},
        "else": {"type": "ExpressionRef", "name": "Any"},
    },
    "Broken": {
        "type": "SingletonFrom",
        "operand": {"type": "List", "element": [{"type": "Now"}, {"type": "Now"}]},
    },
}


def library(defines: dict[str, Node]) -> Node:
    return {
        "library": {
            "identifier": {"id": "A", "version": "1"},
            "statements": {
                "def": [
                    {"name": name, "context": "Patient", "expression": node}
                    for name, node in numbered(defines).items()
                ]
            },
        }
    }


def small(without: str = "Broken") -> Libraries:
    return load_libraries([library({name: node for name, node in DEFINES.items() if name != without})])


def told(recorder: Recorder, name: str) -> Node:
    return next(each for each in recorder.trace() if each["definition"] == name)


def test_every_define_and_node_with_value_verdict_and_resources() -> None:
    recorder = Recorder()
    values = small()["A"].evaluate(RECORD, now=NOW, recorder=recorder)
    assert values == small()["A"].evaluate(RECORD, now=NOW)
    both = ["Observation/o1", "Observation/o2"]
    for name in ("Any", "Again", "Short"):
        entry = told(recorder, name)
        assert (entry["verdict"], entry["values"], entry["touched"]) == ("true", [True], both), name
    assert told(recorder, "All")["values"] == [[{"reference": each} for each in both]]
    unknown = told(recorder, "Unknown")
    assert (unknown["verdict"], unknown["values"], unknown["touched"]) == ("null", [None], [])
    verdicts = {node["operator"]: node["verdict"] for node in told(recorder, "Short")["nodes"]}
    assert verdicts["elm.Not"] == "not reached"
    assert verdicts["elm.IsNull"] in ("false", "not reached")
    assert all(node["localId"] for each in recorder.trace() for node in each["nodes"])


def test_a_define_that_breaks_is_recorded_as_failed() -> None:
    libraries, recorder = load_libraries([library(DEFINES)]), Recorder()
    errors = []
    for chosen in (None, recorder):
        with pytest.raises(EvaluationError) as caught:
            libraries["A"].evaluate(RECORD, now=NOW, recorder=chosen)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    assert told(recorder, "Broken")["verdict"] == "failed"
    assert told(recorder, "Broken")["values"] == []


def test_merged_recordings_count_every_evaluation() -> None:
    nobody = PatientRecord.of(NOBODY)
    recorders = [Recorder(), Recorder()]
    for recorder, record in zip(recorders, (RECORD, nobody), strict=True):
        small()["A"].evaluate(record, now=NOW, recorder=recorder)
    found = {each["definition"]: each for each in coverage_of(recorders)}
    assert (found["Any"]["true"], found["Any"]["false"], found["Any"]["evaluations"]) == (1, 1, 2)
    assert (found["Unknown"]["null"], found["Never"]["false"], found["All"]["other"]) == (2, 2, 2)
    never = [node for node in found["Short"]["nodes"] if not node["reached"]]
    assert never[0]["operator"] == "elm.Not"
    twice = Recorder()
    loaded = small()
    for record in (RECORD, nobody):
        loaded["A"].evaluate(record, now=NOW, recorder=twice)
    assert coverage_of([twice]) == coverage_of(recorders)


def test_a_recorded_evaluation_has_a_budget_too() -> None:
    run = compile_fhirpath("Bundle.entry.where(true)")
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": "x"}] * 50}
    with pytest.raises(BudgetExceededError):
        run(bundle, budget=Budget(steps=10), recorder=Recorder())


def test_nodes_of_fhirpath_have_columns() -> None:
    text = "Bundle.entry.resource.where(status = 'final').exists()"
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": each} for each in RECORD.of_type("Observation")],
    }
    recorder = Recorder()
    assert compile_fhirpath(text)(bundle, recorder=recorder) == [True]
    (entry,) = recorder.trace()
    assert (entry["definition"], entry["artifact"]) == (text, "a FHIRPath expression")
    nodes = {node["column"]: node for node in entry["nodes"]}
    assert (nodes[text.index("exists")]["verdict"], nodes[text.index("exists")]["values"]) == ("true", [True])
    equal = nodes[text.index("=")]
    assert (equal["verdict"], equal["values"], equal["evaluations"]) == ("several", [True, False], 2)
    assert equal["touched"] == [] or equal["touched"] == ["Observation/o1", "Observation/o2"]
    where = nodes[text.index("where")]
    assert where["values"] == [[{"reference": "Observation/o1"}]]
    assert where["touched"] == ["Bundle", "Observation/o1", "Observation/o2"]


# What it costs when it is off


def test_a_recording_leaves_what_is_compiled_as_it_was() -> None:
    libraries = load_libraries([library(DEFINES)])
    before = [definition.run for definition in libraries.program.definitions]
    text = linecache.getlines("<gepnet A|1>")[:]
    with pytest.raises(EvaluationError):
        libraries["A"].evaluate(RECORD, now=NOW, recorder=Recorder())
    assert all(
        definition.run is run for definition, run in zip(libraries.program.definitions, before, strict=True)
    )
    assert linecache.getlines("<gepnet A|1>") == text
    assert libraries.program.watch is None


def test_no_closure_and_no_emitter_knows_of_recording() -> None:
    """Hence compiled code cannot ask for a recorder: only ``close`` does, while loading."""
    logic = ROOT / "fhir_gepnet" / "logic"
    files = [*(logic / "closures").glob("*.py"), *(logic / "source").glob("*.py")]
    assert len(files) > 40
    for file in files:
        names = {
            getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(ast.parse(file.read_text()))
        }
        assert "recorder" not in names, file
        assert "watch" not in names or file.name == "registry.py", file
    for line in linecache.getlines("<gepnet A|1>"):
        assert "record" not in line.replace("scope.record.", "")
