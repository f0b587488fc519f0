"""What is the same everywhere is computed once: while loading, or once per application.

A form whose operands are all literals, and whose operator depends on nothing else, becomes a
literal. Inside a query, a form that does not depend on the row (``Interval[Now() - 60 days,
Now()]``) is computed for the first row only. Reads and writes forms; the back end gives values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_gepnet.errors import BudgetExceededError, GepnetError
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
        "elm.PeriodInterval",
        "elm.TimingInterval",
        "elm.RetrieveAll",
        "elm.CodedEqual",
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
        or form.operator in LOOPS
        or form.operator == "elm.Bind"
    ):
        return form
    try:
        value = close(form, program)([None])
    except BudgetExceededError:
        return form
    except GepnetError:
        raise
    except FAILURES:
        return form
    return Form(LITERAL, form.type, (), value, form.at)


CHEAP = frozenset(
    {LITERAL, "elm.ExpressionRef", "elm.Now", "elm.ParameterRef", "elm.Retrieve", "elm.Subject", "elm.Today"}
)
"""Operators that cost no more than reading a kept value."""


LOOPS = frozenset({"elm.Aggregate", "elm.Query", "elm.Repeat"})
"""Operators that evaluate all operands but the first once per item."""


def hoist(form: Form, program: Program, in_loop: bool = False) -> Form:
    """The form with everything that a loop need not repeat as ``elm.Once``.

    Nothing moves in time: ``elm.Once`` computes its operand when it is first asked.
    """
    if in_loop and form.operator not in CHEAP and form.operands and not _reads_slots(form):
        return Form("elm.Once", form.type, (form,), program.new_slot(), form.at)
    loops = form.operator in LOOPS
    operands = tuple(
        hoist(operand, program, in_loop or (loops and position > 0))
        for position, operand in enumerate(form.operands)
    )
    if all(new is old for new, old in zip(operands, form.operands, strict=True)):
        return form
    return Form(form.operator, form.type, operands, form.detail, form.at)


def _reads_slots(form: Form) -> bool:
    return form.operator in ("elm.SlotRef", "elm.Message") or any(map(_reads_slots, form.operands))
