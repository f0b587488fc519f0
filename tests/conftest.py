"""What all tests share: in CI nothing may be skipped, because .ci/run installs what a skip would wait for."""

from __future__ import annotations

import os

import pytest

NOTHING_SKIPPED = bool(os.environ.get("FHIR_GEPNET_NOTHING_SKIPPED"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden`` rewrites what a test compares with; the diff is read by a person."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden texts, then read the diff")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every skip with its cause, so that a skip is never silent."""
    for report in terminalreporter.stats.get("skipped", []):
        cause = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"skipped {report.nodeid}: {cause}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:  # type: ignore[misc]
    """In CI a skip is a failure: the machine there has everything."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    if NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be skipped: {report.longrepr}"
    return report
