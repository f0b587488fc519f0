"""The difference of two results, written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet import InvocationError, PatientRecord, Result, load_pathway
from fhir_gepnet.engine.compare import compare, comparison_text
from fhir_gepnet.engine.explain import decisions_json
from fhir_gepnet.json_io import read_json, read_json_file, write_json

SECOND = Path(__file__).parents[1] / "data" / "second-pathway"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def applied(case: str) -> Result:
    record = PatientRecord.of(read_json_file(SECOND / "cases" / case / "patient.json"))
    return load_pathway(SECOND).apply(record, now=NOW)


def decisions(case: str) -> Any:
    return read_json(write_json(decisions_json(applied(case).decisions)))


def change(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def test_an_allergy_was_recorded() -> None:
    difference = compare(decisions("due"), decisions("allergy"))
    assert difference == {
        "added": [],
        "removed": [],
        "changed": [
            {
                "path": "due/vaccinate",
                "fields": {"verdict": change("applies", "does-not-apply"), "rank": change(1, None)},
            },
            {
                "path": "due/ask-allergy",
                "fields": {
                    "verdict": change("does-not-apply", "applies"),
                    "status": change("caution", "blocked"),
                },
            },
        ],
    }
    assert comparison_text(difference) == (
        "~ due/vaccinate: verdict applies -> does-not-apply; rank 1 -> none\n"
        "~ due/ask-allergy: verdict does-not-apply -> applies; status caution -> blocked"
    )


def test_the_birth_date_became_known() -> None:
    difference = compare(decisions("no-birth-date"), decisions("due"))
    assert [each["path"] for each in difference["added"]] == [
        "due/vaccinate",
        "due/letter",
        "due/ask-allergy",
    ]
    assert difference["removed"] == []
    assert difference["changed"] == [
        {
            "path": "due",
            "fields": {
                "verdict": change("unknown", "applies"),
                "title": change(
                    "Influenza vaccination is due", "Influenza vaccination is due in 2026"
                ),
            },
        }
    ]  # fmt: skip
    back = compare(decisions("due"), decisions("no-birth-date"))
    assert [each["path"] for each in back["removed"]] == [each["path"] for each in difference["added"]]


@pytest.mark.parametrize("merge_nested", [False, True], ids=["apart", "merged"])
@pytest.mark.parametrize("form", ["care_plan", "bundle"])
def test_a_care_plan_or_bundle_of_ours_tells_what_applied(form: str, merge_nested: bool) -> None:
    before = getattr(applied("due"), form)(merge_nested=merge_nested)
    difference = compare(before, decisions("allergy"))
    assert difference == {
        "added": [
            {"path": "due/ask-allergy", "verdict": "applies", "title": "Ask about the allergy"},
        ],
        "removed": [{"path": "due/vaccinate", "verdict": "applies", "title": "Vaccinate"}],
        "changed": [],
    }


@pytest.mark.parametrize("case", ["due", "allergy", "no-birth-date"])
def test_a_result_does_not_differ_from_itself(case: str) -> None:
    assert comparison_text(compare(decisions(case), decisions(case))) == "no difference"
    assert comparison_text(compare(applied(case).care_plan(), decisions(case))) == "no difference"
    assert comparison_text(compare(applied(case).bundle(), decisions(case))) == "no difference"


def test_a_previous_result_that_refers_to_itself_ends() -> None:
    before = applied("due").bundle()
    group = before["entry"][0]
    group["resource"]["action"][0]["resource"] = {"reference": group["fullUrl"]}
    assert [each["path"] for each in compare(before, decisions("due"))["added"]] == [
        "due/vaccinate",
        "due/letter",
    ]


@pytest.mark.parametrize("before", [{}, {"contained": []}, "text", None, [{"no": "decision"}], [1]])
def test_what_is_no_result_is_refused(before: Any) -> None:
    with pytest.raises(InvocationError, match="--as decisions"):
        compare(before, decisions("due"))
