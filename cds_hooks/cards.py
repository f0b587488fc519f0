"""Cards from a result: one per top-level action that applies or could not be decided.

| card | from the action |
| --- | --- |
| summary | title |
| detail | description, then the text of each applicable leaf below it, by rank |
| indicator | priority: none, routine: info; urgent, asap: warning; stat: critical |
| source | first documentation, else the plan; topic: the plan's canonical and the action's id |
| links | https addresses among the relatedArtifact of the card's plan and its leaves' plans |
| suggestions | applicable leaves with a draft request |

At most four cards. When more top-level actions speak, which is a fault of the content, the three most
severe stay whole and a fourth card names all others; that is logged as an error, and nothing is dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from cds_hooks.card_text import LONGEST_SUMMARY, Block, cut, detail_of, plain, summary_of
from cds_hooks.suggestions import suggestions_from
from fhir_gepnet import Decision, Result, Verdict

log = logging.getLogger("cds_hooks")

Card = dict[str, Any]

MOST_CARDS = 4
CARDS = uuid5(NAMESPACE_URL, "https://fhir-gepnet.org/cds-hooks/card")
INDICATORS: Mapping[str | None, str] = {
    None: "info",
    "routine": "info",
    "urgent": "warning",
    "asap": "warning",
    "stat": "critical",
}
SEVERITY = {"critical": 0, "warning": 1, "info": 2}
SELECTION = {"at-most-one": "at-most-one", "exactly-one": "at-most-one"}
"""FHIR codes that CDS Hooks can say; everything else is "any"."""
UNDECIDED = {
    Verdict.UNKNOWN: "could not be evaluated, because data are missing.",
    Verdict.FAILED: "could not be evaluated, because a formula failed.",
}
NOTHING_FOLLOWS = "This says neither that it applies nor that it does not."


def cards_from(result: Result, *, hook_instance: str = "") -> list[Card]:
    """The cards of one application, in the order of the plan's top-level actions.

    Args:
        result: what ``Pathway.apply`` gave.
        hook_instance: of the request, so that uuids differ between calls. The same result and
            instance give the same cards, byte for byte.

    Returns:
        CDS Hooks 2.0 cards; empty when every top-level action was decided and none applies.
    """
    seed = "|".join((hook_instance, result.subject, result.now.isoformat(), result.plan.canonical))
    cards = [
        _applying(decision, result, seed)
        if decision.verdict is Verdict.APPLIES
        else _undecided(decision, result, seed)
        for decision in result.decisions
        if decision.verdict is not Verdict.DOES_NOT_APPLY
    ]
    return cards if len(cards) <= MOST_CARDS else _at_most_four(cards, result, seed)


def _applying(decision: Decision, result: Result, seed: str) -> Card:
    leaves, undecided = _leaves_of(decision)
    leaves.sort(key=lambda leaf: (leaf.rank is None, leaf.rank or 0))
    blocks = [_block(leaf) for leaf in leaves]
    notes = [f"- {_name(leaf)}: {UNDECIDED[leaf.verdict]}" for leaf in undecided]
    title = decision.title or result.plan.title or decision.action_id
    uuid = uuid5(CARDS, f"{seed}|{decision.action_id}")
    card: Card = {"uuid": str(uuid), "summary": summary_of(title, decision.action_id)}
    detail = detail_of(decision.description or "", blocks, notes, decision.action_id)
    if detail:
        card["detail"] = detail
    card["indicator"] = INDICATORS.get(decision.priority, "info")
    card["source"] = _source(decision, result)
    suggestions = suggestions_from(leaves, uuid)
    if suggestions:
        card["suggestions"] = suggestions
        card["selectionBehavior"] = SELECTION.get(decision.selection_behavior or "any", "any")
    links = _links([decision, *leaves])
    if links:
        card["links"] = links
    return card


def _undecided(decision: Decision, result: Result, seed: str) -> Card:
    """Unknown and failed are shown: silence would read as "nothing to say"."""
    name = _name(decision)
    prefix = "Could not be evaluated: "
    return {
        "uuid": str(uuid5(CARDS, f"{seed}|{decision.action_id}")),
        "summary": prefix + cut(" ".join(name.split()), LONGEST_SUMMARY - len(prefix)),
        "detail": detail_of(
            f"{name} {UNDECIDED[decision.verdict]} {NOTHING_FOLLOWS}", [], [], decision.action_id
        ),
        "indicator": "warning",
        "source": _source(decision, result),
    }


def _leaves_of(decision: Decision) -> tuple[list[Decision], list[Decision]]:
    """Leaves that apply, and whatever below the decision could not be decided; definition order."""
    applying: list[Decision] = []
    undecided: list[Decision] = []
    for child in decision.children:
        if child.verdict in UNDECIDED:
            undecided.append(child)
        elif child.verdict is Verdict.APPLIES:
            if child.children:
                below = _leaves_of(child)
                applying += below[0]
                undecided += below[1]
            else:
                applying.append(child)
    return applying, undecided


def _block(leaf: Decision) -> Block:
    title = plain(_name(leaf))
    return Block(title, leaf.description or title)


def _name(decision: Decision) -> str:
    return decision.title or decision.action_id


def _source(decision: Decision, result: Result) -> dict[str, Any]:
    plan = result.plan
    source: dict[str, Any] = {}
    for artifact in decision.documentation[:1]:
        source = _labelled(artifact)
    if not source:
        source = {"label": plan.title or plan.publisher or plan.id}
        if _is_web_address(plan.url):
            source["url"] = plan.url
    source["topic"] = {"system": plan.url, "code": topic_code(decision.topic or decision.action_id)}
    return source


@lru_cache(maxsize=1024)
def topic_code(action_id: str) -> str:
    """Letters and digits of the action's id: clients remember overrides by this code and take no other."""
    return "".join(character for character in action_id if character.isascii() and character.isalnum())[:100]


