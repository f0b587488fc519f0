"""Plain functions of System values as operators: empty in, empty out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fhir_gepnet.logic.budget import held, held_text
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Compute = TypeVar("Compute", bound=Callable[..., Any])


def computes(operator: str, *, grows: bool = False) -> Callable[[Compute], Compute]:
    """Register ``f(input, *arguments)``; it is not called when one of them is empty.

    The result is a System value, None for empty, or a list where the form says ``ListOf``. ``grows``
    says that a result can be longer than the input, so that the budget is asked for it.
    """

    def register(compute: Compute) -> Compute:
        def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
            nothing: Any = [] if isinstance(form.type, ListOf) else None
            if len(operands) == 1:
                (only,) = operands

                def of_input(frame: Frame) -> Any:
                    value = only(frame)
                    return nothing if value is None else compute(value)

                return of_input

            def of_all(frame: Frame) -> Any:
                values = [operand(frame) for operand in operands]
                return nothing if any(value is None for value in values) else compute(*values)

            return of_all

        closes(operator)(_growing(build) if grows else build)
        return compute

    return register


def _growing(build: Build) -> Build:
    def grown(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        run = build(form, operands, program)

        def within_budget(frame: Frame) -> Any:
            found = run(frame)
            if type(found) is str:
                return held_text(frame, found)
            return held(frame, found) if type(found) is list else found

        return within_budget

    return grown
