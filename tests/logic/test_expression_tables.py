"""docs/expressions.md is what its script makes of registries and tables, and leaves nothing untested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.elm.reader import supported_nodes
from fhir_gepnet.logic.fhirpath.functions import known_functions

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "make_expression_tables.py"
PAGE = (ROOT / "docs" / "expressions.md").read_text()
CHAPTERS = read_json_file(ROOT / "scripts" / "expression_chapters.json")


def test_the_page_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_page_names_everything() -> None:
    lines = PAGE.splitlines()
    for word in (*supported_nodes(), *(f"{name}()" for name in known_functions())):
        assert any(line.startswith(f"| `{word}` |") for line in lines), word
    assert "not in the table of chapters" not in PAGE, "add the node to scripts/expression_chapters.json"


def test_everything_is_in_some_table() -> None:
    """By our own rows, a pathway or an official case; nothing is carried out that nothing asks for."""
    untested = [
        line.split(" | ")[0].strip("| `") for line in PAGE.splitlines() if line.endswith("| none | 0 |")
    ]
    assert untested == []
