"""AND of conditions with four answers, and what a failure leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from small_library import FALSE, TRUE, condition, library, literal, null, plan

from fhir_gepnet import PatientRecord, Result, Verdict, load_pathway
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TWO_NAMES = {"resourceType": "Patient", "id": "p1", "name": [{"family": "A"}, {"family": "B"}]}
LOGIC = library(
    "Logic",
    {"T": TRUE, "F": FALSE, "N": null("Boolean"), "Text": literal("String", "t"), "Nothing": null("String")},
)
BROKEN = "Patient.name.family.single() = 'A'"

FORMULAS = {
    "T": condition("T"),
    "F": condition("F"),
    "N": condition("N"),
    "E": condition(BROKEN, "text/fhirpath"),
    "U": condition("Patient.birthDate > @2000", "text/fhirpath"),
}


def run(folder: Path, *resources: dict[str, Any], **arguments: Any) -> Result:
    for resource in (LOGIC, *resources):
        (folder / f"{resource['id']}.json").write_bytes(write_json(resource))
    return load_pathway(folder).apply(PatientRecord.of(TWO_NAMES), now=NOW, **arguments)


def action(identifier: str, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": identifier, "title": identifier, "condition": list(conditions), **more}


TABLE = [
    ("", "applies"),
    ("T", "applies"),
    ("F", "does-not-apply"),
    ("N", "unknown"),
    ("U", "unknown"),
    ("E", "failed"),
    ("TT", "applies"),
    ("TF", "does-not-apply"),
    ("FT", "does-not-apply"),
    ("TN", "unknown"),
    ("NT", "unknown"),
    ("FN", "does-not-apply"),
    ("NF", "does-not-apply"),
    ("NN", "unknown"),
    ("EF", "failed"),
    ("FE", "failed"),
    ("EN", "failed"),
    ("TE", "failed"),
]


@pytest.mark.parametrize(("formulas", "verdict"), TABLE)
def test_verdict(tmp_path: Path, formulas: str, verdict: str) -> None:
    actions = [action("a", *(FORMULAS[each] for each in formulas)), action("sibling", FORMULAS["T"])]
    result = run(tmp_path, plan(actions, ("Logic",)))
    assert [each.verdict.value for each in result.decisions] == [verdict, "applies"]
    assert len(result.issues) == (verdict in ("unknown", "failed"))


def test_start_and_stop_conditions_are_carried_not_evaluated(tmp_path: Path) -> None:
    stop = {**FORMULAS["F"], "kind": "stop"}
    decision = run(tmp_path, plan([action("a", stop)], ("Logic",))).decisions[0]
    assert decision.verdict is Verdict.APPLIES
    assert decision.output["condition"] == [stop]


@pytest.mark.parametrize("letter", ["F", "N", "E"])
def test_children_only_below_what_applies(tmp_path: Path, letter: str) -> None:
    actions = [action("a", FORMULAS[letter], action=[action("child")])]
    assert run(tmp_path, plan(actions, ("Logic",))).decisions[0].children == ()


def dynamic(path: str, text: str, language: str = "text/cql-identifier") -> dict[str, Any]:
    return {"path": path, "expression": {"language": language, "expression": text}}


def test_dynamic_values(tmp_path: Path) -> None:
    values = [dynamic("%action.description", "Text"), dynamic("%action.title", "Nothing")]
    decision = run(tmp_path, plan([action("a", dynamicValue=values)], ("Logic",))).decisions[0]
    assert (decision.title, decision.description) == ("a", "t")
    assert "description" not in decision.action.output


def test_a_broken_dynamic_value_fails_the_action_and_no_other(tmp_path: Path) -> None:
    values = [dynamic("%action.description", "Patient.name.family.single()", "text/fhirpath")]
    actions = [action("a", dynamicValue=values, action=[action("child")]), action("b")]
    result = run(tmp_path, plan(actions, ("Logic",)))
    assert [each.verdict.value for each in result.decisions] == ["failed", "applies"]
    assert result.decisions[0].children == ()
    assert "action a" in result.issues[0]["diagnostics"]


def test_issues_hold_no_value_of_the_patient(tmp_path: Path) -> None:
    secret = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Sikret"}, {"family": "Geheim"}]}
    for resource in (LOGIC, plan([action("a", FORMULAS["E"], FORMULAS["N"])], ("Logic",))):
        (tmp_path / f"{resource['id']}.json").write_bytes(write_json(resource))
    result = load_pathway(tmp_path).apply(PatientRecord.of(secret), now=NOW)
    assert result.decisions[0].verdict is Verdict.FAILED
    text = str(result.issues) + str(result.decisions[0].because)
    assert "Sikret" not in text
    assert "Geheim" not in text


RANK = "https://fhir-gepnet.org/fhir/StructureDefinition/option-rank"


def ranked(identifier: str, rank: int | None) -> dict[str, Any]:
    extensions = [] if rank is None else [{"url": RANK, "valueInteger": rank}]
    return {"id": identifier, **({"extension": extensions} if extensions else {})}


def test_ranked_siblings_come_by_rank_and_the_others_keep_their_order(tmp_path: Path) -> None:
    actions = [ranked("x", None), ranked("b", 2), ranked("y", None), ranked("a", 1), ranked("c", 2)]
    result = run(tmp_path, plan(actions))
    assert [each.action_id for each in result.decisions] == ["a", "b", "c", "x", "y"]


def test_a_plan_used_twice_keeps_ids_unique(tmp_path: Path) -> None:
    inner = plan(
        [{"id": "i", "relatedAction": [{"actionId": "j", "relationship": "before"}]}, {"id": "j"}],
        name="inner",
    )
    link = {"definitionCanonical": "https://example.org/fhir/PlanDefinition/inner|1"}
    result = run(tmp_path, inner, plan([{"id": "one", **link}, {"id": "two", **link}]), plan="plan")
    one, two = result.care_plan(merge_nested=True)["contained"][0]["action"]
    assert [each["id"] for each in one["action"]] == ["i", "j"]
    assert [each["id"] for each in two["action"]] == ["two.i", "two.j"]
    assert two["action"][0]["relatedAction"][0]["actionId"] == "two.j"
