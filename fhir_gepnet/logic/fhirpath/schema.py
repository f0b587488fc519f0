"""The FHIR R4 model as FHIRPath names it: a required binding is ``code``, an ``id`` a ``string``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from fhir_gepnet.fhir import model

OPEN_TYPES = frozenset(("Resource", "DomainResource", "Element", "BackboneElement"))
"""Abstract types: only the value tells which elements there are."""

# Profiles that the model info lists as types; their data say Quantity.
_PROFILES = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
_OF_SYSTEM = {"System.String": "string", "System.Boolean": "boolean", "System.Integer": "integer"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: ``keys`` are its JSON key and type, several for a choice."""

    name: str
    many: bool
    choice: bool
    keys: tuple[tuple[str, str], ...]


def known(name: str) -> bool:
    """Whether a name can be written as a FHIR type."""
    return model.type_info(name) is not None and _name_of(name) == name


@lru_cache(maxsize=4096)
def _name_of(type_name: str) -> str:
    """The FHIRPath name of a model type."""
    name = _OF_SYSTEM.get(type_name) or _PROFILES.get(type_name, type_name)
    return name if "." in name else model.fhir_type(name)


@lru_cache(maxsize=1)
def type_names() -> frozenset[str]:
    """All FHIR types that can be written."""
    return frozenset(name for name in model.type_names() if known(name))


@lru_cache(maxsize=8192)
def element(type_name: str, name: str) -> Element | None:
    """An element of a type by its model name; None when there is none."""
    found = model.element(type_name, name)
    if found is None:
        return None
    keys = tuple((key, _name_of(kind)) for key, kind in found.json_keys)
    return Element(name, found.is_list, found.is_choice, keys)


def names(type_name: str) -> list[str]:
    """Names of the elements of a type."""
    info = model.type_info(type_name)
    return [] if info is None else list(info.elements)


@lru_cache(maxsize=4096)
def element_of_key(type_name: str, key: str) -> tuple[Element, str] | None:
    """The element and the type that a JSON key of a type stands for."""
    plain = element(type_name, key)
    if plain is not None and not plain.choice:
        return plain, plain.keys[0][1]
    for name in names(type_name):
        found = element(type_name, name)
        if found is not None and found.choice:
            for written, kind in found.keys:
                if written == key:
                    return found, kind
    return None


def choice_of_key(type_name: str, key: str) -> tuple[str, str] | None:
    """(``value``, ``Quantity``) for the JSON key ``valueQuantity`` of a choice element."""
    found = element_of_key(type_name, key)
    return (found[0].name, found[1]) if found is not None and found[0].choice else None


def is_primitive(type_name: str) -> bool:
    """Whether JSON has a scalar for this type."""
    return model.is_primitive(type_name)


@lru_cache(maxsize=4096)
def is_subtype(type_name: str, ancestor: str) -> bool:
    """Whether a type is, or specialises, another."""
    return bool(type_name) and model.is_subtype(type_name, ancestor)


def is_resource(type_name: str) -> bool:
    """Whether a type is Resource or specialises it."""
    return is_subtype(type_name, "Resource")


@lru_cache(maxsize=1024)
def subtypes(type_name: str) -> frozenset[str]:
    """A type with all that specialise it."""
    return frozenset(name for name in model.type_names() if model.is_subtype(name, type_name))
