"""Types as ELM writes them, and what one type may stand for another.

ELM names a type in three shapes: ``"{uri}Name"`` (resultTypeName, asType), a type specifier
object (resultTypeSpecifier, asTypeSpecifier), and, in old translations, an object with only
``name``.
"""

from __future__ import annotations

from typing import Any

from fhir_gepnet.errors import UnsupportedFeatureError, Where
from fhir_gepnet.fhir.model import is_subtype
from fhir_gepnet.logic.form import (
    ANY,
    CODE_SYSTEM,
    DECIMAL,
    FHIR,
    INTEGER,
    LONG,
    SYSTEM,
    VALUE_SET,
    VOCABULARY,
    ChoiceOf,
    IntervalOf,
    ListOf,
    Named,
    TupleOf,
    Type,
)

Node = dict[str, Any]


def read_type(specifier: Node | str, at: Where) -> Type:
    """A type from a qualified name or a type specifier.

    Raises:
        UnsupportedFeatureError: a kind of type specifier that ELM R1 does not have.
    """
    if isinstance(specifier, str):
        return Named(specifier)
    kind = specifier.get("type", "NamedTypeSpecifier")
    if kind == "NamedTypeSpecifier":
        return _named(specifier["name"], at)
    if kind == "ListTypeSpecifier":
        return ListOf(read_type(specifier["elementType"], at))
    if kind == "IntervalTypeSpecifier":
        return IntervalOf(read_type(specifier["pointType"], at))
    if kind == "ChoiceTypeSpecifier":
        # translators before 2.0 called the list "type"
        choices = specifier.get("choice") or specifier["type"]
        return ChoiceOf(tuple(read_type(choice, at) for choice in choices))
    if kind == "TupleTypeSpecifier":
        return TupleOf(
            tuple(
                (element["name"], read_type(element.get("elementType") or element["type"], at))
                for element in specifier["element"]
            )
        )
    raise UnsupportedFeatureError(at, f"{kind} is not a type of ELM R1", "translate the CQL again")


def _named(name: object, at: Where) -> Named:
    if not isinstance(name, str):
        raise UnsupportedFeatureError(at, "the name of a type is no text", "translate the CQL again")
    return Named(name)


def result_type(node: Node, at: Where) -> Type | None:
    """The type that the translator wrote on a node, None when it wrote none."""
    named = node.get("resultTypeName")
    if named:
        return _named(named, at)
    specifier = node.get("resultTypeSpecifier")
    # The literal `null` carries Any: that says nothing.
    return read_type(specifier, at) if specifier else None


def type_key(of: Type) -> str:
    """How ``Chosen.type_name`` calls a type: the qualified name, or the written form of a generic."""
    return of.name if isinstance(of, Named) else str(of)


def is_system(of: Type) -> bool:
    """Whether this is a named type of CQL itself."""
    return isinstance(of, Named) and of.name.startswith(SYSTEM)


def element_type(of: Type) -> Type:
    """Element type of a list type; Any when it is not known."""
    return of.element if isinstance(of, ListOf) else ANY


def point_type(of: Type) -> Type:
    """Point type of an interval type; Any when it is not known."""
    return of.point if isinstance(of, IntervalOf) else ANY


def is_kind_of(of: Type, target: Type) -> bool:
    """Whether every value of type ``of`` is a value of ``target``, without any conversion."""
    if of == target or target == ANY:
        return True
    if isinstance(of, Named) and isinstance(target, Named):
        if target == VOCABULARY:
            return of in (VALUE_SET, CODE_SYSTEM)
        return (
            of.name.startswith(FHIR)
            and target.name.startswith(FHIR)
            and is_subtype(of.name.removeprefix(FHIR), target.name.removeprefix(FHIR))
        )
    if isinstance(target, ChoiceOf):
        members = of.choices if isinstance(of, ChoiceOf) else (of,)
        return all(any(is_kind_of(member, choice) for choice in target.choices) for member in members)
    if isinstance(of, ListOf) and isinstance(target, ListOf):
        return is_kind_of(of.element, target.element)
    if isinstance(of, IntervalOf) and isinstance(target, IntervalOf):
        return is_kind_of(of.point, target.point)
    if isinstance(of, TupleOf) and isinstance(target, TupleOf):
        wanted = dict(target.elements)
        return of.elements == target.elements or (
            {name for name, _ in of.elements} == set(wanted)
            and all(is_kind_of(member, wanted[name]) for name, member in of.elements)
        )
    return False


_WIDTH: dict[Type, int] = {INTEGER: 0, LONG: 1, DECIMAL: 2}


def joined(types: list[Type]) -> Type:
    """The one type that fits all of several branches or elements.

    Any (an untyped null) gives way to every other type; unlike types make a choice.
    """
    distinct: list[Type] = []
    for of in types:
        for member in of.choices if isinstance(of, ChoiceOf) else (of,):
            if member != ANY and member not in distinct:
                distinct.append(member)
    if not distinct:
        return ANY
    kept = [of for of in distinct if not any(of != other and is_kind_of(of, other) for other in distinct)]
    if len(kept) == 1:
        return kept[0]
    if all(of in _WIDTH for of in kept):
        return max(kept, key=lambda of: _WIDTH[of])
    return ChoiceOf(tuple(kept))
