"""Definitions and functions of a loaded program: compiled once, evaluated per application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import ArtifactError, BudgetExceededError, EvaluationError, GepnetError, Where
from fhir_gepnet.logic.form import Form, Type
from fhir_gepnet.logic.scope import MISSING, Evaluate, Scope
from fhir_gepnet.logic.surface import to_plain

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a back end raises when a formula breaks on data that its types did not foresee."""
CAUGHT = (GepnetError, RecursionError, *FAILURES)
"""What ends the evaluation of a definition, and is told with its place."""


def not_compiled(scope: Scope) -> Any:
    """Stands for a definition until a back end has compiled it."""
    raise RuntimeError("the definition is not compiled")


@dataclass(slots=True, eq=False)
class Definition:
    """One define of a library, with its numbered memo slot.

    Attributes:
        name: as written in the library.
        library: ``Id|version``.
        slot: its number in ``scope.memo``.
        result_type: static type of its value.
        references: definitions that it refers to directly.
        form: what it means, typed; for traces and other readers.
        size: slots of its frame.
        run: what a back end made of the form: computes the value and keeps it in the memo. Raises
            whatever the formula raises; ``compute`` says where that was.
    """

    name: str
    library: str
    slot: int
    result_type: Type
    form: Form
    size: int
    program: Program = field(repr=False)
    references: tuple[Definition, ...] = ()
    run: Callable[[Scope], Any] = not_compiled

    def evaluate(self, scope: Scope) -> Any:
        """The value for this application; computed at most once.

        Raises:
            EvaluationError: the formula broke; names the define and where in it.
            BudgetExceededError: it took more steps, depth, items or time than it may.
        """
        value = scope.memo[self.slot]
        return self.compute(scope) if value is MISSING else value

    def plain(self, scope: Scope) -> Any:
        """The value as callers see it: JSON-like (see ``to_plain``).

        Raises:
            EvaluationError: as ``evaluate``, and for a value that is not of the type that the library says.
            BudgetExceededError: as ``evaluate``, and for a value that nests deeper than Python's stack.
        """
        value = self.evaluate(scope)
        try:
            return to_plain(value, self.result_type)
        except RecursionError:
            raise nests_too_deeply_to_evaluate(self.form.at) from None
        except FAILURES as error:
            raise EvaluationError(
                Where(self.library, "", self.name),
                f"the value is no {self.result_type}, which the library says it is",
                "translate the CQL again",
            ) from error

    def evaluated(self, scope: Scope) -> bool:
        """Whether this application has its value already."""
        return scope.memo[self.slot] is not MISSING

    def compute(self, scope: Scope) -> Any:
        """The value, computed and kept; a failure is kept too and raised again.

        Only what is asked from outside comes through here. Definitions that need each other call
        each other's ``run``, and the traceback tells which of them broke.
        """
        if scope.failures and self in scope.failures:
            raise scope.failures[self]
        try:
            return self.run(scope)
        except CAUGHT as error:
            broken = self.program.definition_at(error, self)
            failure = scope.failures.get(broken)
            if failure is None:
                failure = scope.failures[broken] = broken.failure(scope, error)
            scope.failures[self] = failure
            raise failure from (None if failure is error else error)

    def failure(self, scope: Scope, error: Exception) -> GepnetError:
        """What ended the evaluation of this definition, with its place."""
        if isinstance(error, BudgetExceededError):
            return error.at(self.form.at)
        if isinstance(error, GepnetError):
            return error
        if isinstance(error, RecursionError):
            return nests_too_deeply_to_evaluate(self.form.at)
        return EvaluationError(
            self.program.place_of_failure(self, scope),
            f"the expression broke with {type(error).__name__} on this patient's data",
            "guard the operation, or correct the data that it meets",
        )


def nests_too_deeply_to_evaluate(at: Where) -> BudgetExceededError:
    """The error of an evaluation that Python's stack ended: of a recursion, or of data as deep."""
    problem = "the data, or calls of functions, nest too deeply"
    return BudgetExceededError(problem, at, "end the recursion sooner, or validate the data")


def not_carried_out(unit: Definition | Function, error: Exception) -> ArtifactError:
    """The problem of a definition or function that no front or back end can make anything of."""
    problem = f"{unit.name} cannot be compiled ({type(error).__name__}: {error})"
    return ArtifactError(Where(unit.library, "", unit.name), problem, "translate the CQL again")


def nests_too_deeply(library: str, name: str) -> ArtifactError:
    """The problem of a definition or function that is too deep for Python's stack."""
    problem = f"define {name} nests too deeply to be compiled"
    return ArtifactError(Where(library, "", name), problem, "split it into several defines")


@dataclass(slots=True, eq=False)
class Function:
    """One overload of a library function.

    ``body`` is set after all forms are read, so that functions may call each other.
    """

    name: str
    library: str
    number: int
    operand_types: tuple[Type, ...]
    result_type: Type
    form: Form | None = None
    size: int = 0
    body: Evaluate | None = None
