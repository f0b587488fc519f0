"""CPU per patient for a CQL library of 22 expressions: ours beside npm cql-execution, in one run.

    python -m benchmarks.cql

The library (bench_library.cql) and the patient of 100 resources (fhirpath_cases.py) are those of the
folder that FHIR_GEPNET_PEERS names, default ../shared/peers; two value sets. Both engines run the same
ELM, and must give the same 22 answers before anything is timed. FHIRHelpers and FHIRCommon 4.0.1 are not
at hand: under the first name goes our own GepnetConversions (generated from the model info), under the
second cql_library/FHIRCommon.cql, which holds the one function that is called. The peer runs their ELM;
ours does the conversions natively. A patient costs reading the Bundle's resources into the engine's
form and evaluating every expression; parsing JSON, and the peer's model info, count for neither.
"""

from __future__ import annotations

import os
import re
import runpy
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.peers import cql_execution
from benchmarks.servers import PEERS, ROOT
from fhir_gepnet import PatientRecord, load_pathway
from fhir_gepnet.authoring.translation import _translate
from fhir_gepnet.json_io import read_json
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.logic.program import Library

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SIZES = (100, 1_000, 10_000, 100_000)
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
CODES = {
    "http://example.org/ValueSet/drugs": [(RXNORM, str(200 + number)) for number in range(0, 15, 2)]
    + [(RXNORM, str(201 + number)) for number in range(0, 14, 2)],
    "http://example.org/ValueSet/disorders": [(SNOMED, str(38341003 + number)) for number in range(8)],
}
EXPRESSIONS = 22
PATHWAY = ROOT / "plandefinitions" / "gepnet-2018"


def translated() -> list[dict[str, Any]]:
    """The ELM of the measured library and of the two that it includes."""
    conversions = (PATHWAY / "library/cql/GepnetConversions.cql").read_text(encoding="utf-8")
    helpers = re.sub(
        r"library GepnetConversions version '[^']*'", "library FHIRHelpers version '4.0.1'", conversions
    )
    own = Path(__file__).parent / "cql_library" / "FHIRCommon.cql"
    sources = {
        "FHIRHelpers.cql": helpers,
        "FHIRCommon.cql": own.read_text(encoding="utf-8"),
        "Bench.cql": (PEERS / "bench_library.cql").read_text(encoding="utf-8"),
    }
    found = _translate(sources, PEERS)
    problems = [problem for library in found for problem in library.problems]
    if problems:
        sys.exit("\n".join(problems))
    return [read_json(library.elm or "") for library in found]


def value_set_resources() -> list[dict[str, Any]]:
    """The value sets as FHIR resources."""
    return [
        {
            "resourceType": "ValueSet",
            "url": url,
            "status": "active",
            "expansion": {"contains": [{"system": system, "code": code} for system, code in codes]},
        }
        for url, codes in CODES.items()
    ]


def normal(value: Any) -> Any:
    """A value without the differences of notation: 2 and 2.0, Z and +00:00, order of keys."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {key: normal(value[key]) for key in sorted(value)}
    if isinstance(value, str):
        return re.sub(r"\.000(?=Z|[+-])", "", value.replace("+00:00", "Z"))
    return round(float(value), 8)


def grown(bundle: dict[str, Any], size: int) -> dict[str, Any]:
    """The same patient with every resource but Patient and Encounters repeated under other ids.

    The Encounters stay ten: the library asks of each whether one of the observations is of its month,
    so that the two numbers multiply, whatever engine counts.
    """
    held = bundle["entry"]
    repeated = [entry for entry in held if entry["resource"]["resourceType"] not in ("Patient", "Encounter")]
    added = [
        {"fullUrl": f"urn:x:r{number}", "resource": entry["resource"] | {"id": f"r{number}"}}
        for number, entry in zip(range(size - len(held)), cycle(repeated), strict=False)
    ]
    return bundle | {"entry": held + added}


def cpu_per_call(call: Callable[[], object], seconds: float) -> float:
    """Milliseconds of CPU of one call: the median of seven rounds."""
    call()
    started = time.process_time()
    call()
    once = max(time.process_time() - started, 1e-5)
    count = max(1, int(seconds / 7 / once))
    rounds = []
    for _ in range(7):
        started = time.process_time()
        for _ in range(count):
            call()
        rounds.append((time.process_time() - started) / count * 1000)
    return statistics.median(rounds)


def evaluation(library: Library, bundle: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """One patient from the parsed Bundle to the values of all expressions."""
    return lambda: library.evaluate(PatientRecord.of(bundle), now=NOW)


def check(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Stop unless both give the same answers to all expressions."""
    theirs = {name: value for name, value in theirs.items() if name != "Patient"}
    if len(ours) != EXPRESSIONS or ours.keys() != theirs.keys():
        sys.exit(f"{len(ours)} and {len(theirs)} expressions, not {EXPRESSIONS}")
    for name in ours:
        if normal(ours[name]) != normal(theirs[name]):
            sys.exit(f"{name} is {ours[name]} here and {theirs[name]} there")
    print(f"{len(ours)} expressions, same answers in both engines")


def verdict(holds: bool) -> str:
    """How a goal went."""
    return "reached" if holds else "MISSED"


def main() -> None:
    """Check, then time."""
    os.environ["TZ"] = "UTC"
    bundle = runpy.run_path(str(PEERS / "fhirpath_cases.py"))["timing_bundle"]()
    elm = translated()
    library = load_libraries(elm, value_sets=value_set_resources())["Bench"]
    codes = {
        url: {"1": [{"system": system, "code": code} for system, code in codes]}
        for url, codes in CODES.items()
    }
    request = {
        "libraries": elm,
        "main": "Bench",
        "bundles": [bundle],
        "valueSets": codes,
        "now": "2025-01-01T00:00:00.000+00:00",
        "repeat": 150,
    }
    theirs = cql_execution(request)
    run = evaluation(library, bundle)
    check(run(), theirs["answers"][0])
    peer = float(statistics.median(theirs["milliseconds"][30:]))
    ours = cpu_per_call(run, 3)
    print(f"cql-execution {peer:9.3f} ms CPU per patient")
    print(f"fhir_gepnet   {ours:9.3f} ms CPU per patient; goal at most 1: {verdict(ours <= 1)}")
    print(f"ratio         {peer / ours:9.0f}; goal at least 100: {verdict(peer / ours >= 100)}")
    print(f"{'resources':>10}{'ms':>10}{'per resource, relative to 100':>32}")
    first = 0.0
    for size in SIZES:
        cost = cpu_per_call(evaluation(library, grown(bundle, size)), 2)
        first = first or cost / size
        print(f"{size:>10}{cost:>10.3f}{cost / size / first:>32.2f}")
    loads = []
    for _ in range(5):
        started = time.process_time()
        load_pathway(PATHWAY)
        loads.append(time.process_time() - started)
    load = statistics.median(loads)
    print(f"load and compile gepnet-2018: {load:.2f} s CPU; goal at most 1: {verdict(load <= 1)}")


if __name__ == "__main__":
    main()
