"""How fast are FHIRPath conditions, beside npm fhirpath and fhirpathpy, in one run?

    python -m benchmarks.fhirpath

The expressions E1-E5 and the Bundle of 100 resources are those of fhirpath_cases.py in the folder that
FHIR_GEPNET_PEERS names, default ../shared/peers; fhirpath_bench.mjs and fhirpath_bench.py there run the
peers, which are installed outside the repository the first time. Every engine compiles once, and its
answer is checked before it is timed. Figures are evaluations per second of CPU time on one core, the
median of several rounds: ours on the Bundle as the peers; ours on a PatientRecord made once, whose index
answers the coded conditions of E1, E2 and E5; the peers. Then the cost per resource from 100 to 100,000
resources, relative to 100, and what compiling costs.
"""

from __future__ import annotations

import os
import re
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.servers import PEERS, ROOT, peer_packages
from fhir_gepnet import PatientRecord
from fhir_gepnet.json_io import read_json, write_json
from fhir_gepnet.logic import compile_fhirpath

ROUNDS = 5
SECONDS = 0.2
SIZES = (100, 1_000, 10_000, 100_000)
FHIRPATHPY = "fhirpathpy==2.2.4"
Rates = dict[str, float]


def on_record(expression: str) -> str:
    """The same question of a record, where the name of a type means all resources of that type."""
    return re.sub(r"Bundle\.entry\.resource\.ofType\((\w+)\)", r"\1", expression)


def rate(call: Callable[[], object]) -> float:
    """Calls per second of CPU time."""
    count, spent = 1, 0.0
    while spent < SECONDS / 4:
        count *= 2
        spent = cpu_of(call, count)
    count = max(1, int(count * SECONDS / spent))
    return count / cpu_of(call, count)


def cpu_of(call: Callable[[], object], count: int) -> float:
    """CPU seconds of so many calls."""
    started = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - started


def checked(name: str, expression: str, data: Any, wanted: object) -> Callable[[], object]:
    """The compiled expression on the data; a wrong answer ends the benchmark."""
    evaluate = compile_fhirpath(expression)
    answer = evaluate(data)
    if len(answer) != 1 or answer[0] is not wanted:
        sys.exit(f"{name} gives {answer}, not [{wanted}]")
    return lambda: evaluate(data)


