"""Ours beside npm fhirpath: every expression that we have, and every disagreement explained.

``npm_disagreements.json`` holds the causes and, for each disagreement, which of them it is: the name of
a case of the suite, or a row of our tables or a generated expression by its text. docs/SPEC_CLARIFICATIONS.md
tells the causes. The peer is installed by scripts/install_peers, never by a test.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from generated_expressions import expressions
from official_fhirpath import NOW, ROOT, SUITE, cases
from test_fhirpath_tables import RESOURCES, ROWS

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath
from fhir_gepnet.logic.fhirpath.moments import compare_moments, parse_moment
from fhir_gepnet.logic.form import DATE, DATE_TIME, TIME

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
PEERS = Path(
    os.environ.get("FHIR_GEPNET_NPM_PEERS")
    or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fhir_gepnet" / "peers"
)
TABLE: dict[str, dict[str, str]] = read_json_file(HERE / "npm_disagreements.json")
CAUSES, DISAGREEMENTS = TABLE["causes"], TABLE["disagreements"]
GENERATED, SEED = 1500, 7
Asked = tuple[str, str, Any]
"""Name, expression, resource."""

needs_peer = pytest.mark.skipif(
    shutil.which("node") is None or not (PEERS / "node_modules" / "fhirpath").is_dir(),
    reason="Node or npm fhirpath is not there; run scripts/install_peers",
)


def of_suite() -> list[Asked]:
    """The cases of the official suite, when it is there."""
    if not SUITE.is_dir():
        return []
    inputs = {file.name: read_json_file(file) for file in (SUITE / "input").glob("*.json")}
    return [(case.name, case.expression, inputs[case.file]) for case in cases()]


def of_our_own() -> list[Asked]:
    """The rows of our tables and the generated expressions."""
    rows = [row.values[0] for row in ROWS]
    # By their text, not by their number, which changes with every row that is added.
    named = [(f"{row['on']}: {row['expression']}" if "on" in row else row["expression"], row) for row in rows]
    made = [text for text in expressions(GENERATED, SEED) if compiles(text)]
    told = [(name, row["expression"], RESOURCES[row.get("on", "none")]) for name, row in named]
    return told + [(text, text, RESOURCES["person"]) for text in made]


def compiles(text: str) -> bool:
    """Most of what is thrown together means nothing; that the peer gives [] for it needs no list."""
    try:
        compile_fhirpath(text, root_type="Patient")
    except GepnetError:
        return False
    return True


@cache
def disagreements() -> tuple[int, dict[str, str]]:
    """How many were compared, and name -> what either gives for those that differ."""
    work = of_suite() + of_our_own()
    request = write_json([{"expression": text, "resource": resource} for _, text, resource in work])
    # Moments without a zone are local time there: with UTC the answers are the same everywhere.
    environment = os.environ | {"TZ": "UTC"}
    command = ["node", str(ROOT / "scripts" / "fhirpath_npm.mjs")]
    done = subprocess.run(
        command, cwd=PEERS, env=environment, input=request, capture_output=True, check=True, timeout=300
    )
    found = {}
    answers = read_json(done.stdout)
    for (name, text, resource), theirs in zip(work, answers, strict=True):
        ours = answer(text, resource)
        if not agree(ours, theirs):
            found[name] = f"{text!r}: ours {ours}, npm {theirs}"
    return len(work), found


def answer(text: str, resource: Any) -> dict[str, Any]:
    """Ours, in the shape of theirs."""
    try:
        return {"ok": compile_fhirpath(text)(resource, now=NOW)}
    except GepnetError as error:
        return {"error": f"{type(error).__name__}: {error.args[0] if error.args else ''}"}


def agree(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Both refuse, or both give the same items."""
    if "ok" not in ours or "ok" not in theirs:
        return "ok" not in ours and "ok" not in theirs
    return same(ours["ok"], theirs["ok"])


def same(ours: Any, theirs: Any) -> bool:
    """One value, but for its notation: theirs writes quantities and moments as text, and has no decimals."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | Decimal) and isinstance(theirs, int | Decimal):
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-15)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, dict) and isinstance(theirs, str):
        if ours.keys() == {"namespace", "name"}:
            return f"{ours['namespace']}.{ours['name']}" == theirs
        return _same_quantity(ours, theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours == theirs or any(_same_moment(ours, theirs, kind) for kind in (DATE, DATE_TIME, TIME))
    return ours is None and theirs is None


def _same_quantity(ours: dict[str, Any], theirs: str) -> bool:
    read = re.fullmatch(r"([-+]?[\d.e+-]+) '?([^']*)'?", theirs)
    if read is None or not {"value", "unit"} <= ours.keys():
        return False
    return same(ours["value"], Decimal(read[1])) and ours["unit"].rstrip("s") == read[2].rstrip("s")


def _same_moment(ours: str, theirs: str, kind: Any) -> bool:
    one, other = (parse_moment(text.removeprefix("T"), kind) for text in (ours, theirs))
    return one is not None and other is not None and compare_moments(one, other) == 0


@needs_peer
def test_every_disagreement_is_explained() -> None:
    compared, found = disagreements()
    assert compared > 800
    assert [told for name, told in found.items() if name not in DISAGREEMENTS] == []
    known = {name for name, _, _ in of_suite() + of_our_own()}
    gone = [name for name in DISAGREEMENTS if name in known and name not in found]
    assert gone == [], "both agree now: take them off the list"


def test_the_list_is_in_order() -> None:
    assert set(DISAGREEMENTS.values()) == set(CAUSES), "every cause is used, every disagreement has one"
    names = {name for name, _, _ in of_suite() + of_our_own()}
    assert not SUITE.is_dir() or DISAGREEMENTS.keys() <= names, "a listed disagreement is asked by nobody"


def test_the_documentation_tells_every_cause() -> None:
    text = " ".join((ROOT / "docs" / "SPEC_CLARIFICATIONS.md").read_text(encoding="utf-8").split())
    for name, cause in CAUSES.items():
        assert cause in text, f"docs/SPEC_CLARIFICATIONS.md does not tell the cause {name!r}: {cause}"
