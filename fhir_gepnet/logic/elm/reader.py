"""The ELM front end: one JSON node -> one typed form.

Every node kind has one function, registered with ``@builds("And")`` in the file of its chapter.
A reading knows where in the library it is: which names are visible, which slots of the frame
they have, and which define it is in (for messages).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where
from fhir_gepnet.logic.definitions import FAILURES
from fhir_gepnet.logic.elm.arity import ARITY
from fhir_gepnet.logic.elm.type_specifiers import (
    Node,
    is_kind_of,
    joined,
    read_type,
    result_type,
    type_key,
)
from fhir_gepnet.logic.form import ANY, DECIMAL, INTEGER, LONG, ChoiceOf, Form, IntervalOf, ListOf, Type

if TYPE_CHECKING:
    from fhir_gepnet.logic.linking import Linking
    from fhir_gepnet.logic.sources import LibrarySource

Read = Callable[[Node, "Reading"], Form]

_readers: dict[str, Read] = {}


def builds(*kinds: str) -> Callable[[Read], Read]:
    """Register the reader of one or more node kinds; a second claim is a bug."""

    def register(read: Read) -> Read:
        for kind in kinds:
            if kind in _readers:
                raise RuntimeError(f"two readers for {kind}")
            _readers[kind] = read
        return read

    return register


def supported_nodes() -> frozenset[str]:
    """All ELM node kinds that this front end reads."""
    return frozenset(_readers)


@dataclass(frozen=True, slots=True)
class Binding:
    """A name inside a define: an alias, let, operand or ``$this``; with its slot and type."""

    slot: int
    type: Type


@dataclass(slots=True)
class Layout:
    """How many slots the frame of one define or function needs; slot 0 is the scope."""

    size: int = 1

    def allocate(self) -> int:
        """A slot of its own for one more name."""
        self.size += 1
        return self.size - 1


@dataclass(slots=True)
class Reading:
    """Where the front end is.

    Attributes:
        library: the library being read.
        linking: everything that other definitions and libraries offer.
        definition: name of the define or function, for messages.
        layout: frame of the define.
        names: visible aliases, lets and operands.
        implicit: what bare identifiers belong to (the item inside ``sort by``).
        references: definition slots that this define refers to directly, in reading order.
        unfiltered: whether the define is in context Unfiltered, about all patients.
    """

    library: LibrarySource
    linking: Linking
    definition: str
    layout: Layout = field(default_factory=Layout)
    names: dict[str, Binding] = field(default_factory=dict)
    implicit: Binding | None = None
    references: dict[int, None] = field(default_factory=dict)
    unfiltered: bool = False

    def at(self, node: Node) -> Where:
        """The author's address of a node: library, locator or local id, define."""
        element = node.get("locator") or (f"node {node['localId']}" if "localId" in node else "")
        return Where(self.library.title, element, self.definition, 0, str(node.get("localId", "")))

    def within(self, names: dict[str, Binding] | None = None, implicit: Binding | None = None) -> Reading:
        """The same place with further names visible; slots and references stay shared."""
        return Reading(
            self.library,
            self.linking,
            self.definition,
            self.layout,
            {**self.names, **(names or {})},
            implicit or self.implicit,
            self.references,
            self.unfiltered,
        )

    def bind(self, of: Type) -> Binding:
        """A new slot for a name of a type."""
        return Binding(self.layout.allocate(), of)

    def read(self, node: Node) -> Form:
        """The form of a node.

        Raises:
            UnsupportedFeatureError: a node kind without a reader; never a silent null.
            ArtifactError: the JSON has not the shape of such a node.
        """
        if not isinstance(node, dict):
            raise ArtifactError(
                self.at({}), "an ELM node is a JSON object; here is none", "translate the CQL again"
            )
        kind = node.get("type")
        read = _readers.get(kind) if isinstance(kind, str) else None
        if read is None:
            raise UnsupportedFeatureError(
                self.at(node), f"ELM node {kind} is not supported", "rewrite the expression without it"
            )
        with elm_of_r1(self.at(node)):
            return read(node, self)

    def named(self, name: str, at: Where) -> Form:
        """A visible alias, let or operand. Detail of the form: its slot.

        Raises:
            ArtifactError: no such name is visible here.
        """
        binding = self.names.get(name)
        if binding is None:
            problem = f"no alias, let or operand is called {name} here"
            raise ArtifactError(at, problem, "translate the CQL again")
        return Form("elm.SlotRef", binding.type, (), binding.slot, at)

    def type_of(self, node: Node, inferred: Type = ANY) -> Type:
        """The type that the translator wrote on the node, else what the reader inferred."""
        return result_type(node, self.at(node)) or inferred

    def named_type(self, node: Node, name: str) -> Type:
        """A type argument: ``asType`` beside ``asTypeSpecifier`` and the like."""
        specifier = node.get(f"{name}Specifier")
        if specifier:
            return read_type(specifier, self.at(node))
        named = node.get(name)
        if named:
            return read_type(named, self.at(node))
        raise ArtifactError(self.at(node), f"{node['type']} names no type", "translate the CQL again")


