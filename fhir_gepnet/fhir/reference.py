"""What a FHIR reference text names.

Source: FHIR R4 §2.3 (References): relative ``Type/id``, absolute URL ending so, ``urn:uuid:``
or ``urn:oid:`` (an entry's fullUrl), ``#id`` (contained), each but the last with ``/_history/n``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=65536)
def type_and_id(reference: str) -> tuple[str, str] | None:
    """``("Patient", "p1")`` of a relative or absolute reference; None when it names no type and id."""
    if reference.startswith(("#", "urn:")) or "?" in reference:
        return None
    parts = reference.partition("/_history/")[0].rstrip("/").split("/")
    if len(parts) < 2 or not parts[-1] or not parts[-2][:1].isupper():
        return None
    return parts[-2], parts[-1]


def contained_in(resource: Mapping[str, Any], reference: str) -> dict[str, Any] | None:
    """The contained resource that ``#id`` names; ``#`` alone names the container itself."""
    identifier = reference[1:]
    if not identifier:
        return resource if isinstance(resource, dict) else dict(resource)
    contained = resource.get("contained")
    if not isinstance(contained, list):
        return None
    return next((item for item in contained if isinstance(item, dict) and item.get("id") == identifier), None)
