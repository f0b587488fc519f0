"""Write the table of statements in docs/apply.md from tests/engine/statements.

Usage: python scripts/make_apply_table.py [--check]

What we do per statement stands beside the statement's tests (``choices.json``); the document repeats it
between two marks, with the file that shows it. ``--check`` changes nothing and fails when the document is out
of date.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATEMENTS = ROOT / "tests" / "engine" / "statements"
DOCUMENT = ROOT / "docs" / "apply.md"
START, END = "<!-- statements: written by scripts/make_apply_table.py -->", "<!-- end of statements -->"
IN_PYTHON = re.compile(r"\bdef test_statement_(\d\d)_")
HEAD = "| # | statement | what we do | source | shown by |\n| --- | --- | --- | --- | --- |\n"


def shown_by() -> dict[int, str]:
    """Statement number -> the file of its tests: a table, else the module with a function of that number."""
    found: dict[int, str] = {}
    for module in sorted(STATEMENTS.glob("test_*.py")):
        found |= {int(number): module.name for number in IN_PYTHON.findall(module.read_text())}
    return found | {int(table.name[:2]): table.name for table in sorted(STATEMENTS.glob("[0-9][0-9]-*.json"))}


def table() -> str:
    """The Markdown table, one row per choice, in the order of the numbers."""
    choices = json.loads((STATEMENTS / "choices.json").read_text())
    tests = shown_by()
    rows = []
    for number, choice in sorted((int(number), choice) for number, choice in choices.items()):
        texts = [choice[name].replace("|", "\\|") for name in ("title", "what we do", "source")]
        file = tests.get(number)
        link = f"[{file}](../tests/engine/statements/{file})" if file else ""
        rows.append(f"| {number} | " + " | ".join([*texts, link]) + " |\n")
    return HEAD + "".join(rows)


def with_table(document: str) -> str:
    """The document with the table between its marks."""
    before, _, rest = document.partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"{DOCUMENT.name} has not both marks: {START} and {END}")
    return f"{before}{START}\n\n{table()}\n{END}{after}"


def main() -> None:
    """Write the table, or with --check compare it."""
    document = DOCUMENT.read_text()
    wanted = with_table(document)
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(wanted)
    elif document != wanted:
        sys.exit("docs/apply.md is out of date; run python scripts/make_apply_table.py")


if __name__ == "__main__":
    main()
