"""The finite values that a definition may have, as far as the logic itself tells.

A Boolean is true or false. A text is one of those that the definition can give, or that the logic
compares it with. A number is tried at each limit that the logic compares it with, between two
limits, and beyond the outer ones. Of anything else nothing is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from fhir_gepnet.logic import Definition
from fhir_gepnet.logic.form import BOOLEAN, DECIMAL, INTEGER, STRING, Form
from fhir_gepnet.logic.program import Program

COMPARISONS = frozenset(
    {
        "elm.Equal", "elm.Equivalent", "elm.Greater", "elm.GreaterOrEqual", "elm.InList", "elm.Less",
        "elm.LessOrEqual",
    }
)  # fmt: skip
THROUGH = frozenset({"elm.Once", "elm.ToDecimal"})
"""Operators whose value is, for a comparison, that of their operand."""
MOST = 12
"""Values that are tried of one definition."""


def alternatives_of(definition: Definition, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """Plain values to try; () when they are not finite.

    Args:
        definition: whose values.
        parameters: values of library parameters by key, for limits that are parameters.
    """
    if definition.result_type == BOOLEAN:
        return (True, False)
    compared = list(_compared(definition.program, definition.slot, parameters))
    if definition.result_type == STRING:
        texts = [*_given(definition.form), *(value for value in compared if isinstance(value, str))]
        return tuple(dict.fromkeys(texts))[:MOST]
    if definition.result_type in (INTEGER, DECIMAL):
        limits = sorted({value for value in compared if isinstance(value, int | Decimal)})
        return tuple(_around(limits, whole=definition.result_type == INTEGER))[:MOST]
    return ()


def _given(form: Form) -> Iterator[str]:
    """Texts that a form gives as they are written."""
    if form.operator == "elm.Literal":
        if isinstance(form.detail, str):
            yield form.detail
    elif form.operator == "elm.Case":
        for branch in (*form.operands[1:-1:2], form.operands[-1]):
            yield from _given(branch)
    elif form.operator in ("elm.Coalesce", *THROUGH):
        for operand in form.operands:
            yield from _given(operand)


def _compared(program: Program, slot: int, parameters: Mapping[str, Any]) -> Iterator[Any]:
    """What the logic compares a definition with, in the order of the libraries."""
    bodies = [each.form for each in program.definitions]
    bodies += [each.form for each in program.functions.values() if each.form is not None]
    waiting = list(reversed(bodies))
    while waiting:
        form = waiting.pop()
        waiting.extend(reversed(form.operands))
        if form.operator not in COMPARISONS:
            continue
        sides = [_inner(operand) for operand in form.operands]
        if any(side.operator == "elm.ExpressionRef" and side.detail == slot for side in sides):
            for side in sides:
                yield from _constants(side, parameters)


def _inner(form: Form) -> Form:
    while form.operator in THROUGH and form.operands:
        form = form.operands[0]
    return form


def _constants(form: Form, parameters: Mapping[str, Any]) -> Iterator[Any]:
    value = None
    if form.operator == "elm.Literal":
        value = form.detail
    elif form.operator == "elm.ParameterRef":
        value = parameters.get(form.detail)
    for item in value if isinstance(value, list) else (value,):
        if item is not None and not isinstance(item, bool):
            yield item


def _around(limits: list[Any], *, whole: bool) -> Iterator[Any]:
    """Below, at, between and above limits, ascending."""
    if not limits:
        return
    step = 1 if whole else Decimal(1)
    yield limits[0] - step
    for low, high in pairwise(limits):
        yield low
        between = (low + high) // 2 if whole else (Decimal(low) + Decimal(high)) / 2
        if low < between < high:
            yield between
    yield limits[-1]
    yield limits[-1] + step
