"""Definitions that no plan, activity, function or other definition uses.

Read from the ELM itself: once compiled, a definition that is constant has vanished into those
that name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.errors import Where
from fhir_gepnet.pathway.artifacts import Artifacts
from fhir_gepnet.pathway.formula import Formula
from fhir_gepnet.pathway.library_content import elm_of, name_of
from fhir_gepnet.pathway.model import Action, Content

Name = tuple[str, str]
"""Library and definition."""


def unused_findings(content: Content, artifacts: Artifacts) -> Iterator[Finding]:
    """A warning per library that has public definitions to which nothing leads."""
    elms = [elm for artifact in artifacts.of_type("Library") if (elm := elm_of(artifact)) is not None]
    references: dict[Name, set[Name]] = {}
    waiting = list(_named_by_plans(content))
    for elm in elms:
        for statement in _statements(elm):
            found = set(_references(statement.get("expression"), name_of(elm), _includes(elm)))
            if statement.get("type") == "FunctionDef":
                waiting += found
            else:
                references[name_of(elm), statement["name"]] = found
    used: set[Name] = set()
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += references.get(name, ())
    for library in content.libraries.values():
        idle = [name for name in library.public if (library.name, name) not in used]
        if idle:
            where = Where(f"{library.name}|{library.version}")
            yield Finding("warning", where, f"nothing uses {', '.join(idle)}")


def _statements(elm: dict[str, Any]) -> Iterable[dict[str, Any]]:
    found: Iterable[dict[str, Any]] = (elm["library"].get("statements") or {}).get("def") or ()
    return found


def _includes(elm: dict[str, Any]) -> dict[str, str]:
    """Local name -> name of each included library."""
    includes = (elm["library"].get("includes") or {}).get("def") or ()
    return {each["localIdentifier"]: each["path"].rpartition("/")[2] for each in includes}


def _references(node: Any, library: str, includes: dict[str, str]) -> Iterator[Name]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each, library, includes)
    elif isinstance(node, dict):
        if node.get("type") == "ExpressionRef":
            local = str(node.get("libraryName", ""))
            yield includes.get(local, local) or library, str(node["name"])
        for each in node.values():
            yield from _references(each, library, includes)


def _named_by_plans(content: Content) -> Iterator[Name]:
    formulas = [formula for plan in content.plans.values() for formula in _formulas(plan.actions)]
    # An activity may be applied on its own.
    for activity in content.activities.values():
        formulas += [dynamic_value.formula for dynamic_value in activity.dynamic_values]
    for formula in formulas:
        if formula.definition is not None:
            yield formula.definition.library.partition("|")[0], formula.definition.name


def _formulas(actions: Sequence[Action]) -> Iterator[Formula]:
    for action in actions:
        yield from (condition.formula for condition in action.conditions)
        yield from (dynamic_value.formula for dynamic_value in action.dynamic_values)
        if action.activity is not None:
            yield from (dynamic_value.formula for dynamic_value in action.activity.dynamic_values)
        yield from _formulas(action.children)
