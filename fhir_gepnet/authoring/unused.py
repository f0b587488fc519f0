"""Definitions that no plan, activity, case or other definition uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.errors import Where
from fhir_gepnet.logic.definitions import Definition
from fhir_gepnet.pathway.formula import Formula
from fhir_gepnet.pathway.model import Action, Activity, Content


def unused_findings(content: Content) -> Iterator[Finding]:
    """A warning per public definition that nothing leads to, by library."""
    used: set[int] = set()
    waiting = [formula.definition for formula in _formulas(content) if formula.definition is not None]
    while waiting:
        definition = waiting.pop()
        if id(definition) not in used:
            used.add(id(definition))
            waiting += definition.references
    for library in content.libraries.values():
        names = [name for name in library.public if not _is_used(library.definition(name), used)]
        if names:
            yield Finding("warning", Where(f"{library.name}|{library.version}"), f"nothing uses {', '.join(names)}")


def _is_used(definition: Definition, used: set[int]) -> bool:
    return id(definition) in used


def _formulas(content: Content) -> Iterator[Formula]:
    for plan in content.plans.values():
        yield from _in_actions(plan.actions)


def _in_actions(actions: Sequence[Action]) -> Iterator[Formula]:
    for action in actions:
        yield from (condition.formula for condition in action.conditions)
        yield from (dynamic_value.formula for dynamic_value in action.dynamic_values)
        if action.activity is not None:
            yield from _in_activity(action.activity)
        yield from _in_actions(action.children)


def _in_activity(activity: Activity) -> Iterator[Formula]:
    yield from (dynamic_value.formula for dynamic_value in activity.dynamic_values)