def npm_peers() -> str:
    """The folder with the npm peers; installs them the first time."""
    done = subprocess.run([ROOT / "scripts" / "install_peers"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout.strip()


def peer(command: list[str], folder: str | None = None, **environment: str) -> Rates:
    """What one of the peers' benchmarks prints; one that answers wrongly prints no number."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(done.stderr[-2000:])
    found: dict[str, Any] = read_json(done.stdout.encode())["evals_per_s"]
    wrong = {name: told for name, told in found.items() if isinstance(told, str)}
    if wrong:
        sys.exit(f"{command[0]}: {wrong}")
    return {name: float(told) for name, told in found.items()}


def peers(cases: dict[str, Any]) -> dict[str, Rates]:
    """Both peers on the same Bundle and expressions."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.json"
        file.write_bytes(write_json(cases))
        of_npm = peer(["node", str(PEERS / "fhirpath_bench.mjs"), "bench", str(file)], npm_peers())
    path = os.pathsep.join([peer_packages(FHIRPATHPY), str(PEERS)])
    command = [sys.executable, str(PEERS / "fhirpath_bench.py"), "fhirpathpy", "bench"]
    return {"fhirpath.js": of_npm, "fhirpathpy": peer(command, PYTHONPATH=path)}


def grown(bundle: dict[str, Any], size: int) -> dict[str, Any]:
    """The same patient again and again: every resource but the Patient repeated under other ids."""
    patient, *others = bundle["entry"]
    entries = [patient]
    for number in range(1, size):
        resource = others[(number - 1) % len(others)]["resource"] | {"id": f"r{number}"}
        entries.append({"fullUrl": f"urn:x:r{number}", "resource": resource})
    return bundle | {"entry": entries}


def mean(ratios: list[float]) -> float:
    """Geometric mean."""
    return statistics.geometric_mean(ratios)


def verdict(reached: bool) -> str:
    """A word for a goal."""
    return "reached" if reached else "MISSED"


def costs_of(bundle: dict[str, Any], texts: dict[str, str]) -> list[float]:
    """CPU seconds per resource of each expression on the Bundle, then of E1 on a record made for it."""
    size, costs = len(bundle["entry"]), []
    for name, text in texts.items():
        (wanted,) = compile_fhirpath(text, back_end="closures")(bundle)
        call = checked(name, text, bundle, wanted)
        costs.append(1 / (statistics.median(rate(call) for _ in range(3)) * size))
    ask = compile_fhirpath(on_record(texts["E1"]))

    def of_new_record() -> object:
        """Indexing the record belongs to the question."""
        return ask(PatientRecord.of(bundle))

    costs.append(1 / (statistics.median(rate(of_new_record) for _ in range(3)) * size))
    return costs


def print_growth(bundle: dict[str, Any], texts: dict[str, str]) -> float:
    """Cost per resource relative to 100 resources; gives the largest for the largest Bundle."""
    print(f"\n{'resources':<14}" + "".join(f"{name:>10}" for name in texts) + f"{'new record':>12}")
    first = costs_of(grown(bundle, SIZES[0]), texts)
    growth = [1.0 for _ in first]
    for size in SIZES:
        if size != SIZES[0]:
            costs = costs_of(grown(bundle, size), texts)
            growth = [cost / start for cost, start in zip(costs, first, strict=True)]
        print(f"{size:<14,}" + "".join(f"{each:>10.2f}" for each in growth[:-1]) + f"{growth[-1]:>12.2f}")
    return max(growth)


def main() -> None:
    """Print a line per engine, ratios, growth, compile times, then the goals."""
    if not (PEERS / "fhirpath_cases.py").exists():
        sys.exit("fhirpath_cases.py is not at hand; set FHIR_GEPNET_PEERS to the folder that holds it")
    held = runpy.run_path(str(PEERS / "fhirpath_cases.py"))
    timing: dict[str, tuple[str, bool]] = held["TIMING"]
    bundle: dict[str, Any] = held["timing_bundle"]()
    record = PatientRecord.of(bundle)
    calls = {
        "ours": {name: checked(name, text, bundle, wanted) for name, (text, wanted) in timing.items()},
        "ours, record": {
            name: checked(name, on_record(text), record, wanted) for name, (text, wanted) in timing.items()
        },
    }
    rates: dict[str, Rates] = {}
    rounds: dict[str, dict[str, list[float]]] = {engine: {name: [] for name in timing} for engine in calls}
    print(
        f"{len(bundle['entry'])} resources, {len(write_json(bundle)):,} bytes; evaluations per second of CPU"
    )
    cases = {"timing": timing, "bundle": bundle, "host": held["HOST"], "cases": [], "inputs": {}}
    for number in range(ROUNDS):
        for engine, of_engine in calls.items():
            for name, call in of_engine.items():
                rounds[engine][name].append(rate(call))
        if number == ROUNDS // 2:
            rates = peers(cases)
    ours = {
        engine: {name: statistics.median(each) for name, each in found.items()}
        for engine, found in rounds.items()
    }
    rates = ours | rates

    print(f"{'engine':<14}" + "".join(f"{name:>10}" for name in timing) + f"{'mean':>12}")
    for engine, found in rates.items():
        print(
            f"{engine:<14}"
            + "".join(f"{found[name]:>10,.0f}" for name in timing)
            + f"{mean(list(found.values())):>12,.0f}"
        )
    ratios = {
        other: mean([rates["ours"][name] / rates[other][name] for name in timing])
        for other in ("fhirpath.js", "fhirpathpy")
    }
    for other, ratio in ratios.items():
        each = "".join(f"{rates['ours'][name] / rates[other][name]:>10.1f}" for name in timing)
        print(f"{'x ' + other:<14}{each}{ratio:>12.1f}")
    largest = print_growth(bundle, {name: text for name, (text, _) in timing.items()})
    print("\ncompile and first answer, ms: " + compile_times(timing, bundle))
    with_index = rates["ours, record"]["E1"]
    print("\ngoals, geometric mean without the index:")
    print(f"  at least 5 x fhirpath.js: {ratios['fhirpath.js']:.1f}, {verdict(ratios['fhirpath.js'] >= 5)}")
    print(f"  at least 60 x fhirpathpy: {ratios['fhirpathpy']:.0f}, {verdict(ratios['fhirpathpy'] >= 60)}")
    print(f"  E1 with the index at least 100,000/s: {with_index:,.0f}, {verdict(with_index >= 100_000)}")
    told = verdict(largest <= 3)
    print(f"  linear: a resource of 100,000 costs at most 3 x one of 100: {largest:.1f}, {told}")


def compile_times(timing: dict[str, tuple[str, bool]], bundle: dict[str, Any]) -> str:
    """Milliseconds of wall time from text to the first answer, the median of several compilations."""
    told = []
    for name, (text, _) in timing.items():
        spent = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            compile_fhirpath(text)(bundle)
            spent.append((time.perf_counter() - started) * 1000)
        told.append(f"{name} {statistics.median(spent):.1f}")
    return ", ".join(told)


if __name__ == "__main__":
    main()
