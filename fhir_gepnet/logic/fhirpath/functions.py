"""The registry of FHIRPath functions: arity, input and parameter types, and how each becomes a form.

A chapter file (existence, filtering, …) holds one typing function per FHIRPath function; what
only computes a value from values is one row of ``simple``. The back end of ``where`` is the
builder of ``fhirpath.where``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhir_gepnet.errors import TypeMismatchError, UnsupportedFeatureError, Where
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, did_you_mean, expect, listed
from fhir_gepnet.logic.fhirpath.place import Place, types
from fhir_gepnet.logic.fhirpath.syntax import Invocation, Node
from fhir_gepnet.logic.form import ANY, Form, Type


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation, as its typing function sees it."""

    name: str
    input: Form
    nodes: tuple[Node, ...]
    place: Place
    at: Where
    alone: bool
    """Whether the function stood without an input of its own, so that ``input`` is ``$this``."""

    def argument(self, position: int) -> Form:
        """An argument that is evaluated once, where the call stands."""
        return self.place.form(self.nodes[position])

    def value(self, position: int, wanted: tuple[Type, ...]) -> Form:
        """An argument as one System value."""
        return expect(self.argument(position), wanted, f"the parameter of {self.name}()")

    def __len__(self) -> int:
        return len(self.nodes)


@dataclass(frozen=True, slots=True)
class Function:
    """``least`` to ``most`` arguments; ``typing`` makes the form."""

    name: str
    least: int
    most: int
    typing: Callable[[Call], Form]


_functions: dict[str, Function] = {}

NOT_CARRIED_OUT = {
    "memberOf": "retrieve by value set in CQL",
    "subsumes": "list the codes, or use a value set in CQL",
    "subsumedBy": "list the codes, or use a value set in CQL",
    "htmlChecks": "leave it out",
    "elementDefinition": "leave it out",
    "slice": "use where()",
    "checkModifiers": "leave it out",
    "weight": "read the extension that holds the weight",
    "defineVariable": "use where() and select() with $this",
}
"""Functions of FHIRPath or FHIR that exist, that we know and do not run; with the remedy."""


def function(
    name: str, least: int = 0, most: int | None = None
) -> Callable[[Callable[[Call], Form]], Callable[[Call], Form]]:
    """Register the typing of one FHIRPath function; ``most`` is ``least`` unless given."""

    def register(typing: Callable[[Call], Form]) -> Callable[[Call], Form]:
        if name in _functions:
            raise RuntimeError(f"two typings for {name}()")
        _functions[name] = Function(name, least, least if most is None else most, typing)
        return typing

    return register


def simple(
    name: str,
    inputs: tuple[Type, ...],
    parameters: tuple[tuple[Type, ...], ...],
    result: Type | None,
    *,
    least: int | None = None,
) -> None:
    """Register a function from System values to one System value.

    It is empty as soon as the input or an argument that was written is empty, so the back end
    (``@computes("fhirpath.name")``) never sees None.

    Args:
        name: as written in FHIRPath; the operator is ``fhirpath.<name>``.
        inputs: System types that the input may have.
        parameters: for each parameter the System types that it may have.
        result: type of the result; None: that of the input.
        least: number of parameters that must be written (default: all).
    """

    def typing(call: Call) -> Form:
        value = expect(call.input, inputs, f"the input of {name}()")
        arguments = [call.value(position, parameters[position]) for position in range(len(call))]
        kind = result if result is not None else value.type
        return Form(f"fhirpath.{name}", kind, (value, *arguments), None, call.at)

    function(name, len(parameters) if least is None else least, len(parameters))(typing)


def known_functions() -> frozenset[str]:
    """Names of all functions that can be written."""
    return frozenset(_functions)


@types(Invocation)
def type_invocation(node: Invocation, place: Place) -> Form:
    """``source.function(arguments)``"""
    at = place.at(node)
    found = _functions.get(node.function)
    if found is None:
        remedy = NOT_CARRIED_OUT.get(node.function)
        if remedy is not None:
            raise UnsupportedFeatureError(at, f"the function {node.function}() is not supported", remedy)
        raise TypeMismatchError(
            at, f"there is no function {node.function}()", did_you_mean(node.function, _functions)
        )
    count = len(node.arguments)
    if not found.least <= count <= found.most:
        wanted = sorted({found.least, found.most}) if found.most < 99 else [f"at least {found.least}"]
        raise TypeMismatchError(
            at,
            f"{node.function}() takes {listed(map(str, wanted))} argument{'s' if found.most != 1 else ''}",
            f"{count} {'is' if count == 1 else 'are'} written",
        )
    source = place.this if node.source is None else place.form(node.source)
    return found.typing(Call(node.function, source, node.arguments, place, at, alone=node.source is None))


def is_open(item: Type) -> bool:
    """Whether the static type tells nothing about the value."""
    return item in (ANY, NOTHING)
