"""Loading ELM: what resolves, what is refused, and that every problem is told at once with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from fhir_gepnet.errors import (
    ArtifactError,
    EvaluationError,
    GepnetError,
    InvocationError,
    PathwayError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
)
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import Retrieve, load_libraries

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])
SYSTEM = "{urn:hl7-org:elm-types:r1}"
FHIR = "{http://hl7.org/fhir}"
Node = dict[str, Any]


@pytest.fixture(params=["source", "closures"], autouse=True)
def back_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here holds for both back ends."""
    monkeypatch.setitem(globals(), "load_libraries", partial(load_libraries, back_end=request.param))


def literal(value: object) -> Node:
    name = {bool: "Boolean", int: "Integer", str: "String"}[type(value)]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {"type": "Literal", "valueType": SYSTEM + name, "value": text}


def reference(name: str, library: str | None = None) -> Node:
    return {"type": "ExpressionRef", "name": name, **({"libraryName": library} if library else {})}


def divided(left: int, right: int) -> Node:
    """A singleton of two elements: breaks at run time, whatever the patient."""
    return {"type": "SingletonFrom", "operand": {"type": "List", "element": [literal(left), literal(right)]}}


def library(name: str = "A", version: str = "1", **parts: Any) -> Node:
    definitions = [
        {"name": key, "context": "Patient", "expression": value, "locator": f"{line}:1-{line}:9"}
        for line, (key, value) in enumerate(parts.pop("defines", {}).items(), start=1)
    ]
    functions = parts.pop("functions", [])
    return {
        "library": {
            "identifier": {"id": name, "version": version},
            **{key: {"def": value} for key, value in parts.items()},
            "statements": {"def": [*definitions, *functions]},
        }
    }


def problems(*documents: Node, **given: Any) -> list[GepnetError]:
    with pytest.raises(PathwayError) as caught:
        load_libraries(documents, **given)
    return list(caught.value.problems)


def values(*documents: Node, **given: Any) -> dict[str, Any]:
    return load_libraries(documents)["A"].evaluate(RECORD, now=NOW, **given)


def test_an_unknown_node_is_refused_with_its_place() -> None:
    (problem,) = problems(library(defines={"X": {"type": "Quux", "locator": "7:3-7:9"}}))
    assert isinstance(problem, UnsupportedFeatureError)
    assert (problem.where.artifact, problem.where.element, problem.where.text) == ("A|1", "7:3-7:9", "X")
    assert "Quux" in problem.problem


def test_all_problems_are_told_at_once() -> None:
    missing = {"type": "CodeRef", "name": "c"}
    found = problems(library(defines={"X": {"type": "Quux"}, "Y": missing, "Z": reference("nobody")}))
    assert [type(problem) for problem in found] == [
        UnsupportedFeatureError,
        UnresolvedReferenceError,
        UnresolvedReferenceError,
    ]


def test_a_broken_define_is_told_once_however_many_refer_to_it() -> None:
    found = problems(library(defines={"X": {"type": "Quux"}, "Y": reference("X"), "Z": reference("X")}))
    assert len(found) == 1


@pytest.mark.parametrize(
    "defines",
    [
        {"X": reference("X")},
        {"X": reference("Y"), "Y": reference("X")},
        {
            "X": {**reference("Y"), "resultTypeName": SYSTEM + "Boolean"},
            "Y": {"type": "Not", "operand": reference("X")},
        },
    ],
)
def test_circles_are_refused(defines: Node) -> None:
    assert any(
        "itself" in str(problem) or "circle" in str(problem) for problem in problems(library(defines=defines))
    )


def test_circles_of_declared_types_are_refused() -> None:
    document = library(defines={"X": reference("Y"), "Y": reference("X")})
    for node in document["library"]["statements"]["def"]:
        node["resultTypeName"] = SYSTEM + "Boolean"
    (problem,) = problems(document)
    assert "X -> Y -> X" in str(problem)


def test_a_missing_include_names_the_library() -> None:
    include = [{"localIdentifier": "B", "path": "Bee", "version": "2"}]
    found = problems(library(includes=include, defines={"X": reference("Y", "B")}))
    assert all("Bee|2" in str(problem) for problem in found)
    assert found


def test_includes_resolve_by_version() -> None:
    include = [{"localIdentifier": "Other", "path": "B", "version": "2"}]
    first = library("B", "1", defines={"Y": literal(1)})
    second = library("B", "2", defines={"Y": literal(2)})
    assert values(library(includes=include, defines={"X": reference("Y", "Other")}), first, second) == {
        "X": 2
    }


