"""Closures of the Comparison chapter, chosen by the static types of the operands."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.quantity import compare_quantities
from fhir_gepnet.logic.budget import spend
from fhir_gepnet.logic.closures.elm_codings import coded_as
from fhir_gepnet.logic.closures.registry import close, closes
from fhir_gepnet.logic.elm.retrieves import keys_of
from fhir_gepnet.logic.equality import equal, equivalent
from fhir_gepnet.logic.form import (
    BOOLEAN,
    CODE,
    CONCEPT,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    LONG,
    QUANTITY,
    STRING,
    TIME,
    Form,
    ListOf,
    Type,
)
from fhir_gepnet.logic.ordering import compare
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

NUMBERS: frozenset[Type] = frozenset({INTEGER, LONG, DECIMAL})
SCALARS: frozenset[Type] = NUMBERS | {STRING}
MOMENTS: frozenset[Type] = frozenset({DATE, DATE_TIME, TIME})

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "elm.Less": operator.lt,
    "elm.LessOrEqual": operator.le,
    "elm.Greater": operator.gt,
    "elm.GreaterOrEqual": operator.ge,
}


def comparer(left: Type, right: Type) -> Callable[[Any, Any], int | None]:
    """The function that orders two values of these types."""
    if left in MOMENTS and right in MOMENTS:
        return dates.compare
    return compare_quantities if left == right == QUANTITY else compare


@closes(*_OPERATORS)
def inequality(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Less, LessOrEqual, Greater, GreaterOrEqual; null beside anything is null."""
    left, right = operands
    test = _OPERATORS[form.operator]
    types = [operand.type for operand in form.operands]
    if all(of in SCALARS for of in types):
        constant = form.operands[1].detail if form.operands[1].operator == "elm.Literal" else None
        if constant is not None:

            def against_constant(frame: Frame) -> Any:
                one = left(frame)
                return None if one is None else test(one, constant)

            return against_constant

        def of_scalars(frame: Frame) -> Any:
            one, other = left(frame), right(frame)
            return None if one is None or other is None else test(one, other)

        return of_scalars
    order = comparer(types[0], types[1])

    def run(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if one is None or other is None:
            return None
        found = order(one, other)
        return None if found is None else test(found, 0)

    return run


@closes("elm.Equal")
def equality(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Equality; null beside anything is null."""
    left, right = operands
    types = [operand.type for operand in form.operands]
    if all(of in SCALARS or of == BOOLEAN for of in types):
        constant = form.operands[1].detail if form.operands[1].operator == "elm.Literal" else None
        if constant is not None:

            def against_constant(frame: Frame) -> Any:
                one = left(frame)
                return None if one is None else one == constant

            return against_constant

        def of_scalars(frame: Frame) -> Any:
            one, other = left(frame), right(frame)
            return None if one is None or other is None else one == other

        return of_scalars
    return _of_any(form, left, right, equal)


@closes("elm.Equivalent")
def equivalence(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Equivalence; never null."""
    left, right = operands
    concept, constant = form.operands
    if concept.operator == "elm.ConceptOf" and constant.operator == "elm.Literal":
        keys = keys_of(constant.detail)
        if keys is not None and constant.type in (CODE, CONCEPT):
            return coded_as(close(concept.operands[0], program), keys)
    return _of_any(form, left, right, equivalent)


def _of_any(form: Form, left: Evaluate, right: Evaluate, compare: Callable[[Any, Any], Any]) -> Evaluate:
    if not isinstance(form.operands[0].type, ListOf):
        return lambda frame: compare(left(frame), right(frame))

    def of_lists(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        spend(frame, len(one) if isinstance(one, list) else 0)
        return compare(one, other)

    return of_lists
