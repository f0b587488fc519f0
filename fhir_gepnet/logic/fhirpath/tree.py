"""FHIRPath 2.0 chapter 5.8 "Tree navigation" and FHIR's own functions on elements: typing."""

from __future__ import annotations

from fhir_gepnet.logic.fhirpath.crossings import NOTHING, expect, fhir_name, many, one
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.navigation import member
from fhir_gepnet.logic.fhirpath.place import CompanionsNeededError, item_type
from fhir_gepnet.logic.form import ANY, BOOLEAN, FHIR, STRING, Form, ListOf, Named


def _whole_tree(name: str) -> None:
    """children() and descendants(): whatever is below; each item tells its own type."""

    def typing(call: Call) -> Form:
        _with_companions(call)
        kind = item_type(call.input)
        return Form(f"fhirpath.{name}", ListOf(ANY), (many(call.input),), kind, call.at)

    function(name)(typing)


def _with_companions(call: Call) -> None:
    """Extensions of primitives have to come along: type the expression again if they did not."""
    if not call.place.compilation.companions:
        raise CompanionsNeededError


_whole_tree("children")
_whole_tree("descendants")


@function("extension", 1)
def extension(call: Call) -> Form:
    """``extension(url)``: FHIR's shorthand for ``extension.where(url = …)``."""
    url = expect(call.argument(0), (STRING,), "the parameter of extension()")
    if item_type(call.input) == NOTHING:
        return call.input
    extensions = many(member(call.input, "extension", call.place, call.at))
    kind = Named(FHIR + "Extension") if fhir_name(item_type(extensions)) else ANY
    return Form("fhirpath.extension", ListOf(kind), (extensions, url), None, call.at)


@function("hasValue")
def has_value(call: Call) -> Form:
    """``hasValue()``: exactly one primitive that has a value beside its extensions."""
    return Form("fhirpath.hasValue", BOOLEAN, (many(call.input),), item_type(call.input), call.at)


@function("getValue")
def get_value(call: Call) -> Form:
    """``getValue()``: the System value of one primitive."""
    from fhir_gepnet.logic.fhirpath.crossings import system

    value = system(one(call.input))
    return Form("fhirpath.getValue", value.type, (value,), None, call.at)


@function("resolve")
def resolve(call: Call) -> Form:
    """``resolve()``: what References and canonical texts point to, in the record, Bundle or contained."""
    resource = Named(FHIR + "Resource")
    kind = item_type(call.input)
    return Form("fhirpath.resolve", ListOf(resource), (many(call.input),), kind, call.at)
