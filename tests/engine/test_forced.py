"""Values given instead of computed: what changes, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import FALSE, TRUE, condition, library, literal, null, plan, reference

from fhir_gepnet import InvocationError, PatientRecord, Result, load_pathway
from fhir_gepnet.engine.apply import apply
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADULT = "Patient.birthDate <= today() - 18 years"
SECOND = Path(__file__).parents[1] / "data" / "second-pathway"
LOGIC = library(
    "Logic",
    {
        "Yes": TRUE,
        "No": FALSE,
        "Open": null("Boolean"),
        "Same As Open": reference("Open", "Boolean"),
        "Text": literal("String", "computed"),
        "Always": {
            "type": "Exists",
            "operand": {"type": "List", "resultTypeSpecifier": {
                "type": "ListTypeSpecifier",
                "elementType": {"type": "NamedTypeSpecifier", "name": "{urn:hl7-org:elm-types:r1}String"},
            }, "element": []},
            "resultTypeName": "{urn:hl7-org:elm-types:r1}Boolean",
        },
    },
)  # fmt: skip
PLAN = plan(
    [
        {"id": "direct", "condition": [condition("Open")]},
        {
            "id": "through-another",
            "condition": [condition("Same As Open")],
            "dynamicValue": [
                {
                    "path": "%action.title",
                    "expression": {"language": "text/cql-identifier", "expression": "Text"},
                }
            ],
        },
        {"id": "fhirpath", "condition": [condition("Patient.active", "text/fhirpath")]},
    ],
    ("Logic",),
)


def applied(folder: Path, forced: dict[str, Any]) -> Result:
    for resource in (LOGIC, PLAN):
        (folder / f"{resource['id']}.json").write_bytes(write_json(resource))
    content = load_pathway(folder).content
    record = PatientRecord.of({"resourceType": "Patient", "id": "p1"})
    return apply(content, record, now=NOW, forced=forced)


TABLE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["unknown", "unknown", "unknown"]),
    ({"Logic.Open": True}, ["applies", "applies", "unknown"]),
    ({"Logic.Open": False}, ["does-not-apply", "does-not-apply", "unknown"]),
    ({"Logic.Same As Open": True}, ["unknown", "applies", "unknown"]),
    ({"Patient.active": True}, ["unknown", "unknown", "applies"]),
    ({"Patient.active": False, "Logic.Open": True}, ["applies", "applies", "does-not-apply"]),
]


@pytest.mark.parametrize(("forced", "verdicts"), TABLE)
def test_what_follows_from_a_forced_value(
    tmp_path: Path, forced: dict[str, Any], verdicts: list[str]
) -> None:
    assert [each.verdict.value for each in applied(tmp_path, forced).decisions] == verdicts


def test_a_forced_text_is_written(tmp_path: Path) -> None:
    decisions = applied(tmp_path, {"Logic.Open": True, "Logic.Text": "given"}).decisions
    assert decisions[1].title == "given"


REFUSED = [
    ({"Logic.Nothing": True}, "nothing is called Logic.Nothing"),
    ({"Open": True}, "name Library.Define"),
    ({"Logic.Open": "yes"}, "Logic.Open"),
    ({"Logic.Always": None}, "never null"),
    ({"Patient.active": "yes"}, "true, false or null"),
]


@pytest.mark.parametrize(("forced", "message"), REFUSED)
def test_refused(tmp_path: Path, forced: dict[str, Any], message: str) -> None:
    with pytest.raises(InvocationError, match=message):
        applied(tmp_path, forced)


def test_a_nested_plan_is_reached_and_the_pathway_stays_as_it_was() -> None:
    pathway = load_pathway(SECOND)
    record = PatientRecord.of({"resourceType": "Patient", "id": "p1"})
    allergy = pathway.plans["influenza-steps"].actions[1].conditions[0].formula.text
    result = apply(pathway.content, record, now=NOW, forced={ADULT: True, allergy: False})
    verdicts = {each.action_id: each.verdict.value for each in result.decisions[0].children}
    assert verdicts == {
        "letter": "applies",
        "vaccinate": "does-not-apply",
        "ask-allergy": "does-not-apply",
    }
    again = pathway.apply(record, now=NOW)
    assert [each.verdict.value for each in again.decisions] == ["unknown", "does-not-apply"]
