"""``dynamicValue``: what a formula gives is written into the output action or the draft request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhir_gepnet.engine.trace import Application
from fhir_gepnet.pathway.model import DynamicValue


def write_dynamic_values(
    dynamic_values: Sequence[DynamicValue],
    output: dict[str, Any],
    resource: dict[str, Any] | None,
    application: Application,
) -> None:
    """Carry out dynamic values in order; a later one overwrites an earlier one.

    Nothing (null, or an empty list) leaves the target untouched. ``output`` and ``resource``
    belong to the caller and are changed.

    Raises:
        EvaluationError: a formula broke, or gave what its path cannot take.
    """
    for dynamic_value in dynamic_values:
        value = dynamic_value.formula.compute(application.scope, application.variables)
        if value is None or value == []:
            continue
        if dynamic_value.on_action or resource is None:
            dynamic_value.write(output, value)
        else:
            dynamic_value.write(resource, value)
