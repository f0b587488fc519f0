"""Generated source against its oracle, the closures: same values and errors for every expression we have."""

from __future__ import annotations

import gc
import io
import keyword
import linecache
import tokenize
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from official_fhirpath import NOW, SUITE, cases
from test_fhirpath_fuzz import damaged
from test_fhirpath_tables import RESOURCES, ROWS

from fhir_gepnet.errors import GepnetError, InvocationError
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.closures.registry import supported_operators
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.constants import fold
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.expression import compile_condition, compile_fhirpath
from fhir_gepnet.logic.fhirpath.front_end import typed
from fhir_gepnet.logic.fhirpath.parser import parse
from fhir_gepnet.logic.fhirpath.place import Root
from fhir_gepnet.logic.source.fhirpath_back_end import write_function
from fhir_gepnet.logic.source.fhirpath_walks import WALKED
from fhir_gepnet.logic.source.registry import emitted_operators, walker_of

OWN_WORDS = frozenset(
    {
        *("LookupError", "TypeError", "append", "bool", "dict", "e", "get", "len", "list", "looked_up"),
        *("of_type", "patient", "record", "scope", "str", "type"),
    }
)
CLOSURES_ONLY = {
    "fhirpath." + name for name in ("aggregate", "now", "repeat", "repeatAll", "sort", "timeOfDay")
} | {"fhirpath." + name for name in ("today", "trace", "variable", "with_this")}
"""Operators whose operands are not evaluated once each, or that have none: whole parts run as closures."""

Work = list[tuple[str, Any]]


def of_tables() -> Work:
    return [(row.values[0]["expression"], RESOURCES[row.values[0].get("on", "none")]) for row in ROWS]


def of_suite() -> Work:
    inputs = {file.name: read_json_file(file) for file in (SUITE / "input").glob("*.json")}
    return [(case.expression, inputs[case.file]) for case in cases()]


WORK = [
    pytest.param(of_tables, 200, id="tables"),
    pytest.param(
        of_suite,
        900,
        id="official suite",
        marks=pytest.mark.skipif(
            not SUITE.is_dir(),
            reason="the official FHIRPath suite is not there; name its folder in FHIR_GEPNET_SUITES",
        ),
    ),
]


def outcome(expression: str, resource: Any, back_end: str) -> str:
    """Value or error, exactly as it is."""
    try:
        return repr(compile_fhirpath(expression, back_end=back_end)(resource, now=NOW))
    except GepnetError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(("work", "least"), WORK)
def test_both_give_the_same(work: Callable[[], Work], least: int) -> None:
    found = work()
    assert len(found) >= least
    for expression, resource in found:
        wanted = outcome(expression, resource, "closures")
        assert outcome(expression, resource, "source") == wanted, expression


def function_of(expression: str, resource: Any) -> Callable[..., Any] | None:
    """The generated function alone, without the closures behind it; None when there is none."""
    name = resource.get("resourceType", "") if isinstance(resource, dict) else ""
    root = Root(name if schema.known(name) else "")
    try:
        program = typed(parse(expression), Source(expression), root, ())
        return write_function(fold(program.form), program.slots, 0)
    except GepnetError:
        return None


@pytest.mark.parametrize(("work", "least"), WORK)
def test_generated_code_breaks_only_where_the_closures_do(work: Callable[[], Work], least: int) -> None:
    """Else it would be right, and slow: the closures behind it would have answered."""
    tried = 0
    for expression, resource in work():
        if not outcome(expression, resource, "closures").startswith("["):
            continue  # an error
        function = function_of(expression, resource)
        if function is not None:
            tried += 1
            function(Environment(resource, None, NOW), resource)
    assert tried > least * 0.8


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_both_give_the_same_for_damaged_data(case: tuple[str, Any]) -> None:
    expression, resource = case
    assert outcome(expression, resource, "source") == outcome(expression, resource, "closures")


