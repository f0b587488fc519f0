"""FHIRPath 2.0 chapter 5.9 "Utility functions" and the later boundary functions: typing."""

from __future__ import annotations

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.fhirpath.criteria import per_item
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, expect, nothing, one, system
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.form import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    TIME,
    Form,
)

_MEASURED = (DECIMAL, INTEGER, QUANTITY, DATE, DATE_TIME, TIME)


@function("trace", 1, 2)
def trace(call: Call) -> Form:
    """``trace(name [, projection])``: the input unchanged; the recorder reads this form."""
    label = expect(call.argument(0), (STRING,), "the first parameter of trace()")
    if len(call) > 1:
        per_item(call, 1)
    return Form("fhirpath.trace", call.input.type, (call.input,), label.detail, call.at)


def _clock(name: str, kind: object) -> None:
    """now(), today() and timeOfDay(): from the ``now`` that the caller hands in."""

    def typing(call: Call) -> Form:
        if not call.alone:
            raise TypeMismatchError(call.at, f"{name}() has no input", f"write {name}() alone")
        return Form(f"fhirpath.{name}", kind, (), None, call.at)  # type: ignore[arg-type]

    function(name)(typing)


_clock("now", DATE_TIME)
_clock("today", DATE)
_clock("timeOfDay", TIME)


def _boundary(name: str) -> None:
    """lowBoundary([precision]) and highBoundary([precision])."""

    def typing(call: Call) -> Form:
        value = one(system(call.input))
        if value.type == NOTHING:
            return nothing(call.at)
        value = expect(value, _MEASURED, f"the input of {name}()")
        arguments = (call.value(0, (INTEGER,)),) if len(call) else ()
        kind = DECIMAL if value.type == INTEGER else value.type
        return Form(f"fhirpath.{name}", kind, (value, *arguments), None, call.at)

    function(name, 0, 1)(typing)


_boundary("lowBoundary")
_boundary("highBoundary")


@function("precision")
def precision(call: Call) -> Form:
    """``precision()``: digits of a decimal, or of a date or time."""
    value = expect(call.input, _MEASURED, "the input of precision()")
    return Form("fhirpath.precision", INTEGER, (value,), None, call.at)


@function("comparable", 1)
def comparable(call: Call) -> Form:
    """``comparable(quantity)``: whether both units measure the same."""
    left = expect(call.input, (QUANTITY,), "the input of comparable()")
    return Form("fhirpath.comparable", BOOLEAN, (left, call.value(0, (QUANTITY,))), None, call.at)
