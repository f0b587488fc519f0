"""What an expression needs, read from its syntax tree: resource types, names that stand first."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.syntax import Invocation, Member, Node, TypeTest, children_of


def nodes_of(tree: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield tree
    for child in children_of(tree):
        yield from nodes_of(child)


_NAMING = ("ofType", "as", "is")


def first_names(tree: Node) -> list[str]:
    """Names without a source, outside of type arguments: ``Patient`` in ``Patient.name``."""
    if isinstance(tree, Invocation) and tree.function in _NAMING:
        return [] if tree.source is None else first_names(tree.source)
    if isinstance(tree, Member) and tree.source is None:
        return [tree.name]
    return [name for child in children_of(tree) for name in first_names(child)]


def types_read(tree: Node) -> frozenset[str]:
    """Resource types named first or in ofType(), is and as; ``Patient`` for elements that stand first."""
    found: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, TypeTest):
            found.add(node.type_name.removeprefix("FHIR."))
        elif isinstance(node, Invocation) and node.function in _NAMING and len(node.arguments) == 1:
            argument = node.arguments[0]
            if isinstance(argument, Member):
                found.add(argument.name)
    for name in first_names(tree):
        found.add(name)
        if not name[:1].isupper() and schema.element("Patient", name) is not None:
            found.add("Patient")
    return frozenset(name for name in found if schema.known(name) and schema.is_resource(name))
