"""Every define of the official suite, of our tables and of the pathway, here and in npm cql-execution.

A disagreement has a cause in ``cql_execution_disagreements.json``, and ``docs/SPEC_CLARIFICATIONS.md``
tells every cause; one without is a failure, and so is a cause that no longer occurs. Of the pathway's
cases a few are compared, because the peer takes a second for each; ``FHIR_GEPNET_DIFFERENTIAL=all``
compares all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cql_execution_peer import ROOT, absent, asked, bundle_of, codes_of, elm_in, normal, outcome
from official_cql import NOW as SUITE_NOW
from official_cql import SUITE, cases, evaluated, translated
from test_elm_tables import NOBODY, NOW, TABLES, conversions, loaded

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import load_libraries, to_plain

pytestmark = pytest.mark.once

KNOWN = read_json_file(Path(__file__).parent / "cql_execution_disagreements.json")
CLARIFICATIONS = ROOT / "docs" / "SPEC_CLARIFICATIONS.md"
PATHWAY = ROOT / "plandefinitions" / "gepnet-2018"
PATIENTS = sorted((PATHWAY / "cases").glob("*/patient.json"))
SAMPLE = PATIENTS if os.environ.get("FHIR_GEPNET_DIFFERENTIAL") == "all" else PATIENTS[1::24]
needs_peer = pytest.mark.skipif(bool(absent()), reason=absent() or "the peer is there")

Pair = tuple[str, Any, Any]


def peers_time(moment: datetime) -> str:
    """A moment as the peer reads it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+00:00")


def of_suite() -> Iterator[Pair]:
    """The tested expression of every translated case that must be valid."""
    every = cases()
    elm = {number: found for number, found in translated(every).items() if not every[number].invalid}
    patient = bundle_of(NOBODY)
    requests = [
        {
            "libraries": [found],
            "main": found["library"]["identifier"]["id"],
            "bundles": [patient],
            "now": peers_time(SUITE_NOW),
        }
        for found in elm.values()
    ]
    for (number, found), theirs in zip(elm.items(), asked(requests), strict=True):
        other = theirs["answers"][0]["X"] if theirs["answers"] else {"error": theirs["error"]}
        yield (
            f"suite/{every[number].name}",
            outcome(lambda found=found: evaluated(found, "source")["X"]),
            other,
        )


def of_tables() -> Iterator[Pair]:
    """Every case of every table."""
    requests = [
        {
            "libraries": [{"library": table["elm"]}, conversions()],
            "main": "Table",
            "bundles": [bundle_of(table.get("record", NOBODY))],
            "valueSets": codes_of(table.get("value_sets", ())),
            "now": peers_time(NOW),
        }
        for table in TABLES.values()
    ]
    for (name, table), theirs in zip(TABLES.items(), asked(requests), strict=True):
        libraries, record = loaded(name)
        ours = libraries["Table"].evaluate(record, now=NOW)
        for case in table["cases"]:
            label = case["name"]
            yield f"tables/{name}/{label}", ours[label], theirs["answers"][0][label]


def of_pathway() -> Iterator[Pair]:
    """Every define of every library of the pathway, over patients of its cases."""
    elm = list(elm_in(PATHWAY))
    value_sets, code_systems = (
        [read_json_file(file) for file in sorted((PATHWAY / kind).glob("*.json"))]
        for kind in ("valueset", "codesystem")
    )
    libraries = load_libraries(elm, value_sets=value_sets, code_systems=code_systems)
    bundles = [read_json_file(file) for file in SAMPLE]
    shared = {
        "libraries": elm,
        "bundles": bundles,
        "valueSets": codes_of(value_sets, code_systems),
        "now": peers_time(NOW),
    }
    requests = [{**shared, "main": name} for name in libraries]
    for (name, library), theirs in zip(libraries.items(), asked(requests), strict=True):
        assert len(theirs["answers"]) == len(bundles), theirs.get("error")
        for bundle, answers in zip(bundles, theirs["answers"], strict=True):
            scope = libraries.scope(PatientRecord.of(bundle), now=NOW)
            for label, definition in library.definitions.items():
                if label in answers and label != "Patient":
                    ours = outcome(
                        lambda definition=definition, scope=scope: to_plain(
                            definition.evaluate(scope), definition.result_type
                        )
                    )
                    yield f"gepnet-2018/{name}/{label}", ours, answers[label]


def compared(pairs: Iterator[Pair], least: int) -> set[str]:
    """What disagrees, after the cases were counted; unexplained disagreements fail."""
    count, found = 0, {}
    for name, ours, theirs in pairs:
        count += 1
        if repr(normal(ours)) != repr(normal(theirs)):
            found[name] = f"{ours!r} here, {theirs!r} there"
    assert count >= least
    assert [f"{name}: {what}" for name, what in found.items() if name not in KNOWN["cases"]] == []
    return set(found)


def listed(source: str) -> set[str]:
    """The listed disagreements of one source."""
    return {name for name in KNOWN["cases"] if name.startswith(f"{source}/")}


def test_every_cause_is_told_and_used() -> None:
    text = CLARIFICATIONS.read_text(encoding="utf-8")
    told = text[text.index("\n## CQL") :]
    assert set(KNOWN["causes"]) == set(KNOWN["cases"].values())
    assert [cause for name, cause in KNOWN["causes"].items() if f"**{name}**: {cause}" not in told] == []


@needs_peer
@pytest.mark.skipif(not SUITE.is_dir(), reason="the official CQL suite is not there; see FHIR_GEPNET_SUITES")
def test_official_suite() -> None:
    assert compared(of_suite(), 1700) == listed("suite")


@needs_peer
def test_tables() -> None:
    assert compared(of_tables(), 400) == listed("tables")


@needs_peer
def test_pathway() -> None:
    found = compared(of_pathway(), 1500)
    assert SAMPLE is not PATIENTS or found == listed("gepnet-2018")
