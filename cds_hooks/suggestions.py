"""Suggestions: one per applicable leaf that made a draft request, one action each.

Source: CDS Hooks 2.0 "Suggestion", "Action"; clients exist that accept one action per suggestion only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from cds_hooks.card_text import plain
from fhir_gepnet import Decision


def suggestions_from(leaves: Sequence[Decision], card: UUID) -> list[dict[str, Any]]:
    """Suggestions in the order of the leaves; never pre-selected (``isRecommended`` is not sent).

    Args:
        leaves: applicable leaves of one card.
        card: the card's uuid, from which each suggestion's is derived.
    """
    proposing = [leaf for leaf in leaves if leaf.resource is not None]
    return [_suggestion(leaf, card, position) for position, leaf in enumerate(proposing)]


def _suggestion(leaf: Decision, card: UUID, position: int) -> dict[str, Any]:
    label = leaf.title or leaf.action_id
    # The position tells two uses of one action on the same card apart.
    name = f"{position}|{leaf.plan}|{leaf.action_id}"
    return {
        "label": label,
        "uuid": str(uuid5(card, name)),
        "actions": [
            {
                "type": "create",
                "description": plain(leaf.description or "") or label,
                "resource": leaf.resource,
            }
        ],
    }
