"""Formulas in FHIRPath: what their names and variables mean in a plan.

Bare names and ``Patient`` mean the patient, the name of another resource type all resources of that
type in the record. ``%context``, ``%resource`` and ``%rootResource`` are the definition that holds
the formula, ``%action`` its action as the plan has it; ``%subject`` and ``%patient`` the patient. In a
dynamic value, bare names that a patient
does not have mean the definition (``code`` of the ActivityDefinition, as the CPG guide writes it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from fhir_gepnet.errors import TypeMismatchError, Where
from fhir_gepnet.logic.fhirpath.expression import Condition as CompiledCondition
from fhir_gepnet.logic.fhirpath.expression import compile_condition
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.pathway.expression_language import FHIRPATH
from fhir_gepnet.pathway.formula import Formula, Variables

VARIABLES = (
    "encounter", "practitioner", "organization", "userType", "userLanguage", "userTaskContext", "setting",
    "settingContext", "draftOrders",
)  # fmt: skip
"""What the caller's context gives to FHIRPath beside the patient; empty when it gives nothing."""

DEFINITION = ("context", "resource", "rootResource")
_NAMES_HOLDER = re.compile(rf"%(?:{'|'.join(DEFINITION)}|action)\b")
_EXTENSION_FIRST = re.compile(r"\s*extension\s*[.(]")


class Holder(NamedTuple):
    """What a formula stands in: the artefact, and in a plan the action (the JSON of both)."""

    resource: Mapping[str, Any]
    action: Mapping[str, Any] | None = None

    @property
    def variables(self) -> dict[str, Any]:
        """The variables that mean it."""
        own: dict[str, Any] = dict.fromkeys(DEFINITION, self.resource)
        return own if self.action is None else {**own, "action": self.action}


def fhirpath_condition(text: str, names: tuple[str, ...], holder: Holder | None, at: Where) -> Formula:
    """A formula that gives True, False or None; ``names`` are the variables beside those of the patient."""
    compiled, own = _on_patient(text, names, holder, at)

    def compute(scope: Scope, variables: Variables) -> Any:
        given = {**variables, **own} if own else variables
        return compiled(scope.record, now=scope.now, variables=given, account=scope.budget)

    types = tuple(sorted(compiled.retrieved_types))
    return Formula(text, FHIRPATH, at, compute, "System.Boolean", None, types, compiled, own)


def fhirpath_value(text: str, names: tuple[str, ...], holder: Holder | None, at: Where) -> Formula:
    """A formula that gives a plain value: the one item, a list of several, None for the empty collection."""
    if holder is not None and _about_its_extension(text, holder.resource):
        return _on_definition(text, names, holder, at)
    try:
        compiled, own = _on_patient(text, names, holder, at)
    except TypeMismatchError as error:
        if holder is None:
            raise
        try:
            return _on_definition(text, names, holder, at)
        except TypeMismatchError:
            raise error from None

    def compute(scope: Scope, variables: Variables) -> Any:
        given = {**variables, **own} if own else variables
        items = compiled.items(scope.record, now=scope.now, variables=given, account=scope.budget)
        return _one_or_several(items)

    types = tuple(sorted(compiled.retrieved_types))
    return Formula(text, FHIRPATH, at, compute, None, None, types, compiled, own)


def _on_patient(
    text: str, names: tuple[str, ...], holder: Holder | None, at: Where
) -> tuple[CompiledCondition, dict[str, Any]]:
    """The compiled text with the variables of its own, for which the other formulas pay nothing."""
    if holder is None or _NAMES_HOLDER.search(text) is None:
        return compile_condition(text, variables=names, where=at), {}
    own = holder.variables
    return compile_condition(text, variables=(*names, *DEFINITION), where=at), own


def _on_definition(text: str, names: tuple[str, ...], holder: Holder, at: Where) -> Formula:
    root = dict(holder.resource)
    compiled = compile_condition(
        text, variables=(*names, "subject", "patient"), where=at, root_type=str(root["resourceType"])
    )
    own = {} if holder.action is None else {"action": holder.action}

    def compute(scope: Scope, variables: Variables) -> Any:
        patient = scope.record.patient
        given = {**variables, **own, "subject": patient, "patient": patient}
        items = compiled.items(root, now=scope.now, variables=given, account=scope.budget)
        return _one_or_several(items)

    return Formula(text, FHIRPATH, at, compute)


def _about_its_extension(text: str, definition: Mapping[str, Any]) -> bool:
    """Whether a bare ``extension(...)`` names an extension that the definition has."""
    urls = [str(each.get("url")) for each in definition.get("extension", ())]
    return _EXTENSION_FIRST.match(text) is not None and any(f"'{url}'" in text for url in urls)


def _one_or_several(items: list[Any]) -> Any:
    return items if len(items) > 1 else items[0] if items else None
