"""``dynamicValue``: what a formula gives is written into the output action or the draft request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.engine.trace import Application
from fhir_gepnet.errors import BudgetExceededError, GepnetError
from fhir_gepnet.pathway.model import DynamicValue


@dataclass(frozen=True, slots=True)
class Written:
    """What one dynamic value did, for the trace.

    Attributes:
        path: as written in the definition.
        expression: as written.
        value: what the formula gave; None for nothing, and for an error.
        note: "" when there is a value (that its path cannot take it is an issue of the result),
            else why the target is as it was.
    """

    path: str
    expression: str
    value: Any
    note: str = ""


def write_dynamic_values(
    dynamic_values: Sequence[DynamicValue],
    output: dict[str, Any],
    resource: dict[str, Any] | None,
    application: Application,
) -> Sequence[GepnetError]:
    """Carry out dynamic values in order; a later one overwrites an earlier one.

    Nothing (null, or an empty list) leaves the target untouched. ``output`` and ``resource``
    belong to the caller and are changed.

    Returns:
        What went wrong: a formula broke, or gave what its path cannot take. The others were carried
        out nevertheless; whether half of them is good enough is for the caller to say.
    """
    errors: Sequence[GepnetError] = ()
    scope, variables = application.scope, application.variables
    for dynamic_value in dynamic_values:
        try:
            value = dynamic_value.formula.compute(scope, variables)
            if value is None or value == []:
                continue
            if dynamic_value.on_action or resource is None:
                dynamic_value.write(output, value)
            else:
                dynamic_value.write(resource, value)
        except BudgetExceededError:
            raise
        except GepnetError as error:
            errors = [*errors, error]
    return errors


def written_of(dynamic_values: Sequence[DynamicValue], application: Application) -> tuple[Written, ...]:
    """What each dynamic value gave, computed again from the memo when somebody asks."""
    return tuple(_written(each, application) for each in dynamic_values)


def _written(dynamic_value: DynamicValue, application: Application) -> Written:
    path, text = dynamic_value.path, dynamic_value.formula.text
    try:
        value = dynamic_value.formula.compute(application.scope, application.variables)
    except BudgetExceededError:
        raise
    except GepnetError as error:
        return Written(path, text, None, str(error))
    if value is None or value == []:
        return Written(path, text, None, "the formula gave nothing; the target is as it was")
    return Written(path, text, value)
