"""What if a definition had another value: an application with some values given instead of computed.

Used to ask what a missing value would change, and to check that every condition matters. Nothing
in a normal application knows of it: definitions keep their values in the scope's memo, and a
forced one is there before anybody asks. A FHIRPath condition has no memo; there the plan is
rebuilt with the answer in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhir_gepnet.errors import InvocationError
from fhir_gepnet.logic import Definition, Libraries
from fhir_gepnet.logic.form import ChoiceOf, ListOf, TupleOf, Type
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.logic.source.knowledge import Knowledge
from fhir_gepnet.logic.surface import from_plain
from fhir_gepnet.pathway.formula import Formula, Variables
from fhir_gepnet.pathway.model import Action, Condition, Plan

Forced = Mapping[str, Any]
"""``Library.Define``, or a FHIRPath condition as it is written in the plan -> plain value or None."""


def force(plan: Plan, libraries: Libraries, scope: Scope, values: Forced) -> Plan:
    """Put the values into the scope's memo, and those of FHIRPath conditions into a plan like this one.

    Args:
        plan: the plan that is about to be applied.
        libraries: where the definitions are.
        scope: a fresh one; its memo is filled in.
        values: plain values as ``to_plain`` writes them; of a condition True, False or None.

    Returns:
        The plan itself when only definitions are forced.

    Raises:
        InvocationError: a name that is neither, a value of another type, null for what is never null.
    """
    texts: dict[str, bool | None] = {}
    written = _fhirpath_texts(plan)
    for name, value in values.items():
        if name in written:
            if value is not None and not isinstance(value, bool):
                raise InvocationError(f"a condition is forced to true, false or null: {name}")
            texts[name] = value
            continue
        definition = definition_named(libraries, name)
        scope.memo[definition.slot] = _internal(definition, value, name, scope)
    if not texts:
        return plan
    return replace(plan, actions=tuple(_with_answers(action, texts) for action in plan.actions))


def definition_named(libraries: Libraries, name: str) -> Definition:
    """The definition that ``Library.Define`` names.

    Raises:
        InvocationError: there is none.
    """
    for library in libraries.values():
        if name.startswith(f"{library.name}."):
            found = library.definitions.get(name.removeprefix(f"{library.name}."))
            if found is not None:
                return found
    raise InvocationError(f"nothing is called {name}; name Library.Define, or a FHIRPath condition")


def _internal(definition: Definition, value: Any, name: str, scope: Scope) -> Any:
    if value is None and Knowledge(definition.program).never_null(definition.form):
        # Generated code leaves out the test for what cannot be; it would break in another place.
        raise InvocationError(f"{name} is never null; force another value")
    return _of_type(value, definition.result_type, name, scope.offset)


def _of_type(value: Any, of: Type, name: str, offset: int) -> Any:
    """A plain value as the formulas hold it."""
    if value is None:
        return None
    if isinstance(of, TupleOf):
        if not isinstance(value, dict) or set(value) - {element for element, _ in of.elements}:
            raise InvocationError(f"{name} is a {of}; what was given is none")
        return {
            element: _of_type(value.get(element), element_type, name, offset)
            for element, element_type in of.elements
        }
    if isinstance(of, ListOf) and isinstance(value, list | tuple):
        return [_of_type(item, of.element, name, offset) for item in value]
    if isinstance(of, ChoiceOf):
        raise InvocationError(f"{name} is a {of}, which cannot be forced; force a definition that reads it")
    return from_plain(value, of, name, offset)


def _fhirpath_texts(plan: Plan) -> set[str]:
    return {formula.text for formula in _conditions_in(plan.actions) if formula.definition is None}


def _conditions_in(actions: tuple[Action, ...]) -> list[Formula]:
    found = []
    for action in actions:
        found += [condition.formula for condition in action.conditions]
        found += _conditions_in(action.children)
        if action.plan is not None:
            found += _conditions_in(action.plan.actions)
    return found


def _with_answers(action: Action, answers: Mapping[str, bool | None]) -> Action:
    return replace(
        action,
        conditions=tuple(_answered(condition, answers) for condition in action.conditions),
        children=tuple(_with_answers(child, answers) for child in action.children),
        plan=action.plan
        and replace(
            action.plan, actions=tuple(_with_answers(child, answers) for child in action.plan.actions)
        ),
    )


def _answered(condition: Condition, answers: Mapping[str, bool | None]) -> Condition:
    formula = condition.formula
    if formula.definition is not None or formula.text not in answers:
        return condition
    answer = answers[formula.text]

    def compute(scope: Scope, variables: Variables) -> bool | None:
        return answer

    return replace(condition, formula=replace(formula, compute=compute))
