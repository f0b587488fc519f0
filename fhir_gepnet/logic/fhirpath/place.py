"""What the front end knows while it types an expression: the root, ``$this``, variables, slots.

A FHIRPath form evaluates to a Python list when its type is ``ListOf``; any other type says that
there is at most one item: the form then gives the item itself, and None for the empty collection.
The front end picks the second wherever the model says that an element cannot repeat, which is
what makes navigation and comparison fast. Crossings between the two are forms of their own
(``crossings.py``).

Slots of the frame: 0 the Environment, 1 the root, then variables, then what each ``where``,
``select``, … writes for its criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from fhir_gepnet.errors import Where
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.syntax import Node
from fhir_gepnet.logic.form import ANY, FHIR, INTEGER, Form, ListOf, Named, Type

ROOT_SLOT = 1
FIRST_FREE_SLOT = 2

_Written = TypeVar("_Written", bound=Node)
Typing = Callable[[Any, "Place"], Form]

_typings: dict[type[Any], Typing] = {}


def types(
    kind: type[_Written],
) -> Callable[[Callable[[_Written, Place], Form]], Callable[[_Written, Place], Form]]:
    """Register the function that turns one kind of syntax node into a form."""

    def register(typing: Callable[[_Written, Place], Form]) -> Callable[[_Written, Place], Form]:
        _typings[kind] = typing
        return typing

    return register


@dataclass(frozen=True, slots=True)
class Root:
    """What the expression is evaluated on.

    ``type_name`` is a FHIR type, or "" for JSON of no known type. With ``record`` the root is
    the patient of a PatientRecord, and the name of a resource type stands for all resources of
    that type in the record.
    """

    type_name: str
    record: bool = False

    @property
    def type(self) -> Type:
        """Static type of ``$this`` at the root."""
        return Named(FHIR + self.type_name) if self.type_name else ANY


@dataclass(slots=True)
class Compilation:
    """State of typing one expression.

    Attributes:
        source: text and address.
        root: what the expression is evaluated on.
        variables: name -> form, for every variable that may be used.
        companions: whether navigation has to keep ``_name`` beside primitive elements. Costs time,
            so it is on only when the expression looks at extensions or ids of primitives.
        slots: how many slots the frame needs so far.
    """

    source: Source
    root: Root
    variables: Mapping[str, Form]
    companions: bool
    slots: int

    def slot(self) -> int:
        """A slot of the frame that nobody else uses."""
        self.slots += 1
        return self.slots - 1


class CompanionsNeededError(Exception):
    """Signal to start typing again with ``companions`` on; never leaves the front end."""


@dataclass(frozen=True, slots=True)
class Place:
    """What names mean at one place of the expression."""

    compilation: Compilation
    this: Form
    index: Form | None = None
    total: Form | None = None
    outer: tuple[Form, ...] = field(default=())

    def form(self, node: Node) -> Form:
        """Type one node of the syntax tree."""
        return _typings[type(node)](node, self)

    def at(self, node: Node) -> Where:
        """The address of a node."""
        return self.compilation.source.at(node.offset)

    def inside(self, item: Type, at: Where) -> tuple[Place, int, int]:
        """The place of a criterion: ``$this`` is one item; gives also the slots of $this and $index."""
        this, index = self.compilation.slot(), self.compilation.slot()
        place = replace(
            self,
            this=Form("fhirpath.slot", item, (), this, at),
            index=Form("fhirpath.slot", INTEGER, (), index, at),
        )
        return place, this, index


def item_type(form: Form) -> Type:
    """Static type of the items of a collection, or of the one item."""
    return form.type.element if isinstance(form.type, ListOf) else form.type


def is_many(form: Form) -> bool:
    """Whether the form gives a list."""
    return isinstance(form.type, ListOf)


def like(form: Form, item: Type) -> Type:
    """A type with the items given and the cardinality of a form."""
    return ListOf(item) if is_many(form) else item
