"""Code and Concept: coded values of formulas, and how they come from FHIR JSON.

Source: CQL 1.5 §2.3 (clinical values), FHIR R4 Coding and CodeableConcept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    """One code; ``system`` None when the data name none (it then equals no code of any system)."""

    code: str
    system: str | None = None
    version: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """Codes that mean the same, with a text for people."""

    codes: tuple[Code, ...]
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A code system, or a value set whose codes nobody has looked up: what it is called, no more."""

    id: str
    version: str | None = None
    name: str | None = None


def code_of(coding: Mapping[str, Any] | None) -> Code | None:
    """A FHIR Coding as Code; None without a ``code``."""
    if not isinstance(coding, Mapping):
        return None
    code = coding.get("code")
    if not isinstance(code, str):
        return None
    return Code(code, coding.get("system"), coding.get("version"), coding.get("display"))


def concept_of(concept: Mapping[str, Any] | None) -> Concept | None:
    """A FHIR CodeableConcept as Concept (``text`` is the display); None for null.

    A concept with text only has no codes: it is known that something was said, not what.
    """
    if not isinstance(concept, Mapping):
        return None
    codings = concept.get("coding")
    codes = tuple(code for item in codings if (code := code_of(item))) if isinstance(codings, list) else ()
    return Concept(codes, concept.get("text"))


def equivalent_codes(left: Code, right: Code) -> bool:
    """CQL ``~`` on Codes: same code and system; version and display do not count (CQL 1.5, Equivalent)."""
    return left.code == right.code and left.system == right.system


def equivalent_concepts(left: Concept, right: Concept) -> bool:
    """CQL ``~`` on Concepts: any code of one is equivalent to any code of the other."""
    return any(equivalent_codes(one, other) for one in left.codes for other in right.codes)
