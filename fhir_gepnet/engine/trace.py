"""Why a condition came out as it did, read from the memo after the run.

While a plan is applied only the outcome of each condition is kept. The definitions that a
condition names were memoised anyway; their values are looked up when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.logic import Definition, to_plain
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.pathway.formula import Variables
from fhir_gepnet.pathway.model import Condition


@dataclass(frozen=True, slots=True)
class Application:
    """What every formula of one application sees; shared by all its decisions.

    Attributes:
        scope: record, now, parameters and memo.
        variables: what FHIRPath formulas may name with ``%``.
        references: references of the caller's context: encounter, practitioner, organization.
    """

    scope: Scope
    variables: Variables
    references: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one condition gave: a truth value (None is null), or the error that it raised."""

    value: bool | None
    error: GepnetError | None = None


@dataclass(frozen=True, slots=True)
class Referenced:
    """A definition that a condition names directly, with its plain value.

    ``value`` is None both for null and when ``evaluated`` is False, that is when the run never
    needed the definition.
    """

    library: str
    name: str
    value: Any
    evaluated: bool


@dataclass(frozen=True, slots=True)
class Because:
    """One condition and what it came to.

    Attributes:
        expression: as written in the plan.
        value: True, False, or None for null and for an error.
        verdict: ``applies``, ``does-not-apply``, ``unknown`` or ``failed``.
        references: the definitions it names directly.
        error: the error's text (never patient data), or None.
    """

    expression: str
    value: bool | None
    verdict: str
    references: tuple[Referenced, ...]
    error: str | None = None


def because_of(
    conditions: Sequence[Condition], outcomes: Sequence[Outcome], application: Application
) -> tuple[Because, ...]:
    """The trace of one action, one entry per condition."""
    return tuple(
        Because(
            condition.formula.text,
            outcome.value,
            _word(outcome),
            _references(condition.formula.definition, application.scope),
            None if outcome.error is None else str(outcome.error),
        )
        for condition, outcome in zip(conditions, outcomes, strict=True)
    )


def _word(outcome: Outcome) -> str:
    if outcome.error is not None:
        return "failed"
    return {True: "applies", False: "does-not-apply", None: "unknown"}[outcome.value]


def _references(definition: Definition | None, scope: Scope) -> tuple[Referenced, ...]:
    if definition is None:
        return ()
    return tuple(_referenced(each, scope) for each in definition.references)


def _referenced(definition: Definition, scope: Scope) -> Referenced:
    if not definition.evaluated(scope):
        return Referenced(definition.library, definition.name, None, False)
    value = to_plain(definition.evaluate(scope), definition.result_type)
    return Referenced(definition.library, definition.name, value, True)
