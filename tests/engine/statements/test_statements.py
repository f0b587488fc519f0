"""The statements about $apply (FHIR R4, R5, CPG; see ``docs/apply.md``), each by its number.

Expected results are written by hand from the specification, never copied from our output.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from statement_cases import CHECKS, HERE, TABLES, apply, cases, load

from fhir_gepnet import InvocationError, PathwayError, PatientDataError
from fhir_gepnet.json_io import read_json_file

CASES = list(cases())
NUMBERS = range(1, 78)
"""1-77; 78-84 are CDS Hooks, tested in ``tests/cds_hooks``."""

IN_PYTHON = re.compile(r"def test_statement_(\d\d)_")
"""What no table can say is a function ``test_statement_14_...`` in a module beside this one."""


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_statement(tmp_path: Path, case: dict[str, Any]) -> None:
    expected = dict(case["expect"])
    load_error = expected.pop("load_error", None)
    if load_error is not None:
        with pytest.raises(PathwayError) as refused:
            load(case, tmp_path)
        assert all(text in str(refused.value) for text in load_error), str(refused.value)
        return
    pathway = load(case, tmp_path)
    error = expected.pop("invocation_error", None)
    if error is not None:
        with pytest.raises((InvocationError, PatientDataError)) as wrong:
            apply(case, pathway)
        assert all(text in str(wrong.value) for text in error), str(wrong.value)
        return
    result = apply(case, pathway)
    assert expected, "a case without an expectation proves nothing"
    for check, value in expected.items():
        CHECKS[check](result, value)


def test_the_tables_were_found() -> None:
    assert len(CASES) > 150
    assert len(TABLES) > 50
    for table in TABLES:
        document = read_json_file(table)
        assert document["statement"] == int(table.stem[:2]), table.name
        assert document["source"]
        assert document["cases"], table.name


def covered() -> set[int]:
    """Numbers with a table or a function."""
    modules = "".join(module.read_text() for module in HERE.glob("test_*.py"))
    return {int(table.stem[:2]) for table in TABLES} | {int(each) for each in IN_PYTHON.findall(modules)}


def test_every_statement_has_a_test() -> None:
    assert set(NUMBERS) - covered() <= PENDING


PENDING: set[int] = set()
"""ActivityDefinition, dynamicValue and expressions: their tables come from another branch."""


def test_every_choice_is_about_a_statement() -> None:
    choices = read_json_file(HERE / "choices.json")
    assert {str(number) for number in set(NUMBERS) - PENDING} <= set(choices)
    for number, choice in choices.items():
        assert int(number) in range(1, 85)
        assert set(choice) == {"title", "what we do", "source"}
        assert all(isinstance(text, str) and text for text in choice.values())
