"""Library functions that reach themselves: the only way in which an evaluation nests without end.

A translator of CQL refuses it, ELM from elsewhere can hold it. Their calls are counted against the depth
of the budget; a function that cannot reach itself is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame, Scope

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Unit = tuple[str, int]
"""``elm.FunctionRef`` with a function's number, or ``elm.ExpressionRef`` with a definition's slot."""


def recursive_functions(program: Program) -> frozenset[int]:
    """Numbers of the functions that may call themselves, directly or through others."""
    calls: dict[Unit, frozenset[Unit]] = {}
    for function in program.functions.values():
        if function.form is not None:
            calls["elm.FunctionRef", function.number] = frozenset(_called(function.form))
    for definition in program.definitions:
        calls["elm.ExpressionRef", definition.slot] = frozenset(_called(definition.form))
    return frozenset(
        unit[1] for unit in calls if unit[0] == "elm.FunctionRef" and _reaches_itself(unit, calls)
    )


def _called(form: Form) -> Iterator[Unit]:
    waiting = [form]
    while waiting:
        each = waiting.pop()
        if each.operator in ("elm.FunctionRef", "elm.ExpressionRef"):
            yield each.operator, each.detail
        waiting.extend(each.operands)


def _reaches_itself(unit: Unit, calls: dict[Unit, frozenset[Unit]]) -> bool:
    reached: set[Unit] = set()
    waiting = [*calls[unit]]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached.add(each)
            waiting.extend(calls.get(each, ()))
    return unit in reached


def counted(run: Callable[..., Any]) -> Callable[..., Any]:
    """A generated function whose calls count against the depth of the budget."""

    def call(scope: Scope, *arguments: Any) -> Any:
        account = scope.budget
        if account is None:
            return run(scope, *arguments)
        account.enter()
        try:
            return run(scope, *arguments)
        finally:
            account.leave()

    return call


def counted_body(body: Evaluate) -> Evaluate:
    """``counted`` for the closure of a function's body."""

    def call(frame: Frame) -> Any:
        account = frame[0].budget
        if account is None:
            return body(frame)
        account.enter()
        try:
            return body(frame)
        finally:
            account.leave()

    return call
