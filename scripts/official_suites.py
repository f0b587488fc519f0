"""Print how both official suites go, FHIRPath R4 (HL7) and CQL, and why a case does not pass.

Usage: scripts/official_suites [--quiet]        --quiet: without the single cases

The suites are not in the repository: ``FHIR_GEPNET_SUITES`` names the folder that holds ``fhirpath`` and
``cql-tests`` (default: ../shared/data). The ELM of the CQL suite is made by the authoring translator (Node)
and kept in the user's cache. Exit 1 when a case fails without a cause, or one with a cause passes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "logic")]

import official_cql  # noqa: E402
import official_fhirpath  # noqa: E402
from suite_scores import Score  # noqa: E402


def shown(score: Score, quiet: bool) -> bool:
    """Print one suite; whether everything that fails is explained, and nothing else is."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in score.count().items())
    percent = 100 * score.passed / score.cases
    print(f"{score.suite}: {score.cases} cases, {score.passed} passed = {percent:.2f} %; {kinds}")
    for name, failure in {} if quiet else score.failures.items():
        print(f"  {name}: {failure.kind}: {score.causes.get(name, 'NO CAUSE: ' + failure.text)}")
    for line in score.without_cause() if quiet else ():
        print(f"  NO CAUSE: {line}")
    for name in score.causes_without_failure():
        print(f"  {name}: PASSES, so its cause has to go")
    return not score.without_cause() and not score.causes_without_failure()


def main() -> int:
    """Both suites; one that is not there is said to be skipped."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--quiet", action="store_true", help="without the single cases")
    quiet = arguments.parse_args().quiet
    suites: tuple[ModuleType, ...] = (official_fhirpath, official_cql)
    good = True
    for suite in suites:
        if suite.SUITE.is_dir():
            good &= shown(suite.score(), quiet)
        else:
            print(f"{suite.NAME}: skipped: there is no folder {suite.SUITE}; name it in FHIR_GEPNET_SUITES")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
