"""A typed expression as something to call: generated source, closures where it breaks.

Both back ends get the same form. Closures know every error; generated code only breaks, and is
then asked no further (``logic/source/fhirpath_back_end.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import fhir_gepnet.logic.closures.fhirpath_back_end  # noqa: F401  (registers the operators)
from fhir_gepnet.errors import BudgetExceededError, EvaluationError, GepnetError, InvocationError, Where
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES, nests_too_deeply_to_evaluate
from fhir_gepnet.logic.fhirpath.constants import fold
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.front_end import Typed
from fhir_gepnet.logic.fhirpath.indexing import with_lookups
from fhir_gepnet.logic.fhirpath.place import FIRST_FREE_SLOT, Root
from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.source.fhirpath_back_end import write_function

if TYPE_CHECKING:
    from fhir_gepnet.logic.observe import Recorder

Run = Callable[[Environment, Any, Mapping[str, Any]], list[Any]]
"""``run(environment, root, variables)`` -> items."""
_Values = list[Any]
_Told = Callable[[Environment, Any, _Values], Any]

BACK_ENDS = ("source", "closures")


def run_of(program: Typed, root: Root, at: Where, back_end: str, recorder: Recorder | None = None) -> Run:
    """Compile a typed expression with a back end; ``at`` is the address of the whole expression.

    With a recorder the closures run, each node noted, and nothing is looked up instead of walked.

    Raises:
        ExpressionError: a constant part breaks; it would break for every patient.
    """
    form, size = fold(program.form), program.slots
    if root.record and recorder is None:
        form, size = with_lookups(form, size)
    function = write_function(form, size, len(program.variables)) if back_end == "source" else None
    watching = None if recorder is None else recorder.watching(form)
    told = _by_closures(form, size, at, watching, later=function is not None)
    many, slots = isinstance(program.form.type, ListOf), program.variables
    nothing: _Values = [None] * len(slots)

    def run(environment: Environment, at_root: Any, given: Mapping[str, Any]) -> list[Any]:
        values = _values(given, slots) if given else nothing
        found = _BROKEN
        # Closures ask a budget at every loop; generated code asks none.
        if function is not None and environment.budget is None:
            try:
                found = function(environment, at_root, *values)
            except (GepnetError, RecursionError, *FAILURES):
                pass  # the closures tell why, below: nothing of the data gets into their error's context
        if found is _BROKEN:
            found = told(environment, at_root, values)
        if many:
            return found  # type: ignore[no-any-return]
        return [] if found is None else [found]

    return run


_BROKEN: Any = object()


def _values(given: Mapping[str, Any], slots: Mapping[str, int]) -> _Values:
    """The variables in the order of their slots, as collections; None for what was not given."""
    values: _Values = [None] * len(slots)
    for name, value in given.items():
        slot = slots.get(name)
        if slot is None:
            raise InvocationError(f"%{name} was not declared when the expression was compiled")
        values[slot - FIRST_FREE_SLOT] = value if type(value) is list else [] if value is None else [value]
    return values


def _by_closures(form: Form, size: int, at: Where, watching: Any, *, later: bool) -> _Told:
    """The closures, built now or when generated code breaks for the first time."""
    evaluate = None if later else close(form, watching)

    def told(environment: Environment, at_root: Any, values: _Values) -> Any:
        nonlocal evaluate
        if evaluate is None:
            evaluate = close(form, watching)
        frame = [environment, at_root, *values]
        frame += [None] * (size - len(frame))
        try:
            return evaluate(frame)
        except FAILURES:
            # No cause is chained: its text may hold a value of the patient.
            raise EvaluationError(
                at, "the expression broke on data of another shape than R4's", "validate the data"
            ) from None
        except BudgetExceededError as error:
            raise error.at(at) from None
        except RecursionError:
            raise nests_too_deeply_to_evaluate(at) from None

    return told
