"""Closures of references: definitions (memoised), parameters, functions, the patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import MISSING, Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.ExpressionRef")
def expression(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Another definition's value, computed once per application. Detail: its slot."""
    slot: int = form.detail
    definition = program.definitions[slot]

    def run(frame: Frame) -> Any:
        scope = frame[0]
        value = scope.memo[slot]
        return definition.run(scope) if value is MISSING else value

    return run


@closes("elm.Once")
def once(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The operand's value, computed once per application. Detail: its slot in ``scope.memo``."""
    slot: int = form.detail
    (compute,) = operands

    def run(frame: Frame) -> Any:
        memo = frame[0].memo
        value = memo[slot]
        if value is MISSING:
            value = memo[slot] = compute(frame)
        return value

    return run


@closes("elm.ParameterRef")
def parameter(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A parameter's value. Detail: its key."""
    key: str = form.detail
    return lambda frame: frame[0].parameters[key]


@closes("elm.Subject")
def subject(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The Patient of the record."""
    return lambda frame: frame[0].record.patient


@closes("elm.FunctionRef")
def function(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A call with a frame of its own. Detail: the function's number."""
    called = program.functions[form.detail]
    arguments = tuple(operands)
    rest = [None] * (called.size - len(arguments) - 1)
    if len(arguments) == 1:
        (argument,) = arguments

        def of_one(frame: Frame) -> Any:
            body = called.body
            if body is None:
                raise RuntimeError(f"function {called.name} is not compiled")
            return body([frame[0], argument(frame), *rest])

        return of_one

    def run(frame: Frame) -> Any:
        body = called.body
        if body is None:
            raise RuntimeError(f"function {called.name} is not compiled")
        return body([frame[0], *[argument(frame) for argument in arguments], *rest])

    return run
