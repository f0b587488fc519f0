"""``_summary`` and ``_elements``: a part of a resource, marked as such.

Source: FHIR R4 §3.1.1.5.8 and §3.1.1.5.9. The tables are the elements that the specification marks with Σ;
a test compares them with ``fhir.resources``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# fmt: off
CANONICAL = frozenset({
    "resourceType", "id", "meta", "implicitRules", "url", "identifier", "version", "name", "title", "status",
    "experimental", "date", "publisher", "contact", "useContext", "jurisdiction",
})
OF_CODES = frozenset({
    "caseSensitive", "valueSet", "hierarchyMeaning", "compositional", "versionNeeded", "content",
    "supplements", "count", "filter", "property",
})
# fmt: on
SUMMARY: Mapping[str, frozenset[str]] = {
    "ActivityDefinition": CANONICAL | {"description", "effectivePeriod", "kind", "code", "doNotPerform"},
    "CodeSystem": CANONICAL | OF_CODES,
    "Library": CANONICAL | {"description", "effectivePeriod", "type", "content"},
    "PlanDefinition": CANONICAL | {"description", "effectivePeriod", "type"},
    "Questionnaire": CANONICAL | {"effectivePeriod", "subjectType", "code"},
    "ValueSet": CANONICAL | {"immutable"},
}
"""The types that are served, with the elements of their summary."""
ALWAYS = frozenset({"resourceType", "id", "meta", "status", "kind", "type", "content"})
"""Kept whatever is asked: mandatory elements, and what says which resource it is."""
SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
SUMMARIES_OF_A_READ = frozenset({"_summary", "_elements"})
TEXT = frozenset({"resourceType", "id", "meta", "text", "status"})


def part_of(resource: dict[str, Any], summary: str, elements: frozenset[str]) -> dict[str, Any]:
    """A resource as the request wants it; the resource itself is not changed.

    Args:
        resource: of a type in ``SUMMARY``.
        summary: ``true``, ``text``, ``data`` or ``false``; ``count`` has no resources.
        elements: names of ``_elements``; empty means all.
    """
    if elements:
        return _only(resource, elements | _mandatory(resource))
    if summary == "true":
        return _only(resource, SUMMARY[resource["resourceType"]])
    if summary == "text":
        return _only(resource, TEXT | _mandatory(resource))
    if summary == "data":
        return _only(resource, frozenset(resource) - {"text"})
    return resource


def _mandatory(resource: dict[str, Any]) -> frozenset[str]:
    # A CodeSystem's content is a code without which it is not valid; a Library's is its logic.
    return ALWAYS - {"content"} if resource["resourceType"] == "Library" else ALWAYS


def _only(resource: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    # An element's extensions stand beside it under its name with an underscore.
    part = {name: value for name, value in resource.items() if name.removeprefix("_") in names}
    meta = part.get("meta", {})
    part["meta"] = meta | {"tag": [*meta.get("tag", ()), SUBSETTED]}
    return part
