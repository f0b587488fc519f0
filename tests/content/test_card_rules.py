"""What content must keep so that every card is fit to be shown (clinical decisions D3, D24-D27)."""

from __future__ import annotations

import re

import pytest
from pathway_folder import (
    HERE,
    Json,
    actions,
    definitions,
    elm_libraries,
    extensions,
    options,
    plans,
    resources,
    walk,
)

from fhir_gepnet.json_io import read_json_file

CARDS = {"scope": "Scope", "incomplete": "Incomplete", "options": "Options", "gaps": "Gaps", "mdt": "MDT"}
NOT_FOR_CLINICAL_USE = "Decision support; not for clinical use until released by your organisation."
SUMMARY_BELOW = 140  # characters, CDS Hooks card.summary
STATUS_OF = {"offer": "eligible", "discuss": "mdt-only", "blocked": "blocked", "needs-data": "needs-data"}
VERIFIED: dict[str, list[str]] = read_json_file(HERE / "verified_references.json")
SUGGESTS = {"offer"}
WRITTEN = ("Text", "Status", "Tier", "Rank", "Rule Ids")
LIBRARY = "GepnetDecisions"
every_option = pytest.mark.parametrize("plan", options(), ids=lambda plan: str(plan["id"]))


def the_pathway() -> Json:
    (pathway,) = plans("clinical-protocol")
    return pathway


def test_the_cards_and_their_order() -> None:
    cards = the_pathway()["action"]
    assert [card["id"] for card in cards] == list(CARDS)
    for card in cards:
        assert card["trigger"] == [{"type": "named-event", "name": "patient-view"}]
        assert card["selectionBehavior"] in ("any", "at-most-one")
        name = CARDS[card["id"]]
        assert [each["expression"]["expression"] for each in card["condition"]] == [f"Card {name}"]
        written = {each["path"]: each["expression"]["expression"] for each in card["dynamicValue"]}
        assert written == {
            "%action.title": f"{name} Title",
            "%action.description": f"{name} Detail",
            "%action.priority": f"{name} Priority",
        }
        source = card["documentation"][0]
        assert "not clinically signed off" in source["display"]
        assert source["url"].startswith("https://")
        assert ("definitionCanonical" in card) is (card["id"] != "incomplete")


def test_action_ids_are_unique_in_the_whole_pathway() -> None:
    identifiers = [action["id"] for plan in plans() for action in actions(plan)]
    assert len(identifiers) > 80
    assert len(identifiers) == len(set(identifiers))


def test_titles_fit_a_card_and_nothing_orders() -> None:
    for plan in plans():
        for action in actions(plan):
            assert 0 < len(action["title"]) < SUMMARY_BELOW
            assert "precheckBehavior" not in action, "nothing is preselected"
            assert action.get("priority") != "stat", "critical is kept for red flags"
            assert "must" not in f"{action['title']} {action['description']}".split()


@every_option
def test_an_option_is_four_siblings_of_which_one_suggests(plan: Json) -> None:
    name = plan["id"].removeprefix("gepnet-2018-option-")
    assert [action["id"] for action in plan["action"]] == [f"{name}-{kind}" for kind in STATUS_OF]
    for action, (kind, status) in zip(plan["action"], STATUS_OF.items(), strict=True):
        assert ("definitionCanonical" in action) is (kind in SUGGESTS)
        assert extensions(action, "option-status") == [status]
        assert extensions(action, "option-tier")[0] in {"A", "B", "C", "T"}
        condition = action["condition"][0]["expression"]["expression"]
        assert condition == f"{name.upper()} {kind.replace('-', ' ').title()}"
        written = {each["expression"]["expression"] for each in action["dynamicValue"]}
        assert written == {f"{name.upper()} {what}" for what in WRITTEN}


@every_option
def test_an_option_carries_rule_and_evidence(plan: Json) -> None:
    assert extensions(plan, "rule-id"), "rows that it encodes"
    assert all(re.fullmatch(r"R\d\d", rule) for rule in extensions(plan, "rule-id"))
    assert [each for each in plan["relatedArtifact"] if each["type"] == "citation"]
    assert {"KNOW", "PROJECT"} <= set(extensions(plan, "evidence-tag"))


def test_every_recommendation_says_where_it_comes_from() -> None:
    assert len(plans("eca-rule")) == 18
    for plan in plans("eca-rule"):
        assert extensions(plan, "rule-id")
        assert extensions(plan, "evidence-tag")
        assert plan["relatedArtifact"]
    for plan in plans():
        for artifact in plan["relatedArtifact"]:
            assert len(extensions(artifact, "evidence-tag")) == 1, f"{plan['id']}: {artifact['label']}"
            assert artifact["citation"]


def test_only_verified_references_are_linked() -> None:
    links, pmids = set(), set()
    for plan in plans():
        for _, element in walk(plan):
            if "citation" in element:
                links.add(element.get("url"))
                pmids |= set(re.findall(r"PMID: (\d+)", element["citation"]))
    assert len(links) > 10
    assert links - {None} <= set(VERIFIED["links"])
    assert pmids <= set(VERIFIED["pmids"])


def test_suggestions_are_proposals_without_a_dose() -> None:
    assert len(resources("ActivityDefinition")) == len(options()) + 1
    for activity in resources("ActivityDefinition"):
        assert activity["intent"] == "proposal"
        assert not {"dosage", "quantity", "timingTiming"} & set(activity)
        assert NOT_FOR_CLINICAL_USE in activity["usage"]


def test_every_plan_says_that_it_is_not_for_clinical_use() -> None:
    for plan in plans():
        assert NOT_FOR_CLINICAL_USE in plan["usage"]


def reaches(library: str, define: str, text: str, seen: set[tuple[str, str]]) -> bool:
    """Whether a literal that holds the text can enter what a define gives."""
    if (library, define) in seen:
        return False
    seen.add((library, define))
    elm = elm_libraries()[library]
    aliases = {each["localIdentifier"]: each["path"] for each in elm.get("includes", {}).get("def", ())}
    statements = [each for each in elm["statements"]["def"] if each["name"] == define]
    for _, node in walk(statements):
        if node.get("type") == "Literal" and text in str(node.get("value")):
            return True
        if node.get("type") in ("ExpressionRef", "FunctionRef"):
            there = aliases.get(node.get("libraryName", ""), library)
            if there in elm_libraries() and reaches(there, node["name"], text, seen):
                return True
    return False


@pytest.mark.parametrize("card", CARDS.values())
def test_every_card_ends_with_the_sentence_of_d27(card: str) -> None:
    assert f"{card} Detail" in definitions(LIBRARY)
    assert reaches(LIBRARY, f"{card} Detail", NOT_FOR_CLINICAL_USE, set())


def test_the_more_urgent_referral_has_the_higher_priority() -> None:
    # FHIR R4, request-priority: asap stands above urgent, although the words suggest the reverse.
    order = ["routine", "urgent", "asap", "stat"]
    chosen = {}
    for _, node in walk(definitions(LIBRARY)["MDT Priority"]):
        for item in node.get("caseItem", ()):
            chosen[item["when"]["value"]] = order.index(item["then"]["value"])
    assert chosen["urgent"] > chosen["expedited"] > order.index("routine")
    static = {action["id"]: action.get("priority") for plan in plans() for action in actions(plan)}
    assert [static[f"mdt-{urgency}"] for urgency in ("routine", "expedited", "urgent")] == order[:3]