def test_translator_errors_are_refused() -> None:
    document = library(defines={"X": literal(1)})
    document["library"]["annotation"] = [
        {
            "type": "CqlToElmError",
            "message": "Syntax error at of",
            "errorSeverity": "error",
            "startLine": 3,
            "startChar": 5,
        }
    ]
    (problem,) = problems(document)
    assert "Syntax error at of" in str(problem)
    assert "3:5" in str(problem)


def test_a_value_set_without_expansion_is_refused_when_it_is_used() -> None:
    declared = [{"name": "V", "id": "http://example.org/vs"}]
    assert values(library(valueSets=declared, defines={"X": literal(1)})) == {"X": 1}
    (problem,) = problems(library(valueSets=declared, defines={"X": {"type": "ValueSetRef", "name": "V"}}))
    assert isinstance(problem, UnresolvedReferenceError)
    assert "http://example.org/vs" in str(problem)


def test_data_needs_are_known_while_loading() -> None:
    parts: dict[str, Any] = {
        "codeSystems": [{"name": "S", "id": "http://example.org/cs"}],
        "codes": [{"name": "C", "id": "c", "codeSystem": {"name": "S"}}],
    }
    codes = {"type": "ToList", "operand": {"type": "CodeRef", "name": "C"}}
    coded = {
        "type": "Retrieve",
        "dataType": FHIR + "Observation",
        "codeProperty": "code",
        "codeComparator": "~",
        "codes": codes,
    }
    every = {"type": "Retrieve", "dataType": FHIR + "Condition"}
    libraries = load_libraries(
        [library(**parts, defines={"X": coded, "Y": {"type": "Exists", "operand": every}})]
    )
    assert libraries.retrieves == {
        Retrieve("Observation", "code", frozenset({("http://example.org/cs", "c")})),
        Retrieve("Condition"),
    }


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"codeProperty": None}, "does not say for which element"),
        ({"codeFilter": [{"property": "code"}]}, "codeFilter"),
        ({"dateFilter": [{"property": "effective"}]}, "dateFilter"),
    ],
    ids=["no element", "code filter", "date filter"],
)
def test_a_retrieve_that_would_miss_in_silence_is_refused(fault: dict[str, Any], told: str) -> None:
    parts: dict[str, Any] = {
        "codeSystems": [{"name": "S", "id": "http://example.org/cs"}],
        "codes": [{"name": "C", "id": "c", "codeSystem": {"name": "S"}}],
    }
    coded = {
        "type": "Retrieve",
        "dataType": FHIR + "DocumentReference",
        "codeProperty": "type",
        "codeComparator": "~",
        "codes": {"type": "ToList", "operand": {"type": "CodeRef", "name": "C"}},
    }
    (problem,) = problems(library(**parts, defines={"X": coded | fault}))
    assert told in str(problem)


def test_references_between_definitions() -> None:
    libraries = load_libraries(
        [library(defines={"X": {"type": "Not", "operand": reference("Y")}, "Y": literal(True)})]
    )
    definition = libraries["A"].definition("X")
    assert [each.name for each in definition.references] == ["Y"]
    scope = libraries.scope(RECORD, now=NOW)
    assert not definition.evaluated(scope)
    assert definition.evaluate(scope) is False
    assert definition.evaluated(scope)
    with pytest.raises(UnresolvedReferenceError):
        libraries["A"].definition("nobody")


def test_a_formula_that_breaks_names_define_and_place() -> None:
    broken = {**divided(1, 2), "locator": "4:2-4:8"}
    document = library(defines={"X": {"type": "IsNull", "operand": broken}, "Y": reference("X")})
    libraries = load_libraries([document])
    scope = libraries.scope(RECORD, now=NOW)
    with pytest.raises(EvaluationError) as caught:
        libraries["A"].definition("Y").evaluate(scope)
    assert (caught.value.where.artifact, caught.value.where.element) == ("A|1", "4:2-4:8")
    assert caught.value.where.text == "X"
    with pytest.raises(EvaluationError) as again:
        libraries["A"].definition("X").evaluate(scope)
    assert again.value is caught.value


def declared(name: str, of: str, default: Node | None = None) -> Node:
    specifier = {"type": "NamedTypeSpecifier", "name": SYSTEM + of}
    return {"name": name, "parameterTypeSpecifier": specifier, **({"default": default} if default else {})}


