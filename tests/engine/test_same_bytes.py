"""Same inputs, same bytes: in another process, with another hash seed and another zone of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
from datetime import UTC, datetime
from pathlib import Path
import sys
from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.engine.explain import decisions_json
from fhir_gepnet.json_io import read_json_file, write_json

now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
for folder, cases in (
    ("tests/data/second-pathway", ("due", "allergy", "no-birth-date")),
    ("plandefinitions/gepnet-2018", ("s01-ecog-missing", "v13-pancreas-hba1c-9-8")),
):
    pathway = load_pathway(folder)
    for case in cases:
        record = PatientRecord.of(read_json_file(Path(folder) / "cases" / case / "patient.json"))
        result = pathway.apply(record, now=now)
        for made in (
            result.care_plan(),
            result.bundle(trace=True),
            decisions_json(result.decisions, explain=True),
            result.trace(),
            result.board(),
            result.missing(),
        ):
            sys.stdout.buffer.write(write_json(made) + b"\\n")
"""


def output(seed: str, zone: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def first() -> bytes:
    return output("0", "UTC")


def test_something_was_written(first: bytes) -> None:
    assert len(first.splitlines()) == 30


@pytest.mark.parametrize(("seed", "zone"), [("1", "Asia/Tokyo"), ("4711", "America/St_Johns")])
def test_same_bytes(first: bytes, seed: str, zone: str) -> None:
    assert output(seed, zone) == first
