"""Which data a pathway's formulas touch: what a service asks for, what an EHR has to send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class DataNeed:
    """One resource type that the logic reads.

    Attributes:
        resource_type: FHIR R4 type.
        categories: codes of ``category`` that suffice, sorted; None means all of the type.
    """

    resource_type: str
    categories: tuple[str, ...] | None = None


def data_needs_of(retrieved: Iterable[str], requirements: Iterable[dict[str, Any]]) -> tuple[DataNeed, ...]:
    """Put together what the logic retrieves and what the author said about it.

    A ``dataRequirement`` (of a Library, or an ``action.input``) whose codeFilter has path
    ``category`` narrows its type to those categories, unless another requirement of the type
    has no such filter. A type that is only retrieved is needed whole.

    Args:
        retrieved: resource types found in the compiled logic, in any order.
        requirements: FHIR R4 DataRequirement dicts.

    Returns:
        Patient first, the others by name.
    """
    categories: dict[str, set[str] | None] = {}
    for requirement in requirements:
        resource_type = str(requirement.get("type", ""))
        codes = _category_codes(requirement)
        if not codes:
            categories[resource_type] = None
        elif resource_type not in categories:
            categories[resource_type] = codes
        elif (known := categories[resource_type]) is not None:
            known |= codes
    types = {*retrieved, *categories} - {"Patient", ""}
    needs = []
    for resource_type in sorted(types):
        narrowed = categories.get(resource_type)
        needs.append(DataNeed(resource_type, tuple(sorted(narrowed)) if narrowed else None))
    return (DataNeed("Patient"), *needs)


def _category_codes(requirement: dict[str, Any]) -> set[str]:
    return {
        coding["code"]
        for code_filter in requirement.get("codeFilter", ())
        if code_filter.get("path") == "category"
        for coding in code_filter.get("code", ())
        if "code" in coding
    }
