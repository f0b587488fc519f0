"""Content and data that would take a process for ever, or with them its memory or its stack.

Each ends within its budget, in BudgetExceededError with the place or in the right answer, and the
process lives: the next evaluation works.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.errors import BudgetExceededError, GepnetError, InvocationError
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import Budget, Libraries, compile_fhirpath, load_libraries, to_plain

pytestmark = pytest.mark.once

FOLDER = Path(__file__).parent / "budgets"
ROOT = Path(__file__).parents[2]
CQL = read_json_file(FOLDER / "cql.json")
FHIRPATH = read_json_file(FOLDER / "fhirpath.json")
BACK_ENDS = ("closures", "source")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])
MANY = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Observation", "id": str(number), "status": "final"}}
        for number in range(3000)
    ],
}
PATIENCE = 30.0
"""Seconds; an idle machine needs about one, and without a budget most of these take hours."""
SYSTEM = "{urn:hl7-org:elm-types:r1}"
Node = dict[str, Any]


def test_the_tables_were_found() -> None:
    assert len(CQL["cases"]) >= 24
    assert len(FHIRPATH) >= 29


def ends_in_time(run: Callable[[], Any]) -> Any:
    """What a run gives or raises, soon."""
    start = time.perf_counter()
    try:
        return run()
    except BudgetExceededError as error:
        return error
    finally:
        assert time.perf_counter() - start < PATIENCE


@cache
def libraries(back_end: str) -> Libraries:
    return load_libraries([CQL["elm"]], back_end=back_end)


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize("case", CQL["cases"], ids=lambda case: str(case["name"]))
def test_cql(case: dict[str, Any], back_end: str) -> None:
    loaded = libraries(back_end)
    definition = loaded["Table"].definition(case["name"])
    scope = loaded.scope(RECORD, now=NOW, budget=Budget())
    found = ends_in_time(lambda: definition.evaluate(scope))
    if "value" in case:
        assert to_plain(found) is case["value"]
        return
    assert isinstance(found, BudgetExceededError), found
    assert case["says"] in found.problem
    assert found.where is not None
    assert found.where.artifact == "Table|1"
    assert found.where.text in (case["name"], "D20")
    calm = loaded["Table"].definition("huge power")
    assert calm.evaluate(loaded.scope(RECORD, now=NOW, budget=Budget())) is None


@pytest.mark.parametrize("case", FHIRPATH, ids=lambda case: str(case["name"]))
def test_fhirpath(case: dict[str, Any]) -> None:
    run = compile_fhirpath(case["expression"], root_type="Bundle")
    found = ends_in_time(lambda: run(MANY, budget=Budget()))
    if "gives" in case:
        assert found == case["gives"]
        return
    assert isinstance(found, BudgetExceededError), found
    assert case["says"] in found.problem
    assert found.where is not None
    assert found.where.text == case["expression"]
    assert compile_fhirpath("entry.count()", root_type="Bundle")(MANY, budget=Budget()) == [3000]


def nested(depth: int) -> dict[str, Any]:
    """A patient whose extensions nest; made without recursion, as JSON from a socket could not be."""
    patient = {"resourceType": "Patient", "id": "p", "extension": [{"url": "x"}]}
    inner = patient["extension"][0]
    for _ in range(depth):
        inner["extension"] = [{"url": "x"}]
        inner = inner["extension"][0]
    return patient


@pytest.mark.parametrize("budget", [None, Budget()], ids=["without a budget", "with the default budget"])
@pytest.mark.parametrize(
    "expression",
    [
        "descendants().count()",
        "Patient.extension.repeat(extension).count()",
        "Patient.extension.repeatAll(extension).count()",
        "Patient.extension ~ Patient.extension",
        "Patient.extension = Patient.extension",
        "Patient.extension.distinct()",
        "Patient.extension | Patient.extension",
        "Patient.extension",
    ],
)
def test_data_deeper_than_the_stack(expression: str, budget: Budget | None) -> None:
    run = compile_fhirpath(expression, root_type="Patient")
    found = ends_in_time(lambda: run(nested(150_000), budget=budget))
    assert isinstance(found, BudgetExceededError | list)
    assert run(nested(3), budget=budget)


def library(functions: dict[str, tuple[list[str], Node]], defines: dict[str, Node]) -> Node:
    """ELM of functions (types of the operands a, b, … and body) and defines."""
    statements: list[Node] = [
        {
            "type": "FunctionDef",
            "name": name,
            "context": "Patient",
            "resultTypeName": SYSTEM + types[0],
            "operand": [
                {"name": letter, "operandTypeSpecifier": {"type": "NamedTypeSpecifier", "name": SYSTEM + of}}
                for letter, of in zip("ab", types, strict=False)
            ],
            "expression": body,
        }
        for name, (types, body) in functions.items()
    ]
    statements += [{"name": name, "context": "Patient", "expression": node} for name, node in defines.items()]
    return {"library": {"identifier": {"id": "A", "version": "1"}, "statements": {"def": statements}}}


def number(value: int) -> Node:
    return {"type": "Literal", "valueType": SYSTEM + "Integer", "value": str(value)}


def text(value: str) -> Node:
    return {"type": "Literal", "valueType": SYSTEM + "String", "value": value}


def call(name: str, *operands: Node) -> Node:
    return {"type": "FunctionRef", "name": name, "operand": list(operands)}


def two(kind: str, left: Node, right: Node) -> Node:
    return {"type": kind, "operand": [left, right]}


def choice(condition: Node, then: Node, otherwise: Node) -> Node:
    return {"type": "If", "condition": condition, "then": then, "else": otherwise}


A, B = ({"type": "OperandRef", "name": name} for name in "ab")
FUNCTIONS: dict[str, tuple[list[str], Node]] = {
    "Fibonacci": (
        ["Integer"],
        choice(
            two("Less", A, number(2)),
            A,
            two(
                "Add",
                call("Fibonacci", two("Subtract", A, number(1))),
                call("Fibonacci", two("Subtract", A, number(2))),
            ),
        ),
    ),
    "Endless": (["Integer"], call("Endless", A)),
    "Even": (["Integer"], choice(two("Less", A, number(1)), A, call("Odd", two("Subtract", A, number(1))))),
    "Odd": (["Integer"], choice(two("Less", A, number(1)), A, call("Even", two("Subtract", A, number(1))))),
    "Doubled": (
        ["String", "Integer"],
        choice(
            two("Less", B, number(1)),
            A,
            call("Doubled", two("Concatenate", A, A), two("Subtract", B, number(1))),
        ),
    ),
    "Plain": (["Integer"], two("Add", A, number(1))),
}


@pytest.mark.parametrize("budget", [None, Budget()], ids=["without a budget", "with the default budget"])
@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_recursion_without_end(back_end: str, budget: Budget | None) -> None:
    loaded = load_libraries([library(FUNCTIONS, {"X": call("Endless", number(1))})], back_end=back_end)
    found = ends_in_time(lambda: loaded["A"].evaluate(RECORD, now=NOW, budget=budget))
    assert isinstance(found, BudgetExceededError)
    assert ("deep" in found.problem) is True
    assert found.where is not None
    assert found.where.text == "X"


@pytest.mark.parametrize("back_end", BACK_ENDS)
@pytest.mark.parametrize(
    ("node", "gives"),
    [
        (call("Fibonacci", number(40)), "steps"),
        (call("Fibonacci", number(10)), 55),
        (call("Even", number(1000)), "times deep"),
        (call("Even", number(40)), 0),
        (call("Doubled", text("ab"), number(60)), "characters"),
        (call("Doubled", text("ab"), number(3)), "ab" * 8),
        (call("Plain", number(1)), 2),
    ],
)
def test_recursion(node: Node, gives: Any, back_end: str) -> None:
    loaded = load_libraries([library(FUNCTIONS, {"X": node})], back_end=back_end)
    found = ends_in_time(lambda: loaded["A"].evaluate(RECORD, now=NOW, budget=Budget()))
    if isinstance(found, BudgetExceededError):
        assert gives in found.problem
    else:
        assert found == {"X": gives}


def test_a_library_that_nests_too_deeply_to_read_is_a_problem_of_its_own() -> None:
    deep = A
    for _ in range(5000):
        deep = two("Add", deep, number(1))
    with pytest.raises(GepnetError, match="nests too deeply"):
        load_libraries([library({"F": (["Integer"], deep)}, {"X": call("F", number(1))})])


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        (Budget(steps=10), "more than 10 steps"),
        (Budget(items=5), "beyond 5 items"),
        (Budget(deadline=lambda: True), "time of the evaluation is up"),
    ],
)
def test_every_limit_is_named_with_its_size(budget: Budget, says: str) -> None:
    run = compile_fhirpath("entry.select(resource | resource).count()", root_type="Bundle")
    with pytest.raises(BudgetExceededError, match=says) as caught:
        run(MANY, budget=budget)
    assert "Observation" not in str(caught.value)
    assert caught.value.remedy in str(caught.value)


def test_a_deadline_ends_the_evaluation_between_two_loops() -> None:
    asked = 0

    def is_up() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    run = compile_fhirpath("entry.where(%resource.entry.exists(resource.id = 'x'))", root_type="Bundle")
    with pytest.raises(BudgetExceededError):
        run(MANY, budget=Budget(deadline=is_up))
    assert asked == 6


def test_the_error_survives_pickling() -> None:
    import pickle

    with pytest.raises(BudgetExceededError) as caught:
        compile_fhirpath("entry.where(true)", root_type="Bundle")(MANY, budget=Budget(steps=1))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("name", ["budget", "now", "recorder", "trace"])
def test_what_the_call_takes_is_no_variable(name: str) -> None:
    with pytest.raises(InvocationError, match=name):
        compile_fhirpath(f"%{name}", variables=[name])


def test_a_pathway_is_applied_within_a_budget() -> None:
    pathway = load_pathway(ROOT / "plandefinitions" / "gepnet-2018")
    record = PatientRecord.of(read_json_file(ROOT / "examples" / "patients" / "midgut-progression.json"))
    free = pathway.apply(record, now=NOW).bundle()
    assert pathway.apply(record, now=NOW, budget=Budget()).bundle() == free
    with pytest.raises(BudgetExceededError):
        pathway.apply(record, now=NOW, budget=Budget(steps=10))
    assert pathway.apply(record, now=NOW, budget=Budget()).bundle() == free


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs threads with a stack of our choice: POSIX")
def test_deep_data_in_a_thread_with_a_small_stack() -> None:
    import threading

    found: list[Any] = []
    run = compile_fhirpath("Patient.extension ~ Patient.extension", root_type="Patient")

    def evaluate() -> None:
        found.append(ends_in_time(lambda: run(nested(150_000), budget=Budget())))

    before = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=evaluate)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert isinstance(found[0], BudgetExceededError)