def _labelled(artifact: Mapping[str, Any]) -> dict[str, Any]:
    """Label and address of a RelatedArtifact; empty when it has no words."""
    label = artifact.get("display") or artifact.get("label") or artifact.get("citation")
    if not label:
        return {}
    url = artifact.get("url") or artifact.get("document", {}).get("url")
    return {"label": label, "url": url} if _is_web_address(url) else {"label": label}


def _links(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    links: dict[str, dict[str, Any]] = {}
    for artifact in _artifacts(decisions):
        url = artifact.get("url")
        if isinstance(url, str) and url.startswith("https://") and url not in links:
            label = _labelled(artifact).get("label", url)
            links[url] = {"label": label, "url": url, "type": "absolute"}
    return list(links.values())


def _artifacts(decisions: Sequence[Decision]) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for decision in decisions:
        if decision.plan not in seen:
            seen.add(decision.plan)
            yield from decision.related_artifacts


def _is_web_address(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("https://", "http://"))


def _at_most_four(cards: list[Card], result: Result, seed: str) -> list[Card]:
    log.error(
        "plan=%s %d top-level actions speak; a card list holds %d", result.plan.id, len(cards), MOST_CARDS
    )
    by_severity = sorted(cards, key=lambda card: SEVERITY[card["indicator"]])
    whole, others = by_severity[: MOST_CARDS - 1], by_severity[MOST_CARDS - 1 :]
    items = [Block(card["summary"], "- " + card["summary"]) for card in others]
    return [
        *whole,
        {
            "uuid": str(_overflow_uuid(seed)),
            "summary": f"{len(others)} more parts of this pathway have something to say",
            "detail": detail_of("", items, [], result.plan.id),
            "indicator": others[0]["indicator"],
            "source": {
                "label": result.plan.title or result.plan.id,
                "topic": {"system": result.plan.url, "code": "more"},
            },
        },
    ]


def _overflow_uuid(seed: str) -> UUID:
    return uuid5(CARDS, f"{seed}|")
