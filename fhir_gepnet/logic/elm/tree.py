"""ELM operators Children and Descendents: everything below a value, told by type.

Source: ELM r1 schema, "Children" and "Descendents". CQL writes them as ``x.children()`` and
``x.descendents()``.
"""

from __future__ import annotations

from fhir_gepnet.logic.elm.reader import Reading, builds, is_null, literal, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import ANY, Form, ListOf


@builds("Children", "Descendents")
def below(node: Node, reading: Reading) -> Form:
    """The values of all elements of a value, for Descendents theirs too. Detail: the value's type."""
    at = reading.at(node)
    source = reading.read(node["source"]) if node.get("source") else operands_of(node, reading)[0]
    if is_null(source):
        return literal(None, ListOf(ANY), at)
    return Form(f"elm.{node['type']}", ListOf(ANY), (source,), source.type, at)
