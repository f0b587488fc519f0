"""What a card needs of the action that becomes it (CDS Hooks 2.0, Card Attributes).

Checked on the static texts; what ``dynamicValue`` writes is seen by the cases only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.engine.choice import PATHWAY_TYPE
from fhir_gepnet.errors import Where
from fhir_gepnet.pathway.artifacts import Artifact

LONGEST_SUMMARY = 140
"""A card's summary has fewer characters than this."""

CARD_SELECTION = frozenset({"any", "at-most-one"})
TRIGGER = "named-event"


def card_findings(artifact: Artifact) -> Iterator[Finding]:
    """Findings of the actions that become cards: the top-level ones of a pathway, or with a trigger."""
    codings = artifact.resource.get("type", {}).get("coding", ())
    is_pathway = any(coding.get("code") == PATHWAY_TYPE for coding in codings)
    for number, action in enumerate(artifact.resource.get("action", ())):
        if is_pathway or any(trigger.get("type") == TRIGGER for trigger in action.get("trigger", ())):
            yield from _action_findings(action, Where(artifact.canonical, f"action[{number}]"), artifact)


def _action_findings(action: dict[str, Any], where: Where, artifact: Artifact) -> Iterator[Finding]:
    title = action.get("title", "")
    if not title.strip():
        yield Finding(
            "error", where, "the action becomes a card and has no title", "the title is its summary"
        )
    elif len(title) >= LONGEST_SUMMARY:
        yield Finding(
            "error",
            where,
            f"the title has {len(title)} characters",
            f"a card's summary has fewer than {LONGEST_SUMMARY}",
        )
    behavior = action.get("selectionBehavior", "any")
    if behavior not in CARD_SELECTION:
        yield Finding(
            "error",
            where,
            f"selectionBehavior {behavior}",
            f"a card takes {' or '.join(sorted(CARD_SELECTION))}",
        )
    documentation = [
        each for each in action.get("documentation", ()) if each.get("display") or each.get("label")
    ]
    if not documentation and not artifact.resource.get("title") and not artifact.resource.get("publisher"):
        yield Finding(
            "error", where, "a card needs a source", "give the action documentation, or the plan a title"
        )
