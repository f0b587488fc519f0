"""What does one application cost, beside its goals and a peer, and how does the cost grow?

    python -m benchmarks.apply [--without-peer]

Three questions, each answered after its answer was checked:

- the plans of `benchmarks/plans` and gepnet-2018 on the 100-resource example patient, against the goals of
  issue 4 (one core, generated-source back end), with the record built once and built anew each time, and
  with the CarePlan written; npm encender beside us on the plans that it can run;
- gepnet-2018 on the same patient with irrelevant results added up to 10,000 resources;
- generated plans of up to 1,000 actions, 40 levels and 200 libraries: load and apply, growth per action.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.encender import AbsentError, timed
from benchmarks.generated_plans import PATIENT as NOBODY
from benchmarks.generated_plans import deep_plan, many_libraries, wide_plan
from benchmarks.servers import ROOT
from fhir_gepnet import Decision, Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.json_io import read_json_file

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PATIENT = ROOT / "examples" / "patients" / "midgut-progression.json"
SIZES = (100, 1_000, 10_000)
RUNS = 600


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan of the first table.

    Attributes:
        folder: of its pathway.
        plan: its id.
        goal: milliseconds.
        expected: leaves that must be among the applicable ones; all of them when ``whole``.
        peer: whether encender can run it.
    """

    folder: str
    plan: str
    goal: float
    expected: frozenset[str]
    whole: bool
    peer: bool


TEN = frozenset({"a1", "a2", "a3", "a4", "a6", "a7", "a8", "a9"})
PLANS = (
    Asked("benchmarks/plans", "without-logic", 0.3, frozenset(f"a{n}" for n in range(1, 11)), True, True),
    Asked("benchmarks/plans", "fhirpath", 0.3, TEN, True, False),
    Asked("benchmarks/plans", "ten-conditions", 1.0, TEN, True, True),
    Asked(
        "plandefinitions/gepnet-2018",
        "gepnet-2018",
        1.2,
        frozenset({"prrt-offer", "eve-offer", "mdt-expedited"}),
        False,
        False,
    ),
)


def applicable(decisions: tuple[Decision, ...]) -> Iterator[str]:
    """Ids of all leaves that apply."""
    for decision in decisions:
        if decision.verdict.value == "applies":
            yield from applicable(decision.children) if decision.children else (decision.action_id,)


def ids_in(actions: list[dict[str, Any]]) -> Iterator[str]:
    """Ids of all actions of a RequestGroup."""
    for action in actions:
        yield action["id"]
        yield from ids_in(action.get("action", []))


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of repeated calls: wall median and p99, median and least CPU time of the thread."""

    wall: float
    p99: float
    cpu: float
    least: float


def times_of(call: Callable[[], Any], runs: int = RUNS) -> Times:
    """Time so many calls."""
    wall, cpu = [], []
    for _ in range(runs):
        spent, start = time.thread_time(), time.perf_counter()
        call()
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((time.thread_time() - spent) * 1000)
    wall.sort()
    return Times(statistics.median(wall), wall[int(runs * 0.99)], statistics.median(cpu), min(cpu))


def plans_table(with_peer: bool) -> None:
    """The plans beside their goals and the peer."""
    bundle = read_json_file(PATIENT)
    pathways: dict[str, Pathway] = {}
    for folder in dict.fromkeys(asked.folder for asked in PLANS):
        started = time.perf_counter()
        pathways[folder] = load_pathway(ROOT / folder)
        print(f"load and compile {folder}: {time.perf_counter() - started:.2f} s")
    print(f"\nmilliseconds of CPU, median of {RUNS} (least CPU, median of the wall); 100 resources, one core")
    # Neighbours slow each other's caches, so the medians of a busy machine are not those of the code.
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'plan':<16}{'goal':>6}{'apply':>22}{'with the record':>22}{'and the CarePlan':>22}  goal met")
    for asked in PLANS:
        _plan_row(pathways[asked.folder], asked, bundle, with_peer)


def _plan_row(pathway: Pathway, asked: Asked, bundle: dict[str, Any], with_peer: bool) -> None:
    complete = {need.resource_type for need in pathway.data_needs}
    record = PatientRecord.of(bundle, complete=complete)

    def anew() -> Result:
        return pathway.apply(PatientRecord.of(bundle, complete=complete), now=NOW, plan=asked.plan)

    result = _checked(pathway.apply(record, now=NOW, plan=asked.plan), asked)
    rows = [
        times_of(lambda: pathway.apply(record, now=NOW, plan=asked.plan)),
        times_of(anew),
        times_of(lambda: anew().care_plan()),
    ]
    shown = "".join(f"{row.cpu:>9.3f} ({row.least:.2f}, {row.wall:.2f})".rjust(22) for row in rows)
    met = [_met(row, asked.goal) for row in rows[:2]]
    words = f"{met[0]}; with the record {met[1]}"
    print(f"{asked.plan:<16}{asked.goal:>6}{shown}  {words}")
    if asked.peer and with_peer:
        print("  npm encender:", _beside(pathway, asked, bundle, result, rows[2]))


def _met(row: Times, goal: float) -> str:
    """Whether a goal is met; the least CPU time is what the code costs when nobody disturbs it."""
    return "yes" if row.cpu <= goal else "undisturbed" if row.least <= goal else "NO"


def _checked(result: Result, asked: Asked) -> Result:
    found = set(applicable(result.decisions))
    if not found >= asked.expected or (asked.whole and found != asked.expected):
        sys.exit(f"{asked.plan} decides something else than it should: {sorted(found)}")
    return result


def _beside(pathway: Pathway, asked: Asked, bundle: dict[str, Any], result: Result, ours: Times) -> str:
    """encender's figures for a plan, after its answer was compared with ours."""
    try:
        theirs = timed(pathway.plans[asked.plan].resource, pathway.resources, bundle)
    except AbsentError as error:
        return f"skipped, {error}"
    group = result.care_plan()["contained"][0]
    same = theirs.ids == sorted(ids_in(group["action"]))
    answer = "the same actions" if same else f"OTHER ACTIONS: {theirs.ids}"
    return (
        f"median {theirs.median:.1f} ms, worst {theirs.worst:.1f}, CPU {theirs.cpu:.1f} ms, {answer}; "
        f"{theirs.median / ours.wall:.0f} times our wall and {theirs.cpu / ours.cpu:.0f} times our CPU"
    )


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


