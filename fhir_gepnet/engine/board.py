"""The trace as a text that people read together: what applies and why, what is open, what does not apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.facts import Fact
from fhir_gepnet.engine.tracing import (
    Explained,
    Traced,
    explained,
    invocation_of,
    name_of_sought,
    titles_of,
)
from fhir_gepnet.json_io import write_json

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

ANSWERS = {"applies": "yes", "does-not-apply": "no", "unknown": "UNKNOWN", "failed": "FAILED"}
OPEN = {Verdict.UNKNOWN: "could not be decided", Verdict.FAILED: "failed"}


@dataclass(slots=True)
class _Sheet:
    """What the text gathers on its way: titles, facts and questions without an answer with their numbers."""

    titles: Mapping[str, str]
    numbers: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    sought: dict[str, int] = field(default_factory=dict)

    def number(self, fact: Fact) -> int:
        known = self.facts.get(fact.reference)
        read = fact.read if known is None else {**known.read, **fact.read}
        self.facts[fact.reference] = fact._replace(read=read)
        return self.numbers.setdefault(fact.reference, len(self.numbers) + 1)


def board_text(result: Result) -> str:
    """The result for a meeting: one numbered block per card, one per option below it.

    Facts are told once, at the end, under the number that stands in brackets behind a condition.
    """
    sheet = _Sheet(titles_of(invocation_of(result).content.resources))
    lines = [f"{result.plan.title or result.plan.id} ({result.plan.canonical})"]
    lines += [f"{result.subject}, {result.now.isoformat()}", ""]
    lines += _blocks(explained(result), "", "", sheet)
    if sheet.facts:
        lines += ["", "Facts"]
        lines += [f"  [{sheet.numbers[name]}] {_fact(fact)}" for name, fact in sheet.facts.items()]
    if sheet.sought:
        lines += ["", "Looked for and not found"]
        lines += [f"  [n{number}] {name}" for name, number in sheet.sought.items()]
    return "\n".join(lines)


def _blocks(traces: Sequence[Explained], prefix: str, indent: str, sheet: _Sheet) -> Iterator[str]:
    number = 0
    told = {_title(each.decision) for each in traces if each.decision.verdict is not Verdict.DOES_NOT_APPLY}
    others: dict[str, None] = {}
    for each in traces:
        if each.decision.verdict is Verdict.DOES_NOT_APPLY:
            # The other forms of an option that is shown have its title; they would only repeat it.
            if _title(each.decision) not in told:
                others[_title(each.decision)] = None
            continue
        number += 1
        place = f"{prefix}{number}."
        yield f"{indent}{place} {_head(each.decision)}"
        inner = indent + "   "
        description = each.decision.description if each.decision.applies else None
        yield from (f"{inner}{line}" for line in (description or "").splitlines())
        for traced in each.conditions:
            yield from _condition(traced, inner, sheet)
        yield from _blocks(each.children, place, inner, sheet)
    if others:
        yield f"{indent}Does not apply: {', '.join(others)}"


def _title(decision: Decision) -> str:
    return decision.title or decision.action_id


def _head(decision: Decision) -> str:
    marks = [decision.status, decision.tier and f"tier {decision.tier}", *decision.rule]
    told = ", ".join(mark for mark in marks if mark)
    head = f"{_title(decision)} ({told})" if told else _title(decision)
    if decision.already is not None:
        state, reference, date = decision.already
        head += f", already {state}: {reference}{f' of {date}' if date else ''}"
    return f"{head}: {OPEN[decision.verdict]}" if decision.verdict in OPEN else head


def _condition(traced: Traced, indent: str, sheet: _Sheet) -> Iterator[str]:
    because, grounds = traced
    line = f"{indent}because {because.expression}: {ANSWERS[because.verdict]}"
    numbers = sorted(sheet.number(fact) for fact in grounds.facts)
    if numbers:
        line += f" [{_ranges(numbers)}]"
    sought = [name_of_sought(each, sheet.titles) for each in grounds.sought]
    missing = sorted({sheet.sought.setdefault(name, len(sheet.sought) + 1) for name in sought})
    if missing:
        line += f" [{_ranges(missing, 'n')}]"
    yield line
    if because.error is not None:
        yield from (f"{indent}  {text}" for text in because.error.splitlines())


def _ranges(numbers: Sequence[int], letter: str = "") -> str:
    """1, 2, 3, 7 as ``1-3, 7``, each with a letter before it."""
    starts = [numbers[0], *(after for before, after in pairwise(numbers) if after != before + 1)]
    ends = [*(before for before, after in pairwise(numbers) if after != before + 1), numbers[-1]]
    return ", ".join(
        f"{letter}{start}" if start == end else f"{letter}{start}-{letter}{end}"
        for start, end in zip(starts, ends, strict=True)
    )


def _fact(fact: Fact) -> str:
    parts = [fact.code, shown(fact.value), fact.date]
    told = ", ".join(part for part in parts if part)
    if fact.value is None and fact.code is None:
        told = ", ".join(f"{path} {shown(value)}" for path, value in fact.read.items())
    return f"{fact.reference}: {told}" if told else f"{fact.reference}: nothing that is used"


def shown(value: Any) -> str | None:
    """A FHIR value as people write it: ``8 %``, the text of a coded answer; else its JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        if "value" in value:
            unit = value.get("unit") or value.get("code", "")
            return f"{value.get('comparator', '')}{value['value']} {unit}".rstrip()
        codings = value.get("coding") or [value]
        text = value.get("text") or codings[0].get("display") or codings[0].get("code")
        if text:
            return str(text)
    return write_json(value).decode()
