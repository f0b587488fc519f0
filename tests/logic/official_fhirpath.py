"""HL7's FHIRPath suite for R4: its cases and whether ours gives what it wants.

It is not ours, so it is not copied here: ``FHIR_GEPNET_SUITES`` names its folder.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from suite_scores import INVALID_ACCEPTED, REFUSED, WRONG_VALUE, Failure, Score

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath
from fhir_gepnet.logic.fhirpath.moments import compare_moments, parse_moment
from fhir_gepnet.logic.form import DATE, DATE_TIME, TIME

NAME = "FHIRPath R4"
ROOT = Path(__file__).parents[2]
SUITE = Path(os.environ.get("FHIR_GEPNET_SUITES", ROOT.parent / "shared" / "data")) / "fhirpath"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEVIATIONS: dict[str, str] = read_json_file(
    Path(__file__).parent / "fhirpath" / "official_suite_deviations.json"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: ``outputs`` are (type or "", text); ``invalid`` says that it must be refused."""

    name: str
    file: str
    expression: str
    invalid: bool
    predicate: bool
    ordered: bool
    outputs: tuple[tuple[str, str], ...]


def cases() -> list[Case]:
    """All cases with an expression; a name that is used twice gets a number."""
    found: list[Case] = []
    seen: dict[str, int] = {}
    tree = ElementTree.parse(SUITE / "tests-fhir-r4.xml")
    for group in tree.getroot().iter("group"):
        for test in group:
            expression = test.find("expression")
            if (
                test.tag not in ("test", "modeTest")
                or expression is None
                or not (expression.text or "").strip()
            ):
                continue
            name = f"{group.get('name')}/{test.get('name')}"
            seen[name] = seen.get(name, 0) + 1
            found.append(
                Case(
                    name if seen[name] == 1 else f"{name}#{seen[name]}",
                    Path(test.get("inputfile") or "patient-example.xml").stem + ".json",
                    expression.text or "",
                    bool(expression.get("invalid") or test.get("invalid")),
                    test.get("predicate") == "true",
                    test.get("ordered") != "false",
                    tuple((output.get("type") or "", output.text or "") for output in test.findall("output")),
                )
            )
    return found


def fits(case: Case, got: list[Any]) -> bool:
    """Whether an answer is the one that the suite wants."""
    if case.predicate and not (len(got) == 1 and isinstance(got[0], bool)):
        got = [bool(got)]
    if len(got) != len(case.outputs):
        return False
    if case.ordered:
        return all(same(kind, text, value) for (kind, text), value in zip(case.outputs, got, strict=True))
    rest = list(got)
    for kind, text in case.outputs:
        match = next((value for value in rest if same(kind, text, value)), None)
        if match is None:
            return False
        rest.remove(match)
    return True


def same(kind: str, text: str, value: Any) -> bool:
    """Compare an output of the suite, which is text with or without a type, with a plain value."""
    if isinstance(value, bool) or kind == "boolean":
        return value is (text.strip() == "true")
    if isinstance(value, int | Decimal):
        return kind in ("", "integer", "decimal") and Decimal(text) == value
    if isinstance(value, dict):
        number = re.fullmatch(r"\s*([-+]?[\d.]+)\s*'([^']*)'\s*", text)
        return number is not None and (Decimal(number[1]), number[2]) == (value["value"], value["unit"])
    if text.startswith("@"):
        return _same_moment(text, value)
    return bool(value == text)


def _same_moment(text: str, value: str) -> bool:
    kind = TIME if text.startswith("@T") else DATE_TIME if "T" in text else DATE
    left, right = parse_moment(text.lstrip("@").removeprefix("T"), kind), parse_moment(value, kind)
    return left is not None and right is not None and compare_moments(left, right) == 0


def failure_of(case: Case, resource: Any) -> Failure | None:
    """None when the case passes, else what went wrong. An error that is not ours is never a pass."""
    try:
        got = compile_fhirpath(case.expression)(resource, now=NOW)
    except GepnetError as error:
        return None if case.invalid else Failure(REFUSED, str(error))
    if case.invalid:
        return Failure(INVALID_ACCEPTED, f"gave {got}")
    return None if fits(case, got) else Failure(WRONG_VALUE, f"gave {got}, not {case.outputs}")


def score() -> Score:
    """The whole suite."""
    every = cases()
    inputs = {file.name: read_json_file(file) for file in (SUITE / "input").glob("*.json")}
    failures = {
        case.name: failure for case in every if (failure := failure_of(case, inputs[case.file])) is not None
    }
    return Score(NAME, len(every), failures, DEVIATIONS)
