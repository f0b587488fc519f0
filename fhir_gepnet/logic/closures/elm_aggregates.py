"""Closures of the Aggregate chapter: nulls in the list do not count; of nothing the answer is null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.quantity import Quantity, converted
from fhir_gepnet.logic import arithmetic
from fhir_gepnet.logic.budget import spend
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.equality import equal
from fhir_gepnet.logic.form import INTEGER, LONG, Form, ListOf
from fhir_gepnet.logic.ordering import extreme, sort
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def _over(source: Evaluate, compute: Callable[[list[Any]], Any]) -> Evaluate:
    """An aggregate of the elements that are not null; null when there are none."""

    def run(frame: Frame) -> Any:
        items = source(frame)
        if items is None:
            return None
        spend(frame, len(items))
        given = [item for item in items if item is not None]
        return compute(given) if given else None

    return run


def _walked(frame: Frame, source: Evaluate) -> Sequence[Any]:
    items: Sequence[Any] = source(frame) or ()
    spend(frame, len(items))
    return items


@closes("elm.Count")
def count(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number of elements that are not null; 0 of null."""
    (source,) = operands
    return lambda frame: sum(item is not None for item in _walked(frame, source))


@closes("elm.AllTrue")
def all_true(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether no element is false; true of an empty list."""
    (source,) = operands
    return lambda frame: all(item is not False for item in _walked(frame, source))


@closes("elm.AnyTrue")
def any_true(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether an element is true; false of an empty list."""
    (source,) = operands
    return lambda frame: any(item is True for item in _walked(frame, source))


@closes("elm.Max", "elm.Min")
def limit(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Greatest or least element."""
    sign = 1 if form.operator == "elm.Max" else -1
    return _over(operands[0], lambda items: extreme(items, sign))


def _combined(
    numbers: Callable[[Any, Any], Any], quantities: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """Fold step over numbers or quantities; null once a step is null (overflow, unlike units)."""

    def step(one: Any, other: Any) -> Any:
        if one is None:
            return None
        return quantities(one, other) if isinstance(one, Quantity) else numbers(one, other)

    return step


def _whole(
    form: Form, decimals: Callable[[Any, Any], Any], whole: Callable[[int, int], int]
) -> Callable[[Any, Any], Any]:
    of = form.operands[0].type
    element = of.element if isinstance(of, ListOf) else of
    if element not in (INTEGER, LONG):
        return decimals
    within = arithmetic.long_result if element == LONG else arithmetic.integer_result
    return lambda one, other: within(whole(one, other))


_add = _combined(arithmetic.add, arithmetic.advanced)


@closes("elm.Sum")
def total(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Sum of numbers or quantities."""
    numbers = _whole(form, arithmetic.add, lambda one, other: one + other)
    step = _combined(numbers, arithmetic.advanced)
    return _over(operands[0], lambda items: reduce(step, items))


@closes("elm.Product")
def product(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Product of numbers or quantities."""
    numbers = _whole(form, arithmetic.multiply, lambda one, other: one * other)
    step = _combined(numbers, arithmetic.multiply_quantities)
    return _over(operands[0], lambda items: reduce(step, items))


def _of_numbers(compute: Callable[[list[Decimal]], Decimal | None]) -> Callable[[list[Any]], Any]:
    """An aggregate of Decimals that keeps the unit of the first of several quantities."""

    def run(items: list[Any]) -> Any:
        if not isinstance(items[0], Quantity):
            return compute(items)
        unit = items[0].unit
        same = [converted(item, unit) for item in items]
        if any(item is None for item in same):
            return None
        found = compute([item.value for item in same if item is not None])
        return None if found is None else Quantity(found, unit)

    return run


def _mean(items: list[Decimal]) -> Decimal | None:
    summed = reduce(_add, items)
    return None if summed is None else arithmetic.divide(summed, Decimal(len(items)))


def _median(items: list[Decimal]) -> Decimal | None:
    ordered = sorted(items)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return arithmetic.divide(ordered[middle - 1] + ordered[middle], Decimal(2))


def _spread(items: list[Decimal], less: int) -> Decimal | None:
    """Sum of squared distances from the mean, over their number less 0 or 1."""
    if len(items) <= less:
        return None
    mean = sum(items, Decimal(0)) / len(items)
    squares = sum(((item - mean) ** 2 for item in items), Decimal(0))
    return arithmetic.divide(squares, Decimal(len(items) - less))


def _root(value: Decimal | None) -> Decimal | None:
    return None if value is None else arithmetic.square_root(value)


def _geometric(items: list[Decimal]) -> Decimal | None:
    product_of = reduce(_combined(arithmetic.multiply, arithmetic.multiply_quantities), items)
    return None if product_of is None else arithmetic.power(product_of, 1 / Decimal(len(items)))


_STATISTICS: dict[str, Callable[[list[Decimal]], Decimal | None]] = {
    "elm.Avg": _mean,
    "elm.GeometricMean": _geometric,
    "elm.Median": _median,
    "elm.PopulationStdDev": lambda items: _root(_spread(items, 0)),
    "elm.PopulationVariance": lambda items: _spread(items, 0),
    "elm.StdDev": lambda items: _root(_spread(items, 1)),
    "elm.Variance": lambda items: _spread(items, 1),
}


@closes(*_STATISTICS)
def statistic(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Mean, median, spread of Decimals or quantities."""
    return _over(operands[0], _of_numbers(_STATISTICS[form.operator]))


def _mode(items: list[Any]) -> Any:
    """The most frequent element; of several the least where there is an order."""
    counts: list[tuple[Any, int]] = []
    for item in items:
        for at, (value, number) in enumerate(counts):
            if equal(value, item) is True:
                counts[at] = (value, number + 1)
                break
        else:
            counts.append((item, 1))
    most = max(number for _, number in counts)
    candidates = [value for value, number in counts if number == most]
    return sort(candidates, [(value,) for value in candidates], (False,))[0]


@closes("elm.Mode")
def mode(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The most frequent element."""
    return _over(operands[0], _mode)
