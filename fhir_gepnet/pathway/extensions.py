"""The documented extensions of an output action that order and label what the engine decided.

Each is static in the plan, or written by ``dynamicValue``; definitions in ``docs/``. Other
engines copy them untouched or leave them out, and reach the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

CANONICAL = "https://fhir-gepnet.org/fhir/StructureDefinition/"
STATUS = CANONICAL + "option-status"
TIER = CANONICAL + "option-tier"
RANK = CANONICAL + "option-rank"
RULE = CANONICAL + "rule-id"
TOPIC = CANONICAL + "topic"
PROPOSAL = CANONICAL + "proposal-state"
"""Of an action whose proposal is on the patient already: proposed, active, on-hold, completed, ..."""


class Attributes(NamedTuple):
    """What the extensions say; see ``Decision``."""

    status: str | None = None
    tier: str | None = None
    rank: int | None = None
    rule: tuple[str, ...] = ()
    topic: str | None = None


_SEPARATOR = re.compile(r"\s*[,;]\s*")
_NONE = Attributes()
_SINGLE = frozenset({STATUS, TIER, RANK, TOPIC})


def attributes_of(output: Mapping[str, Any]) -> Attributes:
    """Read the extensions of an output action.

    The first of a kind counts. Rules add up; one extension may hold several, separated by commas
    or semicolons, because a formula writes one text.
    """
    extensions = output.get("extension")
    if not extensions:
        return _NONE
    found: dict[str, Any] = {}
    rules: tuple[str, ...] = ()
    for extension in extensions:
        url = extension.get("url")
        if url == RULE:
            rules += _rules(str(_value(extension) or ""))
        elif url in _SINGLE and url not in found:
            found[url] = _value(extension)
    read = found.get
    return Attributes(read(STATUS), read(TIER), read(RANK), rules, read(TOPIC))


@lru_cache(maxsize=4096)
def _rules(text: str) -> tuple[str, ...]:
    return tuple(rule for rule in _SEPARATOR.split(text) if rule)


def _value(extension: Mapping[str, Any]) -> Any:
    for key, value in extension.items():
        if key.startswith("value"):
            return value
    return None