def records_table() -> None:
    """gepnet-2018 on ever larger records; growth is the cost per resource, relative to 100."""
    pathway = load_pathway(ROOT / "plandefinitions" / "gepnet-2018")
    bundle = read_json_file(PATIENT)
    complete = {need.resource_type for need in pathway.data_needs}
    expected = PLANS[-1].expected
    reference: list[str] | None = None
    first = 0.0
    print(
        f"\n{'resources':>10}{'ms CPU':>9}{'wall':>9}{'p99':>9}{'per second':>12}{'growth per resource':>21}"
    )
    for size in SIZES:
        data = grown(bundle, size)

        def once(data: dict[str, Any] = data) -> Result:
            return pathway.apply(PatientRecord.of(data, complete=complete), now=NOW)

        found = sorted(applicable(once().decisions))
        reference = reference or found
        if found != reference or not set(found) >= expected:
            sys.exit(f"the decisions changed at {size} resources: {found}")
        times = times_of(once, max(30, 30_000 // size))
        first = first or times.cpu / size
        line = f"{len(data['entry']):>10}{times.cpu:>9.3f}{times.wall:>9.3f}{times.p99:>9.3f}"
        print(f"{line}{1000 / times.cpu:>12.0f}{times.cpu / size / first:>21.2f}")


GENERATED: tuple[tuple[str, Callable[[Path, int], Path], tuple[int, ...], Callable[[int], int]], ...] = (
    ("actions", wide_plan, (10, 100, 1_000), lambda size: size // 2),
    ("levels", deep_plan, (5, 10, 20, 40), lambda size: 1),
    ("libraries", many_libraries, (20, 100, 200), lambda size: size),
)


def generated_table() -> None:
    """Generated plans of growing size; growth is the cost per unit, relative to the smallest."""
    heads = f"{'size':>16}{'load s':>9}{'apply ms':>10}{'CarePlan ms':>13}"
    print(f"\n{heads}{'growth: load':>14}{'apply':>8}{'CarePlan':>10}")
    for what, make, sizes, leaves in GENERATED:
        first: list[float] = []
        for size in sizes:
            found = _generated(what, make, size, leaves(size))
            first = first or [each / size for each in found]
            growth = [each / size / start for each, start in zip(found, first, strict=True)]
            load, applied, written = found
            line = f"{size:>6} {what:<9}{load:>9.3f}{applied:>10.3f}{written:>13.3f}"
            print(f"{line}{growth[0]:>14.2f}{growth[1]:>8.2f}{growth[2]:>10.2f}")


def _generated(what: str, make: Callable[[Path, int], Path], size: int, leaves: int) -> list[float]:
    """Seconds to load, CPU milliseconds to apply, and with the CarePlan."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), size)
        started = time.thread_time()
        pathway = load_pathway(folder)
        load = time.thread_time() - started
    record = PatientRecord.of(NOBODY)
    if len(list(applicable(pathway.apply(record, now=NOW).decisions))) != leaves:
        sys.exit(f"{size} {what}: other actions apply than should")
    applied = times_of(lambda: pathway.apply(record, now=NOW), 50)
    written = times_of(lambda: pathway.apply(record, now=NOW).care_plan(), 50)
    return [load, applied.cpu, written.cpu]


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--without-peer", action="store_true", help="do not run npm encender")
    plans_table(not parser.parse_args().without_peer)
    records_table()
    generated_table()


if __name__ == "__main__":
    main()
