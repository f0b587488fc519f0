"""What is the same for every patient is computed once, while loading.

A form whose operands are all literals, and whose operator depends on nothing else, becomes a
literal. Reads and writes forms only; the back end is asked for the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES
from fhir_gepnet.logic.form import Form

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

LITERAL = "elm.Literal"

DEPENDENT = frozenset(
    {
        "elm.DateTime",  # takes the offset of the evaluation when it names none
        "elm.ToDateTime",
        "elm.PrimitiveValue",
        "elm.ExpressionRef",
        "elm.FhirInstance",
        "elm.FunctionRef",
        "elm.Message",
        "elm.Now",
        "elm.ParameterRef",
        "elm.Retrieve",
        "elm.SlotRef",
        "elm.Subject",
        "elm.TimeOfDay",
        "elm.Today",
        LITERAL,
    }
)
"""Operators whose value needs a scope, a frame or the record."""


def fold(form: Form, program: Program) -> Form:
    """The form with every constant part computed.

    A constant that breaks (a division of texts) stays as it is and breaks at run time, where
    the define that holds it is named.
    """
    operands = tuple(fold(operand, program) for operand in form.operands)
    if any(new is not old for new, old in zip(operands, form.operands, strict=True)):
        form = Form(form.operator, form.type, operands, form.detail, form.at)
    if (
        form.operator in DEPENDENT
        or not form.operator.startswith("elm.")
        or not operands
        or any(operand.operator != LITERAL for operand in operands)
        or form.operator == "elm.Query"
        or form.operator == "elm.Bind"
    ):
        return form
    try:
        value = close(form, program)([None])
    except GepnetError:
        raise
    except FAILURES:
        return form
    return Form(LITERAL, form.type, (), value, form.at)
