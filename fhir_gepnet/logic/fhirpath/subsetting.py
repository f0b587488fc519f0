"""FHIRPath 2.0 chapter 5.3 "Subsetting": typing."""

from __future__ import annotations

from fhir_gepnet.logic.fhirpath.crossings import many, together
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.navigation import refuse_unordered
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import INTEGER, Form, ListOf


def _one_of(name: str) -> None:
    """single(), first() and last(): a collection to at most one item."""

    def typing(call: Call) -> Form:
        if name != "single":
            refuse_unordered(call.input, f"{name}()")
        operator = "fhirpath.singleton" if name == "single" else f"fhirpath.{name}"
        return Form(operator, item_type(call.input), (many(call.input),), None, call.at)

    function(name)(typing)


for _name in ("single", "first", "last"):
    _one_of(_name)


@function("tail")
def tail(call: Call) -> Form:
    """``tail()``: all but the first."""
    refuse_unordered(call.input, "tail()")
    source = many(call.input)
    return Form("fhirpath.tail", source.type, (source,), None, call.at)


def _part(name: str) -> None:
    """skip(n) and take(n)."""

    def typing(call: Call) -> Form:
        refuse_unordered(call.input, f"{name}()")
        source = many(call.input)
        return Form(f"fhirpath.{name}", source.type, (source, call.value(0, (INTEGER,))), None, call.at)

    function(name, 1)(typing)


_part("skip")
_part("take")


def _set_operation(name: str) -> None:
    """intersect() and exclude(): items of the input that are, or are not, in another collection."""

    def typing(call: Call) -> Form:
        left, right, kind = together(call.input, call.argument(0))
        return Form(f"fhirpath.{name}", ListOf(kind), (left, right), None, call.at)

    function(name, 1)(typing)


_set_operation("intersect")
_set_operation("exclude")
