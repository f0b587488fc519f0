"""Plans far larger than ours load and apply, and the cost grows with the size and not with its square.

Limits are ten times what a slow, shared machine needs; the figures are printed by `benchmarks/apply.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from benchmarks.generated_plans import PATIENT, deep_plan, many_libraries, wide_plan
from fhir_gepnet import Decision, PatientRecord, Verdict, load_pathway
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONGEST_LOAD = 30.0
LONGEST_APPLY = 1.0

Make = Callable[[Path, int], Path]
SIZES: list[tuple[str, Make, int, int, int]] = [
    # what, how, size, decisions in all, applicable ones
    ("a thousand actions", wide_plan, 1_000, 1_100, 600),
    ("ten levels", deep_plan, 10, 20, 10),
    ("forty levels", deep_plan, 40, 80, 40),
    ("two hundred libraries", many_libraries, 200, 200, 200),
]


def walked(decisions: tuple[Decision, ...]) -> Iterator[Decision]:
    for decision in decisions:
        yield decision
        yield from walked(decision.children)


@pytest.mark.parametrize(
    ("make", "size", "decisions", "applicable"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES]
)
def test_it_loads_and_applies(make: Make, size: int, decisions: int, applicable: int, tmp_path: Path) -> None:
    folder = make(tmp_path, size)
    started = time.perf_counter()
    pathway = load_pathway(folder)
    loaded = time.perf_counter()
    record = PatientRecord.of(PATIENT)
    result = pathway.apply(record, now=NOW)
    applied = time.perf_counter()
    assert loaded - started < LONGEST_LOAD
    assert applied - loaded < LONGEST_APPLY
    found = list(walked(result.decisions))
    assert len(found) == decisions
    assert sum(each.verdict is Verdict.APPLIES for each in found) == applicable
    assert {each.verdict for each in found} <= {Verdict.APPLIES, Verdict.DOES_NOT_APPLY}
    for form in (result.care_plan(), result.bundle()):
        get_fhir_model_class(form["resourceType"]).model_validate_json(write_json(form))
    assert not result.issues