BUNDLE = {
    "resourceType": "Bundle",
    "entry": [{"resource": RESOURCES["person"]}, {}, {"resource": {"resourceType": "Group"}}],
}
NESTED = "item." * 30 + "linkId"
DEEP = [
    ("QuestionnaireResponse." + NESTED, {"resourceType": "QuestionnaireResponse"}),
    (
        "QuestionnaireResponse" + ".item.where(linkId != 'z')" * 20 + ".count()",
        {"resourceType": "QuestionnaireResponse"},
    ),
    ("%resource.name.exists(" * 12 + "true" + ")" * 12, RESOURCES["person"]),
    ("%resource.name.where(given.exists(" * 9 + "$this != 'x'" + ")).exists()" * 9, RESOURCES["person"]),
    ("(" * 30 + "1" + " + 1)" * 30, RESOURCES["person"]),
    (" or ".join(f"name.exists(use = '{number}')" for number in range(40)), RESOURCES["person"]),
    ("entry.resource.ofType(Patient).name.given.first()", BUNDLE),
    ("entry.resource.where($index = 1).count()", BUNDLE),
    ("iif(name.exists(), name.select(given.first() & family), {}).distinct()", RESOURCES["person"]),
]


@pytest.mark.parametrize(("expression", "resource"), DEEP)
def test_deep_expressions(expression: str, resource: Any) -> None:
    answer = outcome(expression, resource, "source")
    assert answer == outcome(expression, resource, "closures")
    assert answer.startswith("[")


def text_of(function: Callable[..., Any]) -> str:
    return "".join(linecache.getlines(function.__code__.co_filename))


@pytest.mark.parametrize(("work", "least"), WORK)
def test_no_text_of_an_expression_is_in_the_source_but_names_of_elements(
    work: Callable[[], Work], least: int
) -> None:
    tried = 0
    for expression, resource in work():
        function = function_of(expression, resource)
        if function is None:
            continue
        tried += 1
        for token in tokenize.generate_tokens(io.StringIO(text_of(function)).readline):
            if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
                numbered = token.string[:1] in "gkst" and token.string[1:].isdigit()
                assert numbered or token.string in OWN_WORDS, (expression, token.string)
            if token.type == tokenize.STRING:
                assert token.string.strip("'").isidentifier(), (expression, token.string)
            assert token.type != tokenize.COMMENT
    assert tried > least * 0.8


def test_tracebacks_show_the_source_while_the_function_lives() -> None:
    function = function_of("name.single()", RESOURCES["person"])
    assert function is not None
    person = {"resourceType": "Patient", "name": [{}, {}]}
    with pytest.raises(LookupError) as caught:
        function(Environment(person), person)
    told = "".join(traceback.format_exception(caught.value))
    assert "<gepnet fhirpath " in told
    assert "raise LookupError" in told
    file = function.__code__.co_filename
    del function, caught
    gc.collect()
    assert linecache.getlines(file) == []


def test_a_trace_is_told_once_although_the_expression_breaks() -> None:
    told: list[str] = []
    trace = compile_fhirpath("name.trace('names').single()")
    with pytest.raises(GepnetError):
        trace({"resourceType": "Patient", "name": [{}, {}]}, trace=lambda label, items: told.append(label))
    assert told == ["names"]


def test_errors_carry_nothing_of_the_data() -> None:
    person = {"resourceType": "Patient", "name": ["Doe"]}
    with pytest.raises(GepnetError) as caught:
        compile_fhirpath("Patient.name.family")(person)
    assert "Doe" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None


def test_variables_in_generated_source() -> None:
    for back_end in ("source", "closures"):
        double = compile_fhirpath("%n.select($this * 2) | %m", variables=("n", "m"), back_end=back_end)
        assert double(RESOURCES["person"], n=[1, 2], m=None) == [2, 4]
        condition = compile_condition("Patient.name.exists() and %encounter.empty()", back_end=back_end)
        assert condition(RESOURCES["person"]) is True


def test_every_operator_has_an_emitter_but_those_listed() -> None:
    operators = {name for name in supported_operators() if name.startswith("fhirpath.")}
    assert len(operators) > 100
    assert operators - emitted_operators() == CLOSURES_ONLY
    assert all(walker_of(operator) is not None for operator in WALKED)


def test_an_unknown_back_end_is_refused() -> None:
    with pytest.raises(InvocationError):
        compile_fhirpath("1", back_end="assembler")
