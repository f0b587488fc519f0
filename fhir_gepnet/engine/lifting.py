"""Contained resources of a resource that is to be contained itself: lifted out, references mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid5

from fhir_gepnet.engine.identity import NAMESPACE


def lifted(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The resource without its contained ones, then these, under ids of their own.

    Ids of contained resources are unique within their holder only, so two holders could clash in the
    CarePlan. ``resource`` belongs to the caller and is not changed.
    """
    inner = resource.get("contained")
    if not inner:
        return [resource]
    names = {each["id"]: str(uuid5(NAMESPACE, f"{resource['id']}#{each['id']}")) for each in inner}
    addresses = {f"#{old}": f"#{new}" for old, new in names.items()}
    outer = {name: value for name, value in resource.items() if name != "contained"}
    return [
        _renamed(outer, addresses),
        *({**_renamed(each, addresses), "id": names[each["id"]]} for each in inner),
    ]


def _renamed(value: Any, addresses: Mapping[str, str]) -> Any:
    """A copy with every ``#id`` replaced, whatever element holds it (reference, canonical, uri)."""
    if isinstance(value, dict):
        return {name: _renamed(each, addresses) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, addresses) for each in value]
    return addresses.get(value, value) if isinstance(value, str) else value
