"""Definitions and functions of a loaded program: compiled once, evaluated per application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import BudgetExceededError, EvaluationError, GepnetError
from fhir_gepnet.logic.form import Form, Type
from fhir_gepnet.logic.scope import MISSING, Evaluate, Scope

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a back end raises when a formula breaks on data that its types did not foresee."""


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
        run: what a back end made of the form.
    """

    name: str
    library: str
    slot: int
    result_type: Type
    form: Form
    size: int
    program: Program = field(repr=False)
    references: tuple[Definition, ...] = ()
    run: Callable[[Scope], Any] | None = None

    def evaluate(self, scope: Scope) -> Any:
        """The value for this application; computed at most once.

        Raises:
            EvaluationError: the formula broke; names the define and where in it.
            BudgetExceededError: it nests too deeply, or the deadline has passed.
        """
        value = scope.memo[self.slot]
        return self.compute(scope) if value is MISSING else value

    def evaluated(self, scope: Scope) -> bool:
        """Whether this application has its value already."""
        return scope.memo[self.slot] is not MISSING

    def compute(self, scope: Scope) -> Any:
        """The value, computed and kept; a failure is kept too and raised again."""
        if scope.failures and self in scope.failures:
            raise scope.failures[self]
        if self.run is None:
            raise RuntimeError(f"{self.name} is not compiled")
        try:
            value = self.run(scope)
        except GepnetError as error:
            scope.failures[self] = error
            raise
        except RecursionError:
            raise BudgetExceededError(f"define {self.name} of {self.library} nests too deeply") from None
        except FAILURES as error:
            located = EvaluationError(
                self.program.place_of_failure(self, scope),
                f"the expression broke with {type(error).__name__} on this patient's data",
                "guard the operation, or correct the data that it meets",
            )
            scope.failures[self] = located
            raise located from error
        scope.memo[self.slot] = value
        return value


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