@contextmanager
def elm_of_r1(at: Where) -> Iterator[None]:
    """Say where it is when JSON of another shape than ELM R1's breaks what reads it.

    Raises:
        ArtifactError: instead of what Python raised, which is its cause.
    """
    try:
        yield
    except FAILURES as error:
        problem = f"this is not ELM R1 (reading it ended in {type(error).__name__}: {error})"
        raise ArtifactError(at, problem, "translate the CQL again") from error


def operand_nodes(node: Node) -> list[Node]:
    """Operands of a unary, binary or n-ary node, always as a list."""
    operand = node.get("operand")
    if operand is None:
        return []
    return operand if isinstance(operand, list) else [operand]


def counted_operands(node: Node, reading: Reading) -> list[Node]:
    """Operand nodes, as many as ELM R1 gives such a node.

    Raises:
        ArtifactError: more or fewer.
    """
    nodes, wanted = operand_nodes(node), ARITY.get(node["type"])
    if wanted is not None and len(nodes) != wanted:
        problem = f"{node['type']} has {len(nodes)} operand{'s' if len(nodes) != 1 else ''}, not {wanted}"
        raise ArtifactError(reading.at(node), problem, "translate the CQL again")
    return nodes


def operands_of(node: Node, reading: Reading) -> tuple[Form, ...]:
    """Operands of a unary, binary or n-ary node, read; as many as it has to have."""
    return tuple(reading.read(operand) for operand in counted_operands(node, reading))


def literal(value: Any, of: Type, at: Where) -> Form:
    """A constant."""
    return Form("elm.Literal", of, (), value, at)


def is_null(form: Form) -> bool:
    """Whether a form is the constant null."""
    return form.operator == "elm.Literal" and form.detail is None


def fit(form: Form, target: Type) -> Form:
    """A form as a value of ``target``, where ELM leaves the step unsaid.

    Only changes of representation: a value becomes one of a choice, an Integer a Decimal, and
    lists and intervals of them likewise. Everything else is left as it is.
    """
    if form.type == target or target == ANY:
        return form
    if is_null(form):
        return Form(form.operator, target, (), None, form.at)
    if isinstance(target, ChoiceOf):
        if isinstance(form.type, ChoiceOf) or form.type == ANY:
            return Form("elm.ToChoice", target, (form,), None, form.at)
        # A subtype (Age) goes under the choice that it is a kind of (Quantity).
        exact = [choice for choice in target.choices if choice == form.type]
        kinds = [choice for choice in target.choices if is_kind_of(form.type, choice)]
        return Form("elm.ToChoice", target, (form,), type_key((exact or kinds or [form.type])[0]), form.at)
    if target == DECIMAL and form.type in (INTEGER, LONG):
        return Form("elm.ToDecimal", DECIMAL, (form,), None, form.at)
    of = form.type
    if isinstance(target, ListOf) and isinstance(of, ListOf) and _differs(of.element, target.element):
        return Form("elm.ToListOf", target, (form,), None, form.at)
    if isinstance(target, IntervalOf) and isinstance(of, IntervalOf) and _differs(of.point, target.point):
        return Form("elm.ToIntervalOf", target, (form,), None, form.at)
    return form


def _differs(of: Type, target: Type) -> bool:
    """Whether an element must change its representation to become one of ``target``."""
    if isinstance(target, ChoiceOf):
        return not isinstance(of, ChoiceOf) and of != ANY
    return of != target and target == DECIMAL and of in (INTEGER, LONG)


def fit_all(forms: Iterable[Form], target: Type) -> tuple[Form, ...]:
    """Every form as a value of ``target``."""
    return tuple(fit(form, target) for form in forms)


def unify(node: Node, reading: Reading, forms: list[Form]) -> tuple[Type, tuple[Form, ...]]:
    """The common type of several branches, and the branches as values of it."""
    of = reading.type_of(node, ANY)
    if of == ANY:
        of = joined([form.type for form in forms])
    return of, fit_all(forms, of)


def subtype_fits(of: Type, target: Type) -> bool:
    """Whether an argument of type ``of`` may be handed to an operand of type ``target``."""
    return of == ANY or is_kind_of(of, target)
