"""Choice elements (``value[x]``) of a resource's JSON: which type is there.

Source: FHIR R4 §2.6.3 (JSON: the type is part of the key).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fhir_gepnet.fhir.model import choice_keys


class Choice(NamedTuple):
    """The value of a choice element with the type that its key names."""

    value: Any
    type_name: str


def chosen(holder: Mapping[str, Any], type_name: str, element: str) -> Choice | None:
    """What a choice element holds, None when it is absent.

    Args:
        holder: JSON of a resource or element.
        type_name: its type: ``Observation``, ``Observation.Component``.
        element: name without ``[x]``: ``value``.
    """
    for key, name in choice_keys(type_name, element):
        value = holder.get(key)
        if value is not None:
            return Choice(value, name)
    return None
