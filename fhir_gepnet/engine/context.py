"""What the caller hands in beside the patient, in the shape that formulas take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fhir_gepnet.engine.trace import Application
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.pathway.fhirpath_formulas import VARIABLES
from fhir_gepnet.pathway.model import Content

COMPLETE_SEARCHES = "Complete Searches"
HOOK = "Hook"
REFERENCES = ("encounter", "practitioner", "organization")
OTHER_VARIABLES = tuple(name for name in VARIABLES if name not in REFERENCES)
"""Entries of the caller's context that formulas see as they are."""

_NOTHING: list[Any] = []
"""The empty collection; formulas do not change what they are given."""
_ABSENT: dict[str, list[Any]] = dict.fromkeys(OTHER_VARIABLES, _NOTHING)


def application_of(
    content: Content,
    record: PatientRecord,
    now: datetime,
    parameters: Mapping[str, Any],
    context: Mapping[str, Any],
    budget: Budget | None = None,
) -> Application:
    """One application: scope for CQL, variables for FHIRPath, references for what is made.

    The library parameters ``Complete Searches`` (the record's complete types) and ``Hook`` (the
    context's hook) are bound when a library declares them and the caller did not.

    Raises:
        InvocationError: a parameter that no library declares, or of the wrong type.
    """
    bound = dict(parameters)
    declared = content.libraries.parameters
    if COMPLETE_SEARCHES in declared:
        bound.setdefault(COMPLETE_SEARCHES, sorted(record.complete))
    if HOOK in declared and "hook" in context:
        bound.setdefault(HOOK, context["hook"])
    scope = content.libraries.scope(record, now=now, parameters=bound, budget=budget)
    # What is absent is empty; an entry of the context wins over a parameter of the same name.
    variables: dict[str, Any] = {**dict.fromkeys(declared, _NOTHING), **bound, **_ABSENT}
    references: dict[str, str] = {}
    for name in REFERENCES:
        value = context.get(name)
        reference = _reference(value)
        if reference is not None:
            references[name] = reference
            value = (
                value if isinstance(value, dict) and "resourceType" in value else record.referenced(reference)
            )
        variables[name] = [] if value is None else value
    for name in OTHER_VARIABLES:
        if name in context:
            variables[name] = context[name] or []
    return Application(scope, variables, references)


def language_of(value: Any) -> str | None:
    """The language that a ``userLanguage`` names: a code, or the first code of a CodeableConcept."""
    if isinstance(value, str):
        return value
    codings = value.get("coding", ()) if isinstance(value, dict) else ()
    return next((coding["code"] for coding in codings if "code" in coding), None)


def _reference(value: Any) -> str | None:
    """``Type/id`` of a reference text, a Reference or a resource."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    if "resourceType" in value and "id" in value:
        return f"{value['resourceType']}/{value['id']}"
    reference = value.get("reference")
    return reference if isinstance(reference, str) else None
