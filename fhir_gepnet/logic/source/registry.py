"""Which function writes Python for which operator of the typed form.

An emitter receives the form and the writer of the function being written; it writes the
statements that the operator needs and returns an expression for its value. A tester does the
same for a place where only one thing is asked: whether the value is true. A finisher writes
the operator as the end of a function, where a branch may return at once. A walker, of FHIRPath,
writes loops over the items of a collection around what is to be done with each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.form import Form

if TYPE_CHECKING:
    from fhir_gepnet.logic.source.writer import Writer

Emit = Callable[[Form, "Writer"], str]
Finish = Callable[[Form, "Writer"], None]
Put = Callable[[str], None]
"""Writes what is done with an item, given the local that holds it."""
Walk = Callable[[Form, "Writer", Put], None]

_emitters: dict[str, Emit] = {}
_testers: dict[str, Emit] = {}
_finishers: dict[str, Finish] = {}
_walkers: dict[str, Walk] = {}


def emits(*operators: str) -> Callable[[Emit], Emit]:
    """Register the emitter of one or more operators; a second claim is a bug."""
    return _registering(_emitters, operators)


def tests(*operators: str) -> Callable[[Emit], Emit]:
    """Register what writes the condition "its value is true" of one or more operators."""
    return _registering(_testers, operators)


def finishes(*operators: str) -> Callable[[Finish], Finish]:
    """Register what writes one or more operators as the end of a function."""
    return _registering(_finishers, operators)


def walks(*operators: str) -> Callable[[Walk], Walk]:
    """Register what writes loops over the items of one or more operators."""
    return _registering(_walkers, operators)


def _registering(table: dict[str, Any], operators: tuple[str, ...]) -> Callable[[Any], Any]:
    def register(writes: Any) -> Any:
        for operator in operators:
            if operator in table:
                raise RuntimeError(f"two emitters for {operator}")
            table[operator] = writes
        return writes

    return register


def emitter_of(operator: str) -> Emit | None:
    """The emitter of an operator; without one its closure is called."""
    return _emitters.get(operator)


def tester_of(operator: str) -> Emit | None:
    """What writes the condition that the operator's value is true; without one the value is tested."""
    return _testers.get(operator)


def finisher_of(operator: str) -> Finish | None:
    """What writes the operator as the end of a function; without one its value is returned."""
    return _finishers.get(operator)


def walker_of(operator: str) -> Walk | None:
    """What writes loops over the operator's items; without one its list is made and walked."""
    return _walkers.get(operator)


def emitted_operators() -> frozenset[str]:
    """Full names of all operators that have an emitter."""
    return frozenset(_emitters)
