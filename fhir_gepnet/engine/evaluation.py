"""Library/$evaluate: every define of a library, or the named ones, as Parameters (CPG)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fhir_gepnet.engine.context import application_of
from fhir_gepnet.engine.given_parameters import plain_parameters
from fhir_gepnet.engine.pathway import Pathway
from fhir_gepnet.engine.result_parameters import parameters_of
from fhir_gepnet.errors import GepnetError, InvocationError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import Definition, Library
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.pathway.library_content import identifier_of


def evaluate_library(
    pathway: Pathway,
    library: Mapping[str, Any],
    record: PatientRecord,
    *,
    now: datetime,
    parameters: Mapping[str, Any] | None = None,
    expressions: Sequence[str] = (),
) -> dict[str, Any]:
    """Evaluate a library on one patient.

    Args:
        pathway: holds the library and all that it includes.
        library: one of ``pathway.resources``.
        record: the patient's data.
        now: aware; the ``Now()`` of the logic.
        parameters: library parameters, as a FHIR Parameters resource.
        expressions: names of defines; empty means every public one.

    Returns:
        Parameters with one parameter per define in the order asked (one per element of a list). A
        define that broke is an OperationOutcome under its name, beside the others' values; null says
        that it is unknown, and is never left out.

    Raises:
        InvocationError: a library without logic, a define or parameter that is not there, a naive ``now``.
    """
    compiled = _compiled(pathway, library)
    bound = plain_parameters(parameters, pathway.libraries.parameters) if parameters else {}
    unknown = [name for name in expressions if name not in compiled.public]
    if unknown:
        raise InvocationError(f"{len(unknown)} of the expressions are no define of this library")
    scope = application_of(pathway.content, record, now, bound, {}).scope
    found: list[dict[str, Any]] = []
    for name in expressions or compiled.public:
        found += _evaluated(compiled.definition(name), scope)
    return {"resourceType": "Parameters", **({"parameter": found} if found else {})}


def _compiled(pathway: Pathway, library: Mapping[str, Any]) -> Library:
    name = identifier_of(library)
    found = pathway.libraries.get(name) if name else None
    if found is None:
        raise InvocationError("this Library holds no logic that could be evaluated")
    return found


def _evaluated(definition: Definition, scope: Scope) -> list[dict[str, Any]]:
    try:
        value = definition.evaluate(scope)
        return list(parameters_of(definition.name, value, definition.result_type))
    except GepnetError as error:
        issue = {
            "severity": "error",
            "code": "exception",
            "diagnostics": str(error),
            "expression": [definition.name],
        }
        return [{"name": definition.name, "resource": {"resourceType": "OperationOutcome", "issue": [issue]}}]
