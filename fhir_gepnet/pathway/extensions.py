"""The documented extensions of an output action that order and label what the engine decided.

Each is static in the plan, or written by ``dynamicValue``; definitions in ``docs/``. Other
engines copy them untouched or leave them out, and reach the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

CANONICAL = "https://fhir-gepnet.org/fhir/StructureDefinition/"
STATUS = CANONICAL + "option-status"
TIER = CANONICAL + "option-tier"
RANK = CANONICAL + "option-rank"
RULE = CANONICAL + "rule-id"
TOPIC = CANONICAL + "topic"


class Attributes(NamedTuple):
    """What the extensions say; see ``Decision``."""

    status: str | None = None
    tier: str | None = None
    rank: int | None = None
    rule: tuple[str, ...] = ()
    topic: str | None = None


_SEPARATOR = re.compile(r"\s*[,;]\s*")
_NONE = Attributes()
_SINGLE = {STATUS: "status", TIER: "tier", RANK: "rank", TOPIC: "topic"}


def attributes_of(output: Mapping[str, Any]) -> Attributes:
    """Read the extensions of an output action.

    The first of a kind counts. Rules add up; one extension may hold several, separated by commas
    or semicolons, because a formula writes one text.
    """
    extensions = output.get("extension")
    if not extensions:
        return _NONE
    found: dict[str, Any] = {}
    rules: list[str] = []
    for extension in extensions:
        url = extension.get("url")
        if url == RULE:
            rules += [rule for rule in _SEPARATOR.split(str(_value(extension) or "")) if rule]
        elif url in _SINGLE:
            found.setdefault(_SINGLE[url], _value(extension))
    return Attributes(**found, rule=tuple(rules))


def _value(extension: Mapping[str, Any]) -> Any:
    return next((value for key, value in extension.items() if key.startswith("value")), None)
