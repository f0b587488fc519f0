"""CodeableConcepts compared with constant codes, without making a Concept of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_gepnet.logic.scope import Evaluate
from fhir_gepnet.terminology.value_set import ValueSet


def coded_as(source: Evaluate, keys: frozenset[tuple[str, str]]) -> Evaluate:
    """``concept ~ constant``: whether a coding has one of these (system or "", code); false of null."""
    has = has_code(keys)
    return lambda frame: has(source(frame))


def has_code(keys: frozenset[tuple[str, str]]) -> Callable[[Any], bool]:
    """The test of a CodeableConcept, or null, for one of these codes."""

    def has(concept: Any) -> bool:
        if concept is None:
            return False
        for coding in concept.get("coding") or ():
            code = coding.get("code")
            if code is not None and (coding.get("system") or "", code) in keys:
                return True
        return False

    return has


def coded_in(source: Evaluate, value_set: ValueSet) -> Evaluate:
    """``concept in value set``: as ``ValueSet.has_any`` of its codings; false of null."""
    has = has_code_in(value_set)
    return lambda frame: has(source(frame))


def has_code_in(value_set: ValueSet) -> Callable[[Any], bool | None]:
    """The test of a CodeableConcept, or null, for membership in a value set."""
    codes, any_system = value_set.codes, value_set.any_system

    def has(concept: Any) -> bool | None:
        if concept is None:
            return False
        answer: bool | None = False
        for coding in concept.get("coding") or ():
            system = coding.get("system")
            if system is None:
                if coding.get("code") in any_system:
                    answer = None
            elif (system, coding.get("code")) in codes:
                return True
        return answer

    return has
