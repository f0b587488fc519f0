"""The back end of closures: the oracle of generated source, and what runs where that has no emitter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import CAUGHT, Definition, Function, nests_too_deeply
from fhir_gepnet.logic.scope import Evaluate, Scope

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def close_all(units: Iterable[Definition | Function], program: Program, problems: list[GepnetError]) -> None:
    """Give every unit its closure; what cannot be compiled is added to the problems."""
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
                unit.body = body


def _keeping(definition: Definition, body: Evaluate) -> Callable[[Scope], Any]:
    rest = [None] * (definition.size - 1)

    def run(scope: Scope) -> Any:
        if scope.failures:
            definition.refuse_again(scope)
        try:
            value = scope.memo[definition.slot] = body([scope, *rest])
        except CAUGHT as error:
            definition.fail(scope, error)
        return value

    return run
