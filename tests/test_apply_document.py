"""docs/apply.md is true: its table is what the statement tests say, and a test shows every statement."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "apply.md").read_text()
STATEMENTS, _, DIFFERENCES = DOCUMENT.partition("## Differences")
ROWS = re.findall(r"^\| (\d+) \| .* \| ([^|]*) \|$", STATEMENTS, re.MULTILINE)
ADDRESSES = re.findall(r"/fhir/[\w\[\]{}/$.]*", DOCUMENT)


def test_the_table_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make_apply_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_statement_has_a_row_and_a_test() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 78))
    missing = [number for number, shown in ROWS if not shown]
    assert not missing
    for link in re.findall(r"\]\((\.\./[^)]+)\)", DOCUMENT):
        assert (ROOT / "docs" / link).resolve().exists(), link


def test_the_differences_say_that_the_engine_was_read() -> None:
    assert "**It was read,\nnot run**" in DOCUMENT
    rows = [line for line in DIFFERENCES.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert len(rows) > 25
    assert all(line.count(" | ") == 3 and not line.endswith("|  |") for line in rows), "each has a reason"


def test_the_addresses_are_served() -> None:
    routes = (ROOT / "cds_hooks" / "fhir_routes.py").read_text() + (
        ROOT / "cds_hooks" / "fhir_apply.py"
    ).read_text()
    assert len(ADDRESSES) >= 7
    for operation in {address.rpartition("/")[2] for address in ADDRESSES if "$" in address}:
        assert operation in routes, operation
