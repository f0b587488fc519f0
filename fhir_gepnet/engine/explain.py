"""Decisions for people and programs: as JSON, and as an indented text with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fhir_gepnet.engine.decision import Decision
from fhir_gepnet.engine.trace import Because, Referenced
from fhir_gepnet.json_io import write_json

LONGEST_VALUE = 200
"""Characters of a value in the text form; the JSON form has it whole."""


def decisions_json(decisions: Sequence[Decision], *, explain: bool = False) -> list[dict[str, Any]]:
    """Decisions as JSON; absent attributes are left out, ``because`` is there with ``explain``."""
    return [_decision(decision, explain) for decision in decisions]


def explanation(decisions: Sequence[Decision]) -> str:
    """One line per action with its verdict, below it each condition and what it refers to."""
    return "\n".join(_lines(decisions, ""))


def _decision(decision: Decision, explain: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"action": decision.action_id, "plan": decision.plan}
    if decision.title is not None:
        document["title"] = decision.title
    document["verdict"] = decision.verdict.value
    for name in ("priority", "status", "tier", "rank", "topic", "definition", "description"):
        value = getattr(decision, name)
        if value is not None:
            document[name] = value
    if decision.rule:
        document["rule"] = list(decision.rule)
    already = decision.already
    if already is not None:
        document["proposal"] = already.state
        document["request"] = already.reference
    if explain:
        document["because"] = [_because(because) for because in decision.because]
    if decision.resource is not None:
        document["resource"] = decision.resource
    if decision.children:
        document["children"] = [_decision(child, explain) for child in decision.children]
    return document


def _because(because: Because) -> dict[str, Any]:
    document: dict[str, Any] = {
        "expression": because.expression,
        "value": because.value,
        "verdict": because.verdict,
    }
    if because.error is not None:
        document["error"] = because.error
    if because.references:
        document["references"] = [_reference(reference) for reference in because.references]
    return document


def _reference(reference: Referenced) -> dict[str, Any]:
    document: dict[str, Any] = {"library": reference.library, "name": reference.name}
    if reference.evaluated:
        document["value"] = reference.value
    else:
        document["evaluated"] = False
    return document


def _lines(decisions: Sequence[Decision], indent: str) -> Iterator[str]:
    for decision in decisions:
        title = f" ({decision.title})" if decision.title else ""
        yield f"{indent}{decision.action_id}: {decision.verdict.value}{title}"
        for because in decision.because:
            yield f"{indent}    {because.expression} = {_told(because.value)}"
            if because.error is not None:
                yield from (f"{indent}      {line}" for line in because.error.splitlines())
            for reference in because.references:
                value = _told(reference.value) if reference.evaluated else "not needed"
                yield f"{indent}      {reference.name} = {value}"
        yield from _lines(decision.children, indent + "  ")


def _told(value: Any) -> str:
    if value is None:
        return "unknown"
    text = write_json(value).decode()
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + " ..."
