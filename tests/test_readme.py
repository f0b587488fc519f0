"""The README is true: its command prints its card, its Python runs, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.json_io import read_json, write_json_indented

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXT = README.read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL)
LEFT_OUT = {"suggestions", "links"}


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def first_card() -> dict[str, Any]:
    (line,) = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith("gepnet apply")]
    cards = read_json(run(sys.executable, "-m", "fhir_gepnet", *shlex.split(line)[1:]))["cards"]
    return {name: value for name, value in cards[0].items() if name not in LEFT_OUT}


def test_the_card_is_what_the_command_prints(request: pytest.FixtureRequest) -> None:
    (shown,) = [block for language, block in BLOCKS if language == "json"]
    printed = write_json_indented(first_card()).decode()
    if request.config.getoption("--update-golden"):
        README.write_text(TEXT.replace(f"```json\n{shown}```", f"```json\n{printed}```"))
        pytest.skip("rewritten; read the diff before it is committed")
    assert shown == printed


def test_the_python_runs() -> None:
    (program,) = [block for language, block in BLOCKS if language == "python"]
    assert "options applies" in run(sys.executable, "-c", program)


def test_every_command_is_named() -> None:
    commands = re.findall(r"^  (\w+)  ", run(sys.executable, "-m", "fhir_gepnet", "--help"), re.MULTILINE)
    assert len(commands) >= 7
    assert [name for name in commands if f"gepnet {name}" not in TEXT] == []


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT))
def test_links(target: str) -> None:
    assert (ROOT / target).exists()
