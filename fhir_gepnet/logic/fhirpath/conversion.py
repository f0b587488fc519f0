"""FHIRPath 2.0 chapter 5.5 "Conversion": typing of iif, the to…() and the convertsTo…() functions."""

from __future__ import annotations

from dataclasses import replace

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, described, many, one, system
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.fhirpath.type_specifiers import SYSTEM_TYPES
from fhir_gepnet.logic.form import ANY, BOOLEAN, STRING, Form, ListOf, Type


@function("iif", 2, 3)
def iif(call: Call) -> Form:
    """``iif(criterion, true-result [, otherwise])``: only the chosen result is evaluated."""
    place = call.place
    if not call.alone:
        place, slot, _ = place.inside(item_type(call.input), call.at)
        place = replace(place, index=call.place.index)
    forms = [place.form(node) for node in call.nodes]
    decides = one(system(forms[0]))
    if decides.type not in (BOOLEAN, ANY, NOTHING):
        raise TypeMismatchError(
            call.at,
            f"the criterion of iif() is {decides.type}, not System.Boolean",
            "compare it, or use exists()",
        )
    if decides.type != BOOLEAN:
        decides = Form(
            "fhirpath.expect", BOOLEAN, (decides,), ((BOOLEAN,), "the criterion of iif()"), call.at
        )
    results = forms[1:] if len(forms) == 3 else [forms[1], _empty_like(call)]
    results = _alike(results)
    kind = results[0].type
    form = Form("fhirpath.iif", kind, (decides, *results), None, call.at)
    if call.alone:
        return form
    return Form("fhirpath.with_this", kind, (one(call.input), form), slot, call.at)


def _empty_like(call: Call) -> Form:
    return Form("fhirpath.literal", NOTHING, (), None, call.at)


def _alike(results: list[Form]) -> list[Form]:
    """Both results in one shape: at most one item of one type, or collections."""
    left, right = results
    kinds = {item_type(left), item_type(right)} - {NOTHING}
    if len(kinds) > 1:
        left, right = described(left), described(right)
        kinds = {ANY}
    kind: Type = kinds.pop() if kinds else NOTHING
    if isinstance(left.type, ListOf) or isinstance(right.type, ListOf):
        return [replace(many(form), type=ListOf(kind)) for form in (left, right)]
    return [replace(form, type=kind) for form in (left, right)]


def _converting(kind: str) -> None:
    """toX() and convertsToX(): at most one item; what cannot be converted gives empty, or false."""
    result = SYSTEM_TYPES[kind]
    most = 1 if kind == "Quantity" else 0

    def to(call: Call) -> Form:
        arguments = tuple(call.value(position, (STRING,)) for position in range(len(call)))
        return Form(f"fhirpath.to{kind}", result, (one(system(call.input)), *arguments), None, call.at)

    def converts_to(call: Call) -> Form:
        arguments = tuple(call.value(position, (STRING,)) for position in range(len(call)))
        return Form(
            f"fhirpath.convertsTo{kind}", BOOLEAN, (one(system(call.input)), *arguments), None, call.at
        )

    function(f"to{kind}", 0, most)(to)
    function(f"convertsTo{kind}", 0, most)(converts_to)


for _kind in ("Boolean", "Integer", "Decimal", "String", "Date", "DateTime", "Time", "Quantity"):
    _converting(_kind)
