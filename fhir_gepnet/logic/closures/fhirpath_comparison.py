"""FHIRPath 2.0 chapter 6.2 "Comparison"."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import Where
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, compare_quantities
from fhir_gepnet.logic.closures.fhirpath_items import type_name_of, unfit
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.fhirpath.moments import Unzoned, compare_moments
from fhir_gepnet.logic.form import DECIMAL, INTEGER, STRING, Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_NUMBERS = (int, Decimal)
_DATES = (Date, DateTime, Unzoned)


def order_of(left: Any, right: Any, at: Where) -> int | None:
    """-1, 0 or 1; None when unknown (precision, zone, units that measure something else).

    Raises:
        EvaluationError: types without a common order.
    """
    one, other = type(left), type(right)
    if (one in _NUMBERS and other in _NUMBERS) or (one is str and other is str):
        return -1 if left < right else 1 if left > right else 0
    if (one in _DATES and other in _DATES) or (one is Time and other is Time):
        return compare_moments(left, right)
    if one is Quantity and other is Quantity:
        return compare_quantities(left, right)
    if one is Quantity and other in _NUMBERS:
        return compare_quantities(left, Quantity(Decimal(right)))
    if other is Quantity and one in _NUMBERS:
        return compare_quantities(Quantity(Decimal(left)), right)
    names = [".".join(type_name_of(value)).strip(".") or "an element" for value in (left, right)]
    raise unfit(at, f"{names[0]} and {names[1]} cannot be compared")


def _comparison(decides: Callable[[int], bool], direct: Callable[[Any, Any], Any]) -> Build:
    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        left, right = operands
        at = form.at
        kinds = {operand.type for operand in form.operands}
        if kinds <= {INTEGER, DECIMAL} or kinds == {STRING}:

            def plain(frame: Frame) -> bool | None:
                one = left(frame)
                if one is None:
                    return None
                other = right(frame)
                return None if other is None else direct(one, other)

            return plain

        def compare(frame: Frame) -> bool | None:
            one = left(frame)
            if one is None:
                return None
            other = right(frame)
            if other is None:
                return None
            order = order_of(one, other, at)
            return None if order is None else decides(order)

        return compare

    return build


closes("fhirpath.less")(_comparison(lambda order: order < 0, operator.lt))
closes("fhirpath.less_or_equal")(_comparison(lambda order: order <= 0, operator.le))
closes("fhirpath.greater")(_comparison(lambda order: order > 0, operator.gt))
closes("fhirpath.greater_or_equal")(_comparison(lambda order: order >= 0, operator.ge))
