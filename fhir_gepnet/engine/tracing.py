"""The whole trace of a result: for every action its conditions, their values, and the facts behind them.

Nothing of it is computed before somebody asks; see ``engine/facts.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.engine.decision import Decision
from fhir_gepnet.engine.facts import Fact, Grounds, Sought, grounds_of, recorder_of
from fhir_gepnet.engine.trace import Because
from fhir_gepnet.errors import InvocationError
from fhir_gepnet.logic import Definition, to_plain
from fhir_gepnet.logic.reading import Recorder

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Invocation, Result


class Traced(NamedTuple):
    """One condition: what came out, and what it rests on."""

    because: Because
    grounds: Grounds


class Explained(NamedTuple):
    """One decision with the trace of its conditions, and its children."""

    decision: Decision
    conditions: tuple[Traced, ...]
    children: tuple[Explained, ...]


def explained(result: Result) -> tuple[Explained, ...]:
    """The trace of every decision, in the order of the result."""
    if not result.decisions:
        return ()
    asked = invocation_of(result)
    application = result.decisions[0].application
    recorder = recorder_of(application, asked.content.libraries, asked.forced)
    return _explained(result.decisions, recorder)


def invocation_of(result: Result) -> Invocation:
    """What was asked.

    Raises:
        InvocationError: the result was not made by ``apply``.
    """
    if result.invocation is None:
        raise InvocationError("this result does not say what was asked; take it from Pathway.apply")
    return result.invocation


def _explained(decisions: Sequence[Decision], recorder: Recorder) -> tuple[Explained, ...]:
    return tuple(
        Explained(
            decision,
            tuple(
                Traced(because, grounds_of(condition.formula, decision.application, recorder))
                for condition, because in zip(decision.action.conditions, decision.because, strict=True)
            ),
            _explained(decision.children, recorder),
        )
        for decision in decisions
    )


def in_order(traces: Sequence[Explained]) -> Iterator[Explained]:
    """All of them, parents before children."""
    for each in traces:
        yield each
        yield from in_order(each.children)


def titles_of(resources: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Title of every value set by its url, display of every concept of a code system by ``system|code``."""
    titles = {}
    for resource in resources:
        if resource["resourceType"] == "ValueSet" and "url" in resource and "title" in resource:
            titles[resource["url"]] = resource["title"]
        if resource["resourceType"] == "CodeSystem" and "url" in resource:
            for concept in resource.get("concept", ()):
                titles[f"{resource['url']}|{concept['code']}"] = concept.get("display", concept["code"])
    return titles


def name_of_sought(sought: Sought, titles: Mapping[str, str]) -> str:
    """``Observation: Platelets``; the codes when nobody gave it a title."""
    if sought.element is None:
        return sought.resource_type
    codes = [f"{system}|{code}" for system, code in sought.codes[:3]]
    title = titles.get(sought.value_set or "") or sought.display or sought.value_set
    return f"{sought.resource_type}: {title or ', '.join(titles.get(code, code) for code in codes)}"


def trace_json(result: Result) -> dict[str, Any]:
    """The trace as JSON; see ``Result.trace``."""
    traces = explained(result)
    titles = titles_of(invocation_of(result).content.resources)
    facts: dict[str, dict[str, Any]] = {}
    sought: dict[str, dict[str, Any]] = {}
    actions = [_action(each, result, titles, facts, sought) for each in traces]
    return {
        "plan": result.plan.canonical,
        "subject": result.subject,
        "now": result.now.isoformat(),
        "actions": actions,
        "facts": dict(sorted(facts.items())),
        "sought": dict(sorted(sought.items())),
    }


def _action(
    each: Explained,
    result: Result,
    titles: Mapping[str, str],
    facts: dict[str, dict[str, Any]],
    sought: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    decision = each.decision
    document: dict[str, Any] = {"action": decision.action_id, "plan": decision.plan}
    for name in ("title", "status", "tier", "rank"):
        if getattr(decision, name) is not None:
            document[name] = getattr(decision, name)
    if decision.already is not None:
        document["proposal"] = decision.already._asdict()
    document["verdict"] = decision.verdict.value
    document["conditions"] = [
        _condition(traced, decision, titles, facts, sought) for traced in each.conditions
    ]
    if each.children:
        document["children"] = [_action(child, result, titles, facts, sought) for child in each.children]
    return document


def _condition(
    traced: Traced,
    decision: Decision,
    titles: Mapping[str, str],
    facts: dict[str, dict[str, Any]],
    sought: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    because, grounds = traced
    document: dict[str, Any] = {
        "expression": because.expression,
        "value": because.value,
        "verdict": because.verdict,
    }
    if because.error is not None:
        document["error"] = because.error
    scope = decision.application.scope
    document["references"] = [
        {"library": each.library, "name": each.name, "value": to_plain(each.evaluate(scope))}
        for each in grounds.definitions
        if has_value(each, decision)
    ]
    document["facts"] = [fact.reference for fact in grounds.facts]
    document["sought"] = [name_of_sought(each, titles) for each in grounds.sought]
    for fact in grounds.facts:
        known = facts.setdefault(fact.reference, fact_json(fact))
        known["read"] = dict(sorted({**known["read"], **fact.read}.items()))
    for each in grounds.sought:
        sought.setdefault(name_of_sought(each, titles), sought_json(each))
    return document


def has_value(definition: Definition, decision: Decision) -> bool:
    """Whether the application computed a definition; one that broke has no value to show."""
    return definition.evaluated(decision.application.scope)


def fact_json(fact: Fact) -> dict[str, Any]:
    """A fact as JSON; what is absent is left out."""
    named = {"code": fact.code, "coding": fact.coding, "value": fact.value, "date": fact.date}
    return {
        **{name: value for name, value in named.items() if value is not None},
        "read": dict(fact.read),
    }


def sought_json(sought: Sought) -> dict[str, Any]:
    """A question without an answer as JSON."""
    document: dict[str, Any] = {"type": sought.resource_type}
    if sought.element is not None:
        document["element"] = sought.element
    if sought.value_set is not None:
        document["valueSet"] = sought.value_set
    if sought.codes:
        document["codes"] = [{"system": system, "code": code} for system, code in sought.codes]
    return document
