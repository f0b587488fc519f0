"""Constant parts of an expression, computed while it is compiled: ``@2026-01-01 - 18 years``."""

from __future__ import annotations

from typing import Any, cast

from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.form import Form, ListOf

LITERAL = "fhirpath.literal"

FOLDED = frozenset(
    f"fhirpath.{name}"
    for name in (
        "add", "subtract", "multiply", "divide", "div", "mod", "negate", "concatenate",
        "decimal", "quantity", "date_time",
        "toBoolean", "toInteger", "toDecimal", "toString", "toDate", "toDateTime", "toTime", "toQuantity",
    )
)  # fmt: skip
"""Operators that depend on their operands only and give one System value."""


def fold(form: Form) -> Form:
    """The form with every constant part of these operators replaced by its value.

    Raises:
        ExpressionError: a constant part breaks; it would break for every patient.
    """
    operands = tuple(fold(operand) for operand in form.operands)
    if any(new is not old for new, old in zip(operands, form.operands, strict=True)):
        form = Form(form.operator, form.type, operands, form.detail, form.at)
    if form.operator not in FOLDED or isinstance(form.type, ListOf):
        return form
    if any(operand.operator != LITERAL for operand in operands):
        return form
    return Form(LITERAL, form.type, (), close(form, cast(Any, None))([None]), form.at)
