"""The back end of closures: the oracle of generated source, and what runs where that has no emitter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import BudgetExceededError, GepnetError
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES, Definition, Function, nests_too_deeply
from fhir_gepnet.logic.recursion import counted_body, recursive_functions
from fhir_gepnet.logic.scope import Evaluate, Scope

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def close_all(units: Iterable[Definition | Function], program: Program, problems: list[GepnetError]) -> None:
    """Give every unit its closure; what cannot be compiled is added to the problems."""
    recursive = recursive_functions(program)
    for unit in units:
        if unit.form is None:
            continue
        try:
            body = close(unit.form, program)
        except GepnetError as problem:
            problems.append(problem)
        except RecursionError:
            problems.append(nests_too_deeply(unit.library, unit.name))
        else:
            if isinstance(unit, Definition):
                unit.run = _keeping(unit, body)
            else:
                unit.body = counted_body(body) if unit.number in recursive else body


def _keeping(definition: Definition, body: Evaluate) -> Callable[[Scope], Any]:
    slot, rest = definition.slot, [None] * (definition.size - 1)

    def run(scope: Scope) -> Any:
        if scope.failures and definition in scope.failures:
            raise scope.failures[definition]
        try:
            value = scope.memo[slot] = body([scope, *rest])
        except FAILURES as error:
            # All closures share their code, so that the traceback does not tell whose this was.
            failure = scope.failures[definition] = definition.failure(scope, error)
            raise failure from error
        except BudgetExceededError as error:
            raise error.at(definition.form.at) from None
        return value

    return run
