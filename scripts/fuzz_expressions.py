"""Generated expressions, read, compiled and evaluated: no crash, no hang, only errors of ours.

Usage: scripts/fuzz_expressions [--count 1000000] [--start 0] [--examples 2000] [--coverage SECONDS]

Expression number N is the same every time, so ``--start N --count 1`` repeats a finding. ``--examples``
are those that hypothesis makes and shrinks. ``--coverage`` lets atheris look for texts and trees that reach
new lines of the front ends; it is installed into the user's cache, where its platform has a build. Exit 1
with a finding.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "logic")]

from fuzzing import Counts, fuzz  # noqa: E402
from generated_fhirpath import WRITTEN  # noqa: E402

from benchmarks.servers import peer_packages  # noqa: E402

MEMORY = 4 * 1024**3


def generated(start: int, count: int) -> int:
    """The number of findings among so many numbered expressions."""
    counts, began, step = Counts(), time.monotonic(), 20_000
    for first in range(start, start + count, step):
        known = len(counts.findings)
        fuzz(range(first, min(first + step, start + count)), counts)
        done, took = sum(counts.tried.values()), time.monotonic() - began
        print(f"{done:,} of {count:,} in {took:,.0f} s, {len(counts.findings)} findings", flush=True)
        for finding in list(counts.findings.values())[known:]:
            print(f"  number {finding.number} ({finding.kind}): {finding.place}\n    {finding.error}")
            print(f"    {finding.expression[:400]!r}", flush=True)
    for kind, tried in sorted(counts.tried.items()):
        answered = counts.answered.get(kind, 0)
        print(f"{kind}: {tried:,} tried, {answered:,} answered, the others refused with an error of ours")
    print(f"{sum(counts.tried.values()):,} expressions, {len(counts.findings)} findings")
    return len(counts.findings)


def shrunk(examples: int) -> int:
    """The tests that hypothesis drives, with so many examples each."""
    tests = [
        "-m",
        "pytest",
        "--quiet",
        "tests/logic/test_fuzz.py",
        "tests/logic/fhirpath/test_fhirpath_fuzz.py",
    ]
    more = os.environ | {"FHIR_GEPNET_FUZZ_EXAMPLES": str(examples)}
    return subprocess.run([sys.executable, *tests], cwd=ROOT, env=more, check=False).returncode


def guided(seconds: int) -> int:
    """Atheris on each of its targets; the number of targets with a finding."""
    try:
        packages = peer_packages("atheris")
    except subprocess.CalledProcessError:
        print("atheris has no build for this platform and Python: left out", file=sys.stderr)
        return 0
    path = os.pathsep.join([packages, str(ROOT), str(ROOT / "tests" / "logic")])
    failed = 0
    for target in ("fhirpath", "elm"):
        command = [sys.executable, str(ROOT / "scripts" / "fuzz_with_coverage.py"), target]
        print(f"atheris on {target} for {seconds} s", flush=True)
        limits = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=4096", "-print_final_stats=1"]
        with tempfile.TemporaryDirectory() as corpus, tempfile.TemporaryDirectory() as found:
            limits.append(f"-artifact_prefix={found}/")  # libFuzzer prints the input as well
            for number, text in enumerate(WRITTEN if target == "fhirpath" else ()):
                (Path(corpus) / str(number)).write_text(text)
            done = subprocess.run(
                [*command, *limits, corpus], env=os.environ | {"PYTHONPATH": path}, check=False
            )
        failed += done.returncode != 0
    return failed


def main() -> int:
    """Run what the arguments ask for."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--count", type=int, default=1_000_000)
    arguments.add_argument("--start", type=int, default=0)
    arguments.add_argument("--examples", type=int, default=2_000, help="of each hypothesis test; 0: none")
    arguments.add_argument("--coverage", type=int, default=0, metavar="SECONDS", help="of atheris per target")
    asked = arguments.parse_args()
    failed = shrunk(asked.examples) if asked.examples else 0
    failed += guided(asked.coverage) if asked.coverage else 0
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    failed += generated(asked.start, asked.count) if asked.count else 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
