"""The syntax tree of a FHIRPath expression: what the parser hands to the front end.

Every node knows the offset of the character that a message about it should point at.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal as OneOf


@dataclass(frozen=True, slots=True)
class Literal:
    """``kind`` is the System type; dates and times stay text (without ``@``) until typed."""

    kind: OneOf["Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time"]
    value: bool | str | int | Decimal
    offset: int


@dataclass(frozen=True, slots=True)
class QuantityLiteral:
    """``10 'mg'`` (calendar False) or ``4 days`` (calendar True; unit as written)."""

    value: Decimal
    unit: str
    calendar: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Empty:
    """``{}``"""

    offset: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``%name``"""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Special:
    """``$this``, ``$index`` or ``$total``; ``name`` without the dollar sign."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Member:
    """``source.name``; without a source the name stands first: an element of ``$this``, or a type."""

    source: Node | None
    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """``source.function(arguments)``; without a source it is applied to ``$this``."""

    source: Node | None
    function: str
    arguments: tuple[Node, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Index:
    """``source[position]``"""

    source: Node
    position: Node
    offset: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``-operand`` or ``+operand``"""

    operator: str
    operand: Node
    offset: int


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``"""

    operator: str
    left: Node
    right: Node
    offset: int


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operand is Type`` and ``operand as Type``; ``type_name`` may carry its model: ``FHIR.Patient``."""

    operator: str
    operand: Node
    type_name: str
    offset: int


Node = (
    Literal
    | QuantityLiteral
    | Empty
    | Variable
    | Special
    | Member
    | Invocation
    | Index
    | Unary
    | Binary
    | TypeTest
)


def children_of(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order of the text."""
    match node:
        case Member(source=source):
            return () if source is None else (source,)
        case Invocation(source=source, arguments=arguments):
            return arguments if source is None else (source, *arguments)
        case Index(source=source, position=position):
            return source, position
        case Unary(operand=operand) | TypeTest(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return left, right
        case _:
            return ()
