"""The closure back end: a typed form -> one Python callable, built once and called per patient.

One function per operator, registered by the operator's full name. A builder receives the form,
its operands already compiled, and the program (definitions, functions, value sets), and
returns the closure; every look-up happens in the builder, none in the closure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fhir_gepnet.errors import TypeMismatchError, UnsupportedFeatureError
from fhir_gepnet.logic.definitions import FAILURES
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Build = Callable[[Form, Sequence[Evaluate], "Program"], Evaluate]

_builders: dict[str, Build] = {}


def closes(*operators: str) -> Callable[[Build], Build]:
    """Register the builder of one or more operators; a second claim is a bug."""

    def register(build: Build) -> Build:
        for operator in operators:
            if operator in _builders:
                raise RuntimeError(f"two builders for {operator}")
            _builders[operator] = build
        return build

    return register


def supported_operators() -> frozenset[str]:
    """Full names of all operators that this back end can run."""
    return frozenset(_builders)


def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The closure of one form over operands that are compiled already; raises as ``close``."""
    found = _builders.get(form.operator)
    if found is None:
        raise UnsupportedFeatureError(
            form.at, f"{form.operator} is not supported", "rewrite the formula without it"
        )
    try:
        return found(form, operands, program)
    except FAILURES as error:
        problem = f"{form.operator} cannot have these operands ({type(error).__name__}: {error})"
        raise TypeMismatchError(form.at, problem, "translate the CQL again, or cast the operands") from error


def close(form: Form, program: Program) -> Evaluate:
    """Compile a form and its operands.

    Raises:
        UnsupportedFeatureError: an operator without a builder. Never a silent null.
        TypeMismatchError: a builder cannot make anything of these operands.
    """
    run = build(form, [close(operand, program) for operand in form.operands], program)
    watch = None if program is None else program.watch
    return run if watch is None else watch(form, run)
