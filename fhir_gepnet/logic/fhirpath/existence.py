"""FHIRPath 2.0 chapter 5.1 "Existence": typing."""

from __future__ import annotations

from fhir_gepnet.logic.fhirpath.criteria import criterion
from fhir_gepnet.logic.fhirpath.crossings import many, system, together, truth
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.form import BOOLEAN, INTEGER, Form


@function("empty")
def empty(call: Call) -> Form:
    """``empty()``"""
    return Form("fhirpath.empty", BOOLEAN, (call.input,), None, call.at)


@function("exists", 0, 1)
def exists(call: Call) -> Form:
    """``exists([criteria])``"""
    if not len(call):
        return Form("fhirpath.exists", BOOLEAN, (call.input,), None, call.at)
    decides, slots = criterion(call, 0)
    return Form("fhirpath.exists_where", BOOLEAN, (many(call.input), decides), slots, call.at)


@function("all", 1)
def all_items(call: Call) -> Form:
    """``all(criteria)``"""
    decides, slots = criterion(call, 0)
    return Form("fhirpath.all", BOOLEAN, (many(call.input), decides), slots, call.at)


@function("not")
def negation(call: Call) -> Form:
    """``not()``"""
    return Form("fhirpath.not", BOOLEAN, (truth(call.input),), None, call.at)


def _of_booleans(name: str) -> None:
    """allTrue(), anyTrue(), allFalse() and anyFalse(): a collection of booleans to one."""

    def typing(call: Call) -> Form:
        return Form(f"fhirpath.{name}", BOOLEAN, (many(system(call.input)),), None, call.at)

    function(name)(typing)


for _name in ("allTrue", "anyTrue", "allFalse", "anyFalse"):
    _of_booleans(_name)


def _of_sets(name: str) -> None:
    """subsetOf() and supersetOf()."""

    def typing(call: Call) -> Form:
        left, right, kind = together(call.input, call.argument(0))
        return Form(f"fhirpath.{name}", BOOLEAN, (left, right), kind, call.at)

    function(name, 1)(typing)


_of_sets("subsetOf")
_of_sets("supersetOf")


@function("count")
def count(call: Call) -> Form:
    """``count()``"""
    return Form("fhirpath.count", INTEGER, (many(call.input),), None, call.at)


@function("distinct")
def distinct(call: Call) -> Form:
    """``distinct()``: the first of each, in the order of the input."""
    return Form("fhirpath.distinct", many(call.input).type, (many(call.input),), None, call.at)


@function("isDistinct")
def is_distinct(call: Call) -> Form:
    """``isDistinct()``"""
    return Form("fhirpath.isDistinct", BOOLEAN, (many(call.input),), None, call.at)
