"""What generated source may hold, how it shows in tracebacks, and what is too deep for it."""

from __future__ import annotations

import ast
import io
import keyword
import linecache
import tokenize
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from test_both_back_ends import BACK_ENDS, pathway

from fhir_gepnet.errors import EvaluationError, InvocationError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.logic.source.registry import emitted_operators

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "p"}])
SYSTEM = "{urn:hl7-org:elm-types:r1}"
Node = dict[str, Any]
OWN_WORDS = frozenset(
    {
        *(
            "E",
            "X",
            "append",
            "bool",
            "cache",
            "budget",
            "key",
            "retrieved",
            "error",
            "fail",
            "failures",
            "get",
            "getattr",
        ),
        *("hold", "join", "len", "m", "memo", "of_type", "offset", "parameters", "patient", "record"),
        *("refuse_again", "scope", "type", "value", "walk"),
    }
)


def generated(library: str) -> str:
    """The generated source of a loaded library."""
    return "".join(linecache.getlines(f"<gepnet {library}>"))


def test_no_name_of_a_library_is_in_the_source_but_as_a_literal() -> None:
    libraries = pathway("source")
    titles = {definition.library for definition in libraries.program.definitions}
    assert len(titles) > 5
    for title in titles:
        text = generated(title)
        assert text
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                numbered = token.string[:1] in "dfgkst" and token.string[1:].isdigit()
                assert numbered or token.string in OWN_WORDS, (title, token.string)
            if token.type == tokenize.STRING and token.string != '""':
                assert token.string == ascii(ast.literal_eval(token.string)), (title, token.string)
            assert token.type != tokenize.COMMENT


def test_most_operators_of_the_pathway_have_an_emitter() -> None:
    waiting = [definition.form for definition in pathway("source").program.definitions]
    used = set()
    while waiting:
        form = waiting.pop()
        used.add(form.operator)
        waiting.extend(form.operands)
    assert len(used) > 40
    assert used - emitted_operators() <= {"elm.Message"}


def library(defines: dict[str, Node]) -> Node:
    return {
        "library": {
            "identifier": {"id": "A", "version": "1"},
            "statements": {
                "def": [
                    {"name": name, "context": "Patient", "expression": node} for name, node in defines.items()
                ]
            },
        }
    }


def number(value: int) -> Node:
    return {"type": "Literal", "valueType": SYSTEM + "Integer", "value": str(value)}


def test_tracebacks_show_the_source() -> None:
    two = {"type": "List", "element": [{"type": "Now"}, {"type": "Now"}]}
    broken = {"type": "SingletonFrom", "operand": two}
    libraries = load_libraries([library({"X": broken})])
    with pytest.raises(EvaluationError) as caught:
        libraries["A"].evaluate(RECORD, now=NOW)
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    told = "".join(traceback.format_exception(cause))
    assert "<gepnet A|1>" in told
    line = next(line for line in generated("A|1").splitlines() if "= m[0] =" in line)
    assert line.strip() in told


def both(node: Node) -> Any:
    """The value of a node, the same from both back ends."""
    found = [
        load_libraries([library({"X": node})], back_end=back_end)["A"].evaluate(RECORD, now=NOW)["X"]
        for back_end in BACK_ENDS
    ]
    assert repr(found[0]) == repr(found[1])
    return found[1]


def test_deep_conditions() -> None:
    node = number(0)
    for depth in range(60):
        yes = {"type": "IsNull", "operand": {"type": "Now"}}
        node = {
            "type": "If",
            "condition": yes,
            "then": number(depth),
            "else": {"type": "Add", "operand": [node, number(1)]},
        }
    assert both(node) == 60


def test_deep_operators() -> None:
    node: Node = {"type": "IsNull", "operand": {"type": "Now"}}
    for _ in range(150):
        node = {"type": "Not", "operand": node}
    assert both(node) is False


@pytest.mark.parametrize("depth", [3, 14, 25])
def test_loops_in_loops(depth: int) -> None:
    node: Node = {"type": "AliasRef", "name": "A0"}
    for level in range(depth):
        items = {"type": "List", "element": [{"type": "AliasRef", "name": f"A{level + 1}"}]}
        node = {
            "type": "Query",
            "source": [{"alias": f"A{level}", "expression": items}],
            "relationship": [],
            "return": {"expression": node, "distinct": False},
        }
        node = {"type": "First", "source": node}
    start = {"alias": f"A{depth}", "expression": {"type": "List", "element": [number(5)]}}
    assert both({"type": "Query", "source": [start], "relationship": [], "return": {"expression": node}}) == [
        5
    ]


def test_an_unknown_back_end_is_refused() -> None:
    with pytest.raises(InvocationError):
        load_libraries([library({"X": number(1)})], back_end="assembler")
