"""Coded look-ups by path: which resources of a type carry a coding at the end of a path through their JSON.

``PatientRecord.index`` is lenient with shapes, as retrieves of CQL are. This index is for callers
who have promised to behave as a walk through the JSON would, errors included: it exists only
where such a walk meets nothing that has another shape than FHIR R4 gives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

Resource = dict[str, Any]


class PathStep(NamedTuple):
    """One JSON key on the way: whether its value is a list, and whether it holds JSON scalars."""

    key: str
    many: bool
    primitive: bool = False


Path = tuple[PathStep, ...]
PathIndex = dict[tuple[str | None, str], list[Resource]]
"""(system, code) -> resources; (None, code) -> resources with that code in whatever system, or in none."""


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A question for the resources of one type; compared by identity, made while compiling.

    Attributes:
        resource_type: ``Observation``.
        path: from the resource to its Codings.
        system: None asks for the code in any system and without one.
        code: the code.
        walked: other paths that the asker would have walked in every resource of the type.
    """

    resource_type: str
    path: Path
    system: str | None
    code: str
    walked: tuple[Path, ...] = ()


def index_of_path(resources: Iterable[Resource], path: Path) -> PathIndex | None:
    """The index of a path, each resource once under each key; None where a walk would break.

    A coding that is null, or whose code is no text, matches nothing.
    """
    index: PathIndex = {}
    for resource in resources:
        codings = _walked(resource, path)
        if codings is None:
            return None
        for coding in codings:
            if coding is None:
                continue
            if type(coding) is not dict:
                return None
            system, code = coding.get("system"), coding.get("code")
            if type(code) is not str:
                continue
            for key in ((None, code), (system, code)) if type(system) is str else ((None, code),):
                holders = index.setdefault(key, [])
                if not holders or holders[-1] is not resource:
                    holders.append(resource)
    return index


def is_walkable(resources: Iterable[Resource], path: Path) -> bool:
    """Whether a walk along a path breaks in none of the resources."""
    return all(_walked(resource, path) is not None for resource in resources)


def _walked(resource: Resource, path: Path) -> list[Any] | None:
    """What stands at the end of a path, nulls of lists included; None where a walk would break."""
    items: list[Any] = [resource]
    for key, many, primitive in path:
        found: list[Any] = []
        for item in items:
            if type(item) is not dict:
                return None
            value = item.get(key)
            if many:
                # Arrays of scalars with a companion array have rules of their own: not indexed.
                if primitive and item.get("_" + key) is not None:
                    return None
                if value is not None:
                    if type(value) is not list:
                        return None
                    found += value
            elif value is not None:
                if primitive and type(value) in (list, dict):
                    return None
                found.append(value)
        items = found
    return items
