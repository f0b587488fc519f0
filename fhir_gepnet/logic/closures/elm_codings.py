"""CodeableConcepts compared with constant codes, without making a Concept of each."""

from __future__ import annotations

from typing import Any

from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.terminology.value_set import ValueSet


def coded_as(source: Evaluate, keys: frozenset[tuple[str, str]]) -> Evaluate:
    """``concept ~ constant``: whether a coding has one of these (system or "", code); false of null."""

    def run(frame: Frame) -> Any:
        concept = source(frame)
        if concept is None:
            return False
        for coding in concept.get("coding") or ():
            code = coding.get("code")
            if code is not None and (coding.get("system") or "", code) in keys:
                return True
        return False

    return run


def coded_in(source: Evaluate, value_set: ValueSet) -> Evaluate:
    """``concept in value set``: as ``ValueSet.has_any`` of its codings; false of null."""
    codes, any_system = value_set.codes, value_set.any_system

    def run(frame: Frame) -> Any:
        concept = source(frame)
        if concept is None:
            return False
        answer: bool | None = False
        for coding in concept.get("coding") or ():
            code, system = coding.get("code"), coding.get("system")
            if (system, code) in codes and system is not None:
                return True
            if system is None and code in any_system:
                answer = None
        return answer

    return run
