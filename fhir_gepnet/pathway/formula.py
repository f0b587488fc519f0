"""A formula as a plan uses it: whatever its language, one callable that takes an application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_gepnet.errors import Where
from fhir_gepnet.logic import Definition
from fhir_gepnet.logic.fhirpath.expression import Condition as CompiledCondition
from fhir_gepnet.logic.scope import Scope

Variables = Mapping[str, Any]
"""What a FHIRPath formula may name with ``%``: subject, patient, context, encounter, inputs."""

Compute = Callable[[Scope, Variables], Any]
"""Runs a formula for one application. May raise EvaluationError or BudgetExceededError."""


@dataclass(frozen=True, slots=True)
class Formula:
    """An ``Expression`` element, resolved and compiled.

    Attributes:
        text: the expression as written.
        language: as written.
        at: the author's address.
        compute: for a condition gives ``bool`` or None (null); for a dynamic value a plain
            value: a scalar, a dict, a list, or None for nothing.
        result_type: static type of the result in the names of ``fhir/model.py``
            (``System.Integer``, ``CodeableConcept``), of an item when it is a list; None when
            it is not known.
        definition: the CQL definition, or None for FHIRPath.
        resource_types: what a FHIRPath formula reads of the record; CQL says it by its retrieves.
        fhirpath: the compiled FHIRPath, for a recorder; None for CQL, and for what is evaluated on
            the definition and so reads nothing of the patient.
        own: variables that it has beside those of the application.
    """

    text: str
    language: str
    at: Where
    compute: Compute
    result_type: str | None = None
    definition: Definition | None = None
    resource_types: tuple[str, ...] = ()
    fhirpath: CompiledCondition | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