def test_parameters() -> None:
    document = library(
        parameters=[declared("N", "Integer", literal(3)), declared("T", "DateTime")],
        defines={"X": {"type": "ParameterRef", "name": "N"}, "Y": {"type": "ParameterRef", "name": "T"}},
    )
    assert values(document) == {"X": 3, "Y": None}
    assert values(document, parameters={"N": 4, "T": "2026-01-01"}) == {"X": 4, "Y": "2026-01-01"}
    assert values(document, parameters={"A.N": 5}) == {"X": 5, "Y": None}
    assert set(load_libraries([document]).parameters) == {"N", "T"}
    for wrong in ({"N": "4"}, {"N": True}, {"T": "yesterday"}, {"M": 1}):
        with pytest.raises(InvocationError):
            values(document, parameters=wrong)


def test_one_parameter_name_has_one_type() -> None:
    found = problems(
        library("A", parameters=[declared("N", "Integer")]),
        library("B", parameters=[declared("N", "String")]),
    )
    assert [type(problem) for problem in found] == [ArtifactError]


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(InvocationError):
        load_libraries([library()]).scope(RECORD, now=datetime(2026, 1, 1))  # noqa: DTZ001


def operand(of: str) -> Node:
    return {"name": "x", "operandTypeSpecifier": {"type": "NamedTypeSpecifier", "name": of}}


def function(of: str, answer: str) -> Node:
    return {"type": "FunctionDef", "name": "Kind", "operand": [operand(of)], "expression": literal(answer)}


def call(argument: Node) -> Node:
    return {"type": "FunctionRef", "name": "Kind", "operand": [argument]}


def test_overloads_resolve_by_operand_type() -> None:
    document = library(
        functions=[
            function(SYSTEM + "Integer", "whole"),
            function(SYSTEM + "String", "text"),
            function(FHIR + "Resource", "resource"),
        ],
        defines={
            "X": call(literal(1)),
            "Y": call(literal("a")),
            "Z": call({"type": "First", "source": {"type": "Retrieve", "dataType": FHIR + "Condition"}}),
        },
    )
    assert values(document) == {"X": "whole", "Y": "text", "Z": "resource"}
    (problem,) = problems(
        library(
            functions=[function(SYSTEM + "Integer", "a"), function(SYSTEM + "String", "b")],
            defines={"X": call(literal(True))},
        )
    )
    assert "no overload of Kind" in str(problem)


def test_a_function_that_nobody_calls_is_not_compiled() -> None:
    unused = {"type": "FunctionDef", "name": "F", "operand": [], "expression": {"type": "Quux"}}
    assert values(library(functions=[unused], defines={"X": literal(1)})) == {"X": 1}


@pytest.mark.parametrize("kind", ["And", "Or"])
def test_long_chains_do_not_nest(kind: str) -> None:
    node = literal(kind == "And")
    for _ in range(3000):
        node = {"type": kind, "operand": [node, literal(kind == "And")]}
    assert values(library(defines={"X": node})) == {"X": kind == "And"}


def test_long_texts_do_not_nest() -> None:
    empty = literal("")
    node: Node = literal("a")
    for _ in range(1000):
        parts = [{"type": "Coalesce", "operand": [each, empty]} for each in (node, literal("b"))]
        node = {"type": "Concatenate", "operand": parts}
    assert values(library(defines={"X": node})) == {"X": "a" + "b" * 1000}


def test_long_else_chains_do_not_nest() -> None:
    node: Node = literal(0)
    for number in range(1, 1000):
        node = {"type": "If", "condition": literal(False), "then": literal(number), "else": node}
    assert values(library(defines={"X": node})) == {"X": 0}


def test_a_formula_nested_too_deeply_is_refused() -> None:
    node = literal(True)
    for _ in range(5000):
        node = {"type": "Not", "operand": node}
    (problem,) = problems(library(defines={"X": node}))
    assert "nests too deeply" in str(problem)


def test_scopes_do_not_share_state() -> None:
    libraries = load_libraries([library(defines={"X": {"type": "Today"}})])
    definition = libraries["A"].definition("X")
    earlier, later = (libraries.scope(RECORD, now=datetime(year, 1, 1, tzinfo=UTC)) for year in (2025, 2026))
    assert [definition.evaluate(scope).text for scope in (earlier, later)] == ["2025-01-01", "2026-01-01"]
