"""ELM chapters Reusing Logic and Libraries: references to names, definitions and functions."""

from __future__ import annotations

from fhir_gepnet.errors import UnresolvedReferenceError
from fhir_gepnet.logic.elm.conversions import native_conversion
from fhir_gepnet.logic.elm.properties import element_form
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, read_type
from fhir_gepnet.logic.form import ANY, Form


@builds("AliasRef", "QueryLetRef", "OperandRef")
def named(node: Node, reading: Reading) -> Form:
    """A query alias, a let or a function operand: a slot of the frame."""
    return reading.named(node["name"], reading.at(node))


@builds("IdentifierRef")
def identifier(node: Node, reading: Reading) -> Form:
    """A bare identifier: a visible name, else an element of the item being sorted."""
    at = reading.at(node)
    name = node["name"]
    if name in reading.names:
        return reading.named(name, at)
    implicit = reading.implicit
    if implicit is None:
        raise UnresolvedReferenceError(at, f"nothing is called {name} here", "translate the CQL again")
    return element_form(Form("elm.SlotRef", implicit.type, (), implicit.slot, at), name, reading, at)


@builds("ExpressionRef")
def expression(node: Node, reading: Reading) -> Form:
    """Another definition, of this library or an included one; memoised per application.

    Detail: its number in the program.
    """
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    slot, of = reading.linking.definition(library, node["name"], at, reading.unfiltered)
    reading.references[slot] = None
    return Form("elm.ExpressionRef", of, (), slot, at)


@builds("ParameterRef")
def parameter(node: Node, reading: Reading) -> Form:
    """A library parameter. Detail: its key in ``scope.parameters``."""
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    key, of = reading.linking.parameter(library, node["name"], at)
    return Form("elm.ParameterRef", of, (), key, at)


@builds("FunctionRef")
def function(node: Node, reading: Reading) -> Form:
    """A call: a native conversion, else a function of a library chosen by the operands' types.

    Detail: the function's number in the program.
    """
    at = reading.at(node)
    operands = operands_of(node, reading)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    if reading.linking.native_conversions:
        native = native_conversion(library.identifier, node["name"], operands, at)
        if native is not None:
            return native
    signature = tuple(read_type(specifier, at) for specifier in node.get("signature") or ())
    chosen = reading.linking.function(library, node["name"], operands, signature, at)
    fitted = tuple(fit(form, of) for form, of in zip(operands, chosen.operand_types, strict=True))
    return Form("elm.FunctionRef", chosen.type or ANY, fitted, chosen.number, at)
