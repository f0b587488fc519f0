"""How many applications per second in one process, and how does the cost grow with the record?

    python benchmarks/apply.py

Applies gepnet-2018 to the 100-resource example patient, and to the same patient with irrelevant and
relevant results repeated up to 10,000 resources. Checks first that the decisions are those of the case
and do not change when irrelevant resources are added. Growth is the cost per resource, relative to 100.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.servers import ROOT
from fhir_gepnet import Decision, PatientRecord, load_pathway
from fhir_gepnet.json_io import read_json_file

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PATIENT = ROOT / "examples" / "patients" / "midgut-progression.json"
SIZES = (100, 1_000, 10_000)
EXPECTED = {"prrt-offer", "eve-offer", "mdt-expedited"}


def applicable(decisions: tuple[Decision, ...]) -> Iterator[str]:
    """Ids of all leaves that apply."""
    for decision in decisions:
        if decision.verdict.value == "applies":
            yield from applicable(decision.children) if decision.children else (decision.action_id,)


def grown(bundle: dict[str, Any], size: int) -> dict[str, Any]:
    """The same patient with old results of an unrelated test added until the record has this size."""
    entries = bundle["entry"]
    padding = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"padding-{number}",
                "status": "final",
                "category": [{"coding": [{"code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
                "effectiveDateTime": f"2020-01-{number % 28 + 1:02}",
                "valueQuantity": {"value": 140, "unit": "mmol/L", "code": "mmol/L"},
            }
        }
        for number in range(size - len(entries))
    ]
    return bundle | {"entry": entries + padding}


def main() -> None:
    """Print load time, then one line per record size."""
    started = time.perf_counter()
    pathway = load_pathway(ROOT / "plandefinitions" / "gepnet-2018")
    print(f"load and compile: {time.perf_counter() - started:.2f} s")
    bundle = read_json_file(PATIENT)
    complete = {need.resource_type for need in pathway.data_needs}
    reference: list[str] | None = None
    first = 0.0
    print(f"{'resources':>10}{'ms median':>11}{'ms p99':>9}{'per second':>12}{'growth per resource':>21}")
    for size in SIZES:
        data = grown(bundle, size)
        found = sorted(
            applicable(pathway.apply(PatientRecord.of(data, complete=complete), now=NOW).decisions)
        )
        reference = reference or found
        if found != reference or not set(found) >= EXPECTED:
            sys.exit(f"the decisions changed at {size} resources: {found}")
        runs = []
        for _ in range(max(30, 30_000 // size)):
            start = time.perf_counter()
            pathway.apply(PatientRecord.of(data, complete=complete), now=NOW)
            runs.append((time.perf_counter() - start) * 1000)
        runs.sort()
        median = statistics.median(runs)
        first = first or median / size
        line = f"{len(data['entry']):>10}{median:>11.3f}{runs[int(len(runs) * 0.99)]:>9.3f}"
        print(f"{line}{1000 / median:>12.0f}{median / size / first:>21.2f}")


if __name__ == "__main__":
    main()
