"""The back end of closures: the oracle of generated source, and what runs where that has no emitter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import Definition, Function, nests_too_deeply
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
                unit.run = _with_frame(body, unit.size)
            else:
                unit.body = body


def _with_frame(body: Evaluate, size: int) -> Callable[[Scope], Any]:
    rest = [None] * (size - 1)
    return lambda scope: body([scope, *rest])
