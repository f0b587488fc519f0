"""Whatever text or JSON comes: an answer, or an error of ours."""

from __future__ import annotations

import os
import string
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_gepnet.errors import GepnetError, ParseError
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath
from fhir_gepnet.logic.fhirpath.parser import parse

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLES = sorted((HERE / "tables").glob("*.json"))
EXPRESSIONS = sorted({row["expression"] for table in TABLES for row in read_json_file(table) if "on" in row})
RESOURCES: dict[str, Any] = read_json_file(HERE / "resources.json")
PIECES = [
    "Patient", "name", "given", "value", "where", "exists", "ofType", "iif", "first", "not", "is", "as",
    "and", "or", "in", "div", "(", ")", "[", "]", "{}", ".", ",", "+", "-", "*", "/", "|", "&", "=", "!=",
    "~", "<", "$this", "$index", "$total", "%context", "%x", "1", "2.5", "'a'", "`b`", "@2020-01", "@T10",
    "4 days", "5 'mg'", "true", "//c\n", "/*c*/", "'", "`", "/*", "@", "%", "\\", "Quantity", "today()",
    "children()", "descendants()",
]  # fmt: skip

EXAMPLES = int(os.environ.get("FHIR_GEPNET_FUZZ_EXAMPLES", "150"))
short = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@short
@given(st.text(string.printable + "äß\u2028\x00", max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with suppress(ParseError):
        parse(text)


@short
@given(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
    | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
)
def test_any_pieces_run_or_are_refused(text: str) -> None:
    with suppress(GepnetError):
        compile_fhirpath(text)(RESOURCES["person"], now=NOW)


def test_depth_and_length_are_limited() -> None:
    for text in (
        "(" * 5000,
        "-" * 5000,
        "a" + ".b" * 5000,
        "1" + "+1" * 5000,
        "iif(" * 5000,
        "'" + "x" * 200_000,
    ):
        try:
            parse(text)
        except ParseError:
            continue
        raise AssertionError(text[:20])


scalars = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "2020-01-01", "final", "p1"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "code", "use"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, Any]:
    """An expression with a resource in which some element has been replaced by anything."""

    def damage(value: Any) -> Any:
        if draw(st.integers(0, 9)) == 0:
            return draw(values)
        if isinstance(value, dict):
            return {key: item if key == "resourceType" else damage(item) for key, item in value.items()}
        return [damage(item) for item in value] if isinstance(value, list) else value

    resource = RESOURCES[draw(st.sampled_from(sorted(RESOURCES)))]
    return draw(st.sampled_from(EXPRESSIONS)), {key: damage(value) for key, value in resource.items()} | {
        "resourceType": resource["resourceType"]
    }


@short
@given(damaged())
def test_any_data_give_an_answer_or_an_error_of_ours(case: tuple[str, Any]) -> None:
    expression, resource = case
    with suppress(GepnetError):
        answer = compile_fhirpath(expression)(resource, now=NOW)
        assert isinstance(answer, list)
