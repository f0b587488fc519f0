"""Resources out of whatever holds them: a Bundle, a prefetch mapping, a list, one resource.

Source: FHIR R4 §2.36 (Bundle), CDS Hooks 2.0 (prefetch: key -> resource, Bundle or null).
Messages name keys and positions of the payload, never its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_gepnet.errors import PatientDataError

DEEPEST_BUNDLE = 8
"""A batch answer holds search Bundles; deeper nesting than this is a mistake or an attack."""

Resource = dict[str, Any]


@dataclass(slots=True)
class Gathered:
    """The resources of a payload, each once: the same type and id under several keys is the first of them.

    Attributes:
        by_type: resource type -> resources, in the order of the data; all but the Patients.
        addresses: (type, id), and the address (fullUrl) that a Bundle gives -> the first such resource.
        patients: each Patient with its address, or None.
    """

    by_type: dict[str, list[Resource]] = field(default_factory=dict)
    addresses: dict[str | tuple[str, str], Resource] = field(default_factory=dict)
    patients: list[tuple[Resource, str | None]] = field(default_factory=list)

    def add(self, resource: Resource, full_url: object) -> None:
        """Take in one resource that has a type."""
        resource_type, identifier = resource["resourceType"], resource.get("id")
        if type(identifier) is str:
            key = (resource_type, identifier)
            if key in self.addresses:
                return
            self.addresses[key] = resource
        address = full_url if isinstance(full_url, str) else None
        if address is not None:
            self.addresses.setdefault(address, resource)
        if resource_type == "Patient":
            self.patients.append((resource, address))
        else:
            self.by_type.setdefault(resource_type, []).append(resource)


def gather(data: object) -> Gathered:
    """Every resource held by ``data`` with its address, in order, Bundles opened.

    Args:
        data: a Bundle (of any or no ``type``), a mapping of prefetch key -> value, a list, one
            resource, or None. A mapping without ``resourceType`` is a prefetch. Entries that are
            null or have no resource are skipped; OperationOutcomes are not data and are skipped.

    Raises:
        PatientDataError: something that is neither resource, Bundle, list nor null; names where.
    """
    gathered = Gathered()
    _collect(data, "", 0, gathered)
    return gathered


def _collect(data: object, path: str, depth: int, into: Gathered) -> None:
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


def _collect_object(data: Mapping[str, Any], path: str, depth: int, into: Gathered) -> None:
    resource_type = data.get("resourceType")
    if resource_type == "Bundle":
        _collect_bundle(data, path or "Bundle", depth, into)
    elif isinstance(resource_type, str) and resource_type:
        if resource_type != "OperationOutcome":
            into.add(data if isinstance(data, dict) else dict(data), None)
    elif "resourceType" in data or path:
        raise PatientDataError(f"{path or 'the patient data'} has no resourceType; send FHIR resources")
    else:
        for key, value in data.items():
            if value is not None and not isinstance(value, Mapping | list | tuple):
                raise PatientDataError(f"prefetch.{key} is {_kind(value)}; send a resource, a Bundle or null")
            _collect(value, f"prefetch.{key}", depth, into)


def _collect_bundle(bundle: Mapping[str, Any], path: str, depth: int, into: Gathered) -> None:
    entries = bundle.get("entry")
    if entries is None:
        return
    if not isinstance(entries, list | tuple):
        raise PatientDataError(f"{path}.entry is {_kind(entries)}; it must be an array")
    groups, addresses = into.by_type, into.addresses
    for position, entry in enumerate(entries):
        try:
            # What ``add`` does, for one more resource of a type, without a call: there are hundreds.
            resource = entry["resource"]
            group = groups[resource["resourceType"]]
            key = (resource["resourceType"], resource["id"])
            if type(resource) is dict and type(key[1]) is str:
                if key not in addresses:
                    addresses[key] = resource
                    group.append(resource)
                    full_url = entry.get("fullUrl")
                    if type(full_url) is str and full_url not in addresses:
                        addresses[full_url] = resource
                continue
        except (KeyError, TypeError):
            pass  # the first of its type, or something else
        if entry is not None:
            _collect_entry(entry, f"{path}.entry[{position}]", depth, into)


def _collect_entry(entry: object, path: str, depth: int, into: Gathered) -> None:
    if not isinstance(entry, Mapping):
        raise PatientDataError(f"{path} is {_kind(entry)}; it must be an object")
    resource = entry.get("resource")
    if type(resource) is dict and resource.get("resourceType") not in HOLDERS:
        resource_type = resource.get("resourceType")
        if isinstance(resource_type, str) and resource_type:
            into.add(resource, entry.get("fullUrl"))
            return
    _collect(resource, f"{path}.resource", depth + 1, into)


HOLDERS = ("Bundle", "OperationOutcome")
"""Resources that are not taken as they are."""


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
