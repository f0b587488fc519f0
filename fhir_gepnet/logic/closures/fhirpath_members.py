"""Back end of FHIRPath paths whose types only the data tell: choices, any resource, children, variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.closures.fhirpath_items import Element, fhir_type_of_item
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("fhirpath.member")
def member(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: element name, on items that tell their type; gives such items."""
    (source,), name = operands, form.detail
    if isinstance(form.operands[0].type, ListOf):
        return lambda frame: [found for item in source(frame) for found in members(item, name)]

    def one(frame: Frame) -> list[Any]:
        item = source(frame)
        return [] if item is None else members(item, name)

    return one


def members(item: Any, name: str) -> list[Any]:
    """Items of an element of one item; [] when its type has no such element."""
    kind = type(item)
    holder = item.value if kind is Element else item
    type_name = fhir_type_of_item(item)
    if kind is Element and type(holder) is not dict:
        return companion_members(item, name)
    if type(holder) is not dict:
        return []
    if not type_name:
        return _untyped_members(holder, name)
    element = schema.element(type_name, name)
    if element is None:
        return []
    for key, kind_name in element.keys:
        if key in holder or "_" + key in holder:
            return items_of(holder, key, kind_name)
    return []


def items_of(holder: dict[str, Any], key: str, type_name: str) -> list[Any]:
    """Items of one JSON key of known type, each telling its type."""
    found, companions = holder.get(key), holder.get("_" + key)
    if companions is None and type(found) is not list:
        return [] if found is None else [_told(found, type_name)]
    values = found if type(found) is list else [found]
    beside = companions if type(companions) is list else [companions]
    out = []
    for position in range(max(len(values), len(beside))):
        value = values[position] if position < len(values) else None
        companion = beside[position] if position < len(beside) else None
        if value is not None or companion is not None:
            out.append(_told(value, type_name, companion))
    return out


def _told(value: Any, type_name: str, companion: Any = None) -> Any:
    if type(value) is dict and "resourceType" in value:
        return value
    return Element(value, type_name, companion)


def companion_members(item: Element, name: str) -> list[Any]:
    """``id`` and ``extension`` of a primitive; ``value`` is the primitive itself."""
    if name == "value":
        return [] if item.value is None else [item]
    companion = item.companion
    if type(companion) is not dict or name not in ("id", "extension"):
        return []
    return items_of(companion, name, "Extension" if name == "extension" else "string")


def _untyped_members(holder: dict[str, Any], name: str) -> list[Any]:
    """JSON of no known type: the key itself, or the key of a choice with a FHIR type's name at its end."""
    found = holder.get(name)
    if found is not None:
        return found if type(found) is list else [found]
    for key, value in holder.items():
        if key.startswith(name) and value is not None:
            suffix = key[len(name) :]
            for candidate in (suffix, suffix[:1].lower() + suffix[1:]):
                if suffix[:1].isupper() and schema.known(candidate):
                    return [Element(value, candidate)]
    return []


@closes("fhirpath.companion")
def companion(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: ``id`` or ``extension`` of primitives; gives plain JSON of that element's type."""
    (source,), name = operands, form.detail

    def of_item(item: Any) -> list[Any]:
        beside = item.companion if type(item) is Element else None
        found = beside.get(name) if type(beside) is dict else None
        if found is None:
            return []
        return found if type(found) is list else [found]

    if not isinstance(form.type, ListOf):

        def one(frame: Frame) -> Any:
            found = of_item(source(frame))
            return found[0] if found else None

        return one
    if isinstance(form.operands[0].type, ListOf):
        return lambda frame: [found for item in source(frame) for found in of_item(item)]
    return lambda frame: of_item(source(frame))
