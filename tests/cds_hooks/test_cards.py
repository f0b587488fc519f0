"""Cards from results made by hand: every line of the response half of our conformance list."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest
from service_under_test import HERE, PLAN, decision, result_of, validator

from cds_hooks.cards import cards_from
from fhir_gepnet import Verdict
from fhir_gepnet.json_io import read_json_file, write_json

FAULTS = read_json_file(HERE / "response_faults.json")
DRAFT = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "proposal",
    "subject": {"reference": "Patient/p1"},
    "code": {"text": "Review"},
}


def rich() -> Any:
    """A result that uses everything a card can hold."""
    leaves = (
        decision("second", rank=2, description="- second text", plan="https://example.org/b|1"),
        decision("unranked", description="- unranked text"),
        decision("first", title="Propose it", rank=1, description="- **first** text", resource=DRAFT),
        decision("hidden", verdict=Verdict.DOES_NOT_APPLY, description="never shown"),
        decision("missing", title="Missing leaf", verdict=Verdict.UNKNOWN),
        decision("broken", title="Broken leaf", verdict=Verdict.FAILED),
    )
    group = decision("group", description="groups are not shown", children=leaves)
    card = decision(
        "card-one",
        title="One card",
        description="What it is about: value < 3.",
        priority="urgent",
        documentation=({"type": "documentation", "display": "A source", "url": "https://example.org/s"},),
        related_artifacts=(
            {"type": "citation", "label": "Paper", "url": "https://example.org/paper"},
            {"type": "citation", "display": "Paper again", "url": "https://example.org/paper"},
            {"type": "citation", "display": "Not safe", "url": "http://example.org/http"},
            {"type": "depends-on", "resource": "https://example.org/Library/x"},
        ),
        selection_behavior="at-most-one",
        children=(group,),
    )
    return result_of(decision("silent", verdict=Verdict.DOES_NOT_APPLY), card)


def only(result: Any) -> dict[str, Any]:
    cards = cards_from(result, hook_instance="h")
    validator("response").validate({"cards": cards})
    (card,) = cards
    return card


def test_k1_to_k9_the_whole_card() -> None:
    card = only(rich())
    assert card["summary"] == "One card"
    assert card["indicator"] == "warning"
    assert card["detail"] == (
        "What it is about: value &lt; 3.\n\n- **first** text\n- second text\n- unranked text\n"
        "- Missing leaf: could not be evaluated, because data are missing.\n"
        "- Broken leaf: could not be evaluated, because a formula failed."
    )


def test_o1_to_o3_source_from_documentation() -> None:
    assert only(rich())["source"] == {
        "label": "A source",
        "url": "https://example.org/s",
        "topic": {"system": PLAN.url, "code": "cardone"},
    }


def test_o1_source_falls_back_to_the_plan() -> None:
    source = only(result_of(decision("review")))["source"]
    assert source == {"label": PLAN.title, "url": PLAN.url, "topic": {"system": PLAN.url, "code": "review"}}


def test_g1_to_a6_suggestions() -> None:
    card = only(rich())
    (suggestion,) = card["suggestions"]
    assert suggestion["label"] == "Propose it"
    assert suggestion["actions"] == [{"type": "create", "description": "first text", "resource": DRAFT}]
    assert suggestion["uuid"] != card["uuid"]
    assert card["selectionBehavior"] == "at-most-one"


def test_k6_selection_behavior_is_any_unless_the_content_says_otherwise() -> None:
    for given, sent in ((None, "any"), ("all", "any"), ("exactly-one", "at-most-one"), ("any", "any")):
        leaf = decision("propose", resource=DRAFT)
        card = only(result_of(decision(children=(leaf,), selection_behavior=given)))
        assert card["selectionBehavior"] == sent


def test_l1_links_are_https_and_once() -> None:
    assert only(rich())["links"] == [
        {"label": "Paper", "url": "https://example.org/paper", "type": "absolute"}
    ]


def test_l1_links_of_the_plans_of_shown_leaves() -> None:
    artifacts = ({"type": "citation", "display": "Leaf's", "url": "https://example.org/leaf"},)
    shown = decision("a", plan="https://example.org/a|1", related_artifacts=artifacts)
    hidden = decision("b", plan="https://example.org/b|1", verdict=Verdict.DOES_NOT_APPLY)
    card = only(result_of(decision(children=(shown, hidden))))
    assert [link["label"] for link in card["links"]] == ["Leaf's"]


@pytest.mark.parametrize(
    ("priority", "indicator"),
    [(None, "info"), ("routine", "info"), ("urgent", "warning"), ("asap", "warning"), ("stat", "critical")],
)
def test_k2_indicator(priority: str | None, indicator: str) -> None:
    assert only(result_of(decision(priority=priority)))["indicator"] == indicator


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.FAILED])
def test_s4_what_could_not_be_decided_is_a_card(verdict: Verdict) -> None:
    card = only(result_of(decision("review", title="Review", verdict=verdict)))
    assert card["summary"] == "Could not be evaluated: Review"
    assert card["indicator"] == "warning"
    assert "could not be evaluated" in card["detail"]
    assert "suggestions" not in card


def test_s2_nothing_to_say() -> None:
    assert cards_from(result_of(decision(verdict=Verdict.DOES_NOT_APPLY))) == []
    assert cards_from(result_of()) == []


@pytest.mark.parametrize("length", [1, 138, 139, 140, 400])
def test_k1_length_of_the_summary(length: int, caplog: pytest.LogCaptureFixture) -> None:
    title = ("w\u00f6rd " * 100)[:length].strip() or "w"
    summary = only(result_of(decision(title=title)))["summary"]
    assert (summary == title) is (len(title) < 140)
    assert bool(caplog.records) is (len(title) >= 140)
    if len(title) >= 140:
        assert summary.endswith("w\u00f6rd\u2026")


def test_k1_a_word_without_end_and_a_line_feed() -> None:
    assert only(result_of(decision(title="x" * 300)))["summary"] == "x" * 138 + "\u2026"
    assert only(result_of(decision(title="two\n lines ")))["summary"] == "two lines"
    assert len(only(result_of(decision(title="y" * 300, verdict=Verdict.UNKNOWN)))["summary"]) == 139


def test_k4_what_data_carry_into_a_text_is_disarmed() -> None:
    text = "a <script>x</script> [b](javascript:c) [d](https://example.org) CgA < 100"
    detail = only(result_of(decision(description=text)))["detail"]
    assert "<" not in detail
    assert "](javascript" not in detail
    assert "[d](https://example.org)" in detail


def leaves_of(count: int, size: int) -> tuple[Any, ...]:
    return tuple(
        decision(f"leaf{rank}", title=f"Leaf {rank}", rank=rank, description=f"- leaf {rank} " + "t" * size)
        for rank in range(count)
    )


def test_d24_lower_ranked_leaves_are_shortened_to_their_titles(caplog: pytest.LogCaptureFixture) -> None:
    closing = "The last sentence."
    card = only(result_of(decision(description=f"Opening.\n\n{closing}", children=leaves_of(12, 200))))
    lines = card["detail"].splitlines()
    assert len(card["detail"]) <= 1500
    assert closing in lines
    assert "- leaf 0 " + "t" * 200 in lines
    assert lines[-1] == "- Leaf 11"
    assert sum(line.lower().startswith("- leaf") for line in lines) == 12, "none is dropped"
    assert "shortened" in caplog.text


def test_d24_what_does_not_even_fit_as_a_title_is_counted() -> None:
    card = only(result_of(decision(description="Opening.\n\nClosing.", children=leaves_of(400, 5))))
    assert len(card["detail"]) <= 1500
    assert "Closing." in card["detail"]
    shown = sum(line.startswith("- ") for line in card["detail"].splitlines())
    assert f"and {400 - shown} more that do not fit here" in card["detail"]


def test_d24_a_long_opening_keeps_its_closing_paragraph() -> None:
    card = only(result_of(decision(description="word " * 400 + "\n\nClosing.", children=leaves_of(2, 20))))
    assert len(card["detail"]) <= 1500
    assert "\u2026\n\nClosing.\n\n- " in card["detail"]


def test_d24_more_than_four_cards_are_a_fault_that_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    severities = ["routine", "routine", "stat", "routine", "urgent", "routine"]
    spoken = [
        decision(f"c{n}", title=f"Card {n}", priority=severity) for n, severity in enumerate(severities)
    ]
    cards = cards_from(result_of(*spoken))
    validator("response").validate({"cards": cards})
    assert [card["summary"] for card in cards[:3]] == ["Card 2", "Card 4", "Card 0"]
    assert cards[3]["summary"] == "3 more parts of this pathway have something to say"
    assert cards[3]["detail"] == "- Card 1\n- Card 3\n- Card 5"
    assert caplog.records[0].levelno == logging.ERROR


def test_k5_uuids_differ_between_cards_and_are_stable() -> None:
    result = result_of(decision("a", children=(decision("x", resource=DRAFT),)), decision("b"))
    first, again = cards_from(result, hook_instance="h"), cards_from(result, hook_instance="h")
    assert write_json(first) == write_json(again)
    other = cards_from(result, hook_instance="i")
    uuids = [card["uuid"] for card in [*first, *other]] + [
        card["suggestions"][0]["uuid"] for card in (first[0], other[0])
    ]
    assert len(set(uuids)) == len(uuids)


def test_the_result_is_not_changed() -> None:
    draft = copy.deepcopy(DRAFT)
    only(result_of(decision(children=(decision("x", resource=draft),))))
    assert draft == DRAFT


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault["id"])
def test_the_schema_refuses(fault: dict[str, Any]) -> None:
    document = {"cards": copy.deepcopy(cards_from(rich()))}
    assert validator("response").is_valid(document)
    *way, name = fault.get("path", fault.get("remove")).split(".")
    holder: Any = document
    for step in way:
        holder = holder[int(step)] if step.isdigit() else holder[step]
    if "remove" in fault:
        del holder[name]
    elif "long" in fault:
        holder[name] = "x" * fault["long"]
    elif "repeat" in fault:
        holder[name] = holder[name][:1] * fault["repeat"]
    else:
        holder[name] = fault["value"]
    assert not validator("response").is_valid(document)


def test_the_faults_were_found() -> None:
    assert len(FAULTS) > 40
