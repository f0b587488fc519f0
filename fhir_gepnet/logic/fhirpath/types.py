"""FHIRPath 2.0 chapters 6.3 "Types" and 5.9 "type()": typing of is, as, type() and conformsTo()."""

from __future__ import annotations

from fhir_gepnet.errors import Where
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, expect, one
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.place import Place, item_type, like
from fhir_gepnet.logic.fhirpath.place import types as types_syntax
from fhir_gepnet.logic.fhirpath.syntax import TypeTest
from fhir_gepnet.logic.fhirpath.type_specifiers import (
    Specifier,
    fits,
    named_type,
    names_within,
    narrowed,
    type_named_by,
)
from fhir_gepnet.logic.form import BOOLEAN, STRING, Form, TupleOf

TYPE_INFORMATION = TupleOf((("namespace", STRING), ("name", STRING)))


def _is(form: Form, wanted: Specifier, at: Where) -> Form:
    value = one(form)
    if value.type == NOTHING:
        return value
    fit = fits(value.type, wanted, exact=False)
    detail = (fit, names_within(wanted, exact=False), wanted)
    return Form("fhirpath.is", BOOLEAN, (value,), detail, at)


@types_syntax(TypeTest)
def type_type_test(node: TypeTest, place: Place) -> Form:
    """``operand is Type`` and ``operand as Type``"""
    at = place.at(node)
    operand, wanted = place.form(node.operand), named_type(node.type_name, at)
    return _is(operand, wanted, at) if node.operator == "is" else one(narrowed(operand, wanted, at))


@function("is", 1)
def is_function(call: Call) -> Form:
    """``is(type)``"""
    return _is(call.input, type_named_by(call.nodes[0], call.place), call.at)


@function("as", 1)
def as_function(call: Call) -> Form:
    """``as(type)``: at most one item, empty when it is of another type."""
    return narrowed(one(call.input), type_named_by(call.nodes[0], call.place), call.at)


@function("type")
def type_of(call: Call) -> Form:
    """``type()``: model and name of each item's type."""
    kind = item_type(call.input)
    return Form("fhirpath.type", like(call.input, TYPE_INFORMATION), (call.input,), kind, call.at)


@function("conformsTo", 1)
def conforms_to(call: Call) -> Form:
    """``conformsTo(url)``: true for the base definition of the resource's own type; no profiles."""
    profile = expect(call.argument(0), (STRING,), "the parameter of conformsTo()")
    return Form("fhirpath.conformsTo", BOOLEAN, (one(call.input), profile), None, call.at)
