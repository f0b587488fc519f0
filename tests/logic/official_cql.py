"""The official CQL suite: its cases, their ELM, and whether ours gives what it wants.

Both the tested and the expected expression are CQL, and must give the same. The suite is not ours and not in
the repository: ``FHIR_GEPNET_SUITES`` names its folder. ``FHIR_GEPNET_CQL_ELM`` may name a JSON file of ELM
per case number; without it the authoring translator makes the ELM (Node, about half a minute) and the
user's cache keeps it.
"""

from __future__ import annotations

import hashlib
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from suite_scores import INVALID_ACCEPTED, NOT_TRANSLATED, REFUSED, WRONG_VALUE, Failure, Score

from fhir_gepnet.authoring import translation
from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.logic import load_libraries

NAME = "CQL"
ROOT = Path(__file__).parents[2]
SUITE = Path(os.environ.get("FHIR_GEPNET_SUITES", ROOT.parent / "shared" / "data")) / "cql-tests"
NAMESPACE = "{http://hl7.org/fhirpath/tests}"
DEVIATIONS: dict[str, str] = read_json_file(Path(__file__).parent / "official_suite_deviations.json")
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
RECORD = PatientRecord.of([{"resourceType": "Patient", "id": "1"}])


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``wanted`` None: the case only says that it can be evaluated."""

    name: str
    expression: str
    wanted: str | None
    invalid: bool

    @property
    def source(self) -> str:
        """A library of the tested expression, and the expected one unless the case is invalid."""
        text = f"library T version '1'\ndefine \"X\": {self.expression}\n"
        return text if self.invalid or self.wanted is None else f'{text}define "W": {self.wanted}\n'


def cases() -> list[Case]:
    """All cases, by file, group and test in the order of the files."""
    found = []
    for file in sorted(SUITE.glob("*.xml")):
        for test in ElementTree.parse(file).getroot().iter(NAMESPACE + "test"):
            expression = test.find(NAMESPACE + "expression")
            assert expression is not None
            output = test.find(NAMESPACE + "output")
            found.append(
                Case(
                    f"{file.stem}/{test.get('name')}",
                    (expression.text or "").strip(),
                    None if output is None else (output.text or "").strip(),
                    expression.get("invalid") not in (None, "false"),
                )
            )
    return found


def translated(every: list[Case]) -> dict[int, Any]:
    """ELM by case number; cases that the translator refuses have none.

    Raises:
        ArtifactError: Node is needed and not there.
    """
    given = os.environ.get("FHIR_GEPNET_CQL_ELM")
    if given:
        return {int(number): elm for number, elm in read_json_file(Path(given)).items()}
    kept = kept_elm(every)
    if kept.exists():
        return {int(number): elm for number, elm in read_json_file(kept).items()}
    sources = {
        f"{number}.cql": case.source.replace("library T ", f"library T{number} ", 1)
        for number, case in enumerate(every)
    }
    elm = {
        int(library.file.removesuffix(".cql")): read_json(library.elm)
        for library in translation._translate(sources, SUITE)
        if library.elm is not None and not library.problems
    }
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(write_json({str(number): library for number, library in elm.items()}))
    return elm


def kept_elm(every: list[Case]) -> Path:
    """Where the ELM of exactly these cases by exactly this translator is kept."""
    tool = Path(translation.__file__).parent / "translate"
    digest = hashlib.sha256()
    for name in translation._TOOL_FILES:
        digest.update((tool / name).read_bytes())
    for case in every:
        digest.update(case.source.encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "fhir_gepnet" / "suites" / f"cql-{digest.hexdigest()[:16]}.json"


def same(left: Any, right: Any) -> bool:
    """Equality of plain values; numbers to eight places, true and 1 apart."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return abs(left - right) <= Decimal("1E-8")
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def evaluated(elm: Any, back_end: str) -> dict[str, Any]:
    """Every define of a case's library."""
    (library,) = load_libraries([elm], back_end=back_end).values()
    return library.evaluate(RECORD, now=NOW)


def failure_of(case: Case, elm: Any) -> Failure | None:
    """None when the case passes, else what went wrong."""
    if elm is None:
        return None if case.invalid else Failure(NOT_TRANSLATED, "")
    try:
        got, oracle = (evaluated(elm, back_end) for back_end in ("source", "closures"))
        assert repr(got) == repr(oracle), f"{case.name}: the back ends disagree"
    except GepnetError as error:
        return None if case.invalid else Failure(REFUSED, str(error))
    if case.invalid:
        return Failure(INVALID_ACCEPTED, f"gave {got['X']}")
    if case.wanted is None or same(got["X"], got["W"]):
        return None
    return Failure(WRONG_VALUE, f"gave {got['X']}, not {got['W']}")


def score() -> Score:
    """The whole suite."""
    every = cases()
    elm = translated(every)
    failures = {
        case.name: failure
        for number, case in enumerate(every)
        if (failure := failure_of(case, elm.get(number))) is not None
    }
    return Score(NAME, len(every), failures, DEVIATIONS)
