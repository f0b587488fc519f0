"""Resources out of whatever holds them: a Bundle, a prefetch mapping, a list, one resource.

Source: FHIR R4 §2.36 (Bundle), CDS Hooks 2.0 (prefetch: key -> resource, Bundle or null).
Messages name keys and positions of the payload, never its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_gepnet.errors import PatientDataError

DEEPEST_BUNDLE = 8
"""A batch answer holds search Bundles; deeper nesting than this is a mistake or an attack."""

Entry = tuple[dict[str, Any], str | None]
"""One resource with the address (fullUrl) that its Bundle gives it; a plain tuple, because there are many."""


def entries_of(data: object) -> list[Entry]:
    """Every resource held by ``data`` with its address, in order, Bundles opened.

    Args:
        data: a Bundle (of any or no ``type``), a mapping of prefetch key -> value, a list, one
            resource, or None. A mapping without ``resourceType`` is a prefetch. Entries that are
            null or have no resource are skipped; OperationOutcomes are not data and are skipped.

    Raises:
        PatientDataError: something that is neither resource, Bundle, list nor null; names where.
    """
    entries: list[Entry] = []
    _collect(data, "", 0, entries)
    return entries


def _collect(data: object, path: str, depth: int, into: list[Entry]) -> None:
    if data is None:
        return
    if depth > DEEPEST_BUNDLE:
        raise PatientDataError(f"{path or 'the patient data'} nests Bundles too deeply; send flat Bundles")
    if isinstance(data, Mapping):
        _collect_object(data, path, depth, into)
    elif isinstance(data, list | tuple):
        for position, item in enumerate(data):
            _collect(item, f"{path}[{position}]", depth + 1, into)
    else:
        raise PatientDataError(
            f"{path or 'the patient data'} is {_kind(data)}; send FHIR resources (objects)"
        )


def _collect_object(data: Mapping[str, Any], path: str, depth: int, into: list[Entry]) -> None:
    resource_type = data.get("resourceType")
    if resource_type == "Bundle":
        _collect_bundle(data, path or "Bundle", depth, into)
    elif isinstance(resource_type, str) and resource_type:
        if resource_type != "OperationOutcome":
            into.append((data if isinstance(data, dict) else dict(data), None))
    elif "resourceType" in data or path:
        raise PatientDataError(f"{path or 'the patient data'} has no resourceType; send FHIR resources")
    else:
        for key, value in data.items():
            if value is not None and not isinstance(value, Mapping | list | tuple):
                raise PatientDataError(f"prefetch.{key} is {_kind(value)}; send a resource, a Bundle or null")
            _collect(value, f"prefetch.{key}", depth, into)


def _collect_bundle(bundle: Mapping[str, Any], path: str, depth: int, into: list[Entry]) -> None:
    entries = bundle.get("entry")
    if entries is None:
        return
    if not isinstance(entries, list | tuple):
        raise PatientDataError(f"{path}.entry is {_kind(entries)}; it must be an array")
    for position, entry in enumerate(entries):
        if entry is None:
            continue
        if type(entry) is not dict and not isinstance(entry, Mapping):
            raise PatientDataError(f"{path}.entry[{position}] is {_kind(entry)}; it must be an object")
        resource = entry.get("resource")
        if type(resource) is dict:
            # The common case without another call: one resource with its address.
            resource_type = resource.get("resourceType")
            if type(resource_type) is str and resource_type and resource_type != "Bundle":
                if resource_type != "OperationOutcome":
                    full_url = entry.get("fullUrl")
                    into.append((resource, full_url if type(full_url) is str else None))
                continue
        _collect(resource, f"{path}.entry[{position}].resource", depth + 1, into)


def outcome_in(value: object) -> dict[str, Any] | None:
    """The first OperationOutcome that is, or is held by, a resource, a Bundle or a list; else None.

    A prefetch value or search answer with one is not complete: the sender says that something
    went wrong, or was left out.
    """
    if isinstance(value, Mapping):
        resource_type = value.get("resourceType")
        if resource_type == "OperationOutcome":
            return dict(value)
        if resource_type != "Bundle":
            return None
        entries = value.get("entry")
        held = entries if isinstance(entries, list) else []
        held = [entry.get("resource") for entry in held if isinstance(entry, Mapping)]
    elif isinstance(value, list | tuple):
        held = list(value)
    else:
        return None
    return next((found for item in held if (found := outcome_in(item)) is not None), None)


def has_next_link(value: object) -> bool:
    """Whether a Bundle says that more pages follow (``link`` with relation ``next``)."""
    if not isinstance(value, Mapping):
        return False
    links = value.get("link")
    if not isinstance(links, list | tuple):
        return False
    return any(isinstance(link, Mapping) and link.get("relation") == "next" for link in links)


def _kind(value: object) -> str:
    """JSON's name of what was found, so that a message shows no content."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    return "null" if value is None else "a number"
