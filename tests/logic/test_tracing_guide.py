"""docs/tracing.md is true: its Python runs, and its table of limits is that of ``Budget``."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from fhir_gepnet.logic import Budget

TEXT = (Path(__file__).parents[2] / "docs" / "tracing.md").read_text(encoding="utf-8")


def test_the_python_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"block {number} of docs/tracing.md", "exec"), names)


def test_the_limits_are_those_of_a_budget() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w,]+) \|", TEXT, re.MULTILINE))
    assert {name: text.replace(",", "") for name, text in rows.items()} == {
        field.name: "none" if field.default is None else str(field.default) for field in fields(Budget)
    }
