"""Which of two System values comes first. Source: CQL 1.5 appendix B §12; FHIRPath §6.2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, compare_quantities
from fhir_gepnet.logic.uncertainty import Uncertainty


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1; None when one is null, or when it is uncertain.

    Raises:
        TypeError: values of kinds that have no order (concepts, tuples, text beside number).
    """
    if left is None or right is None:
        return None
    if isinstance(left, Date | DateTime | Time):
        if not isinstance(right, Date | DateTime | Time):
            raise TypeError("a moment stands beside something else")
        return dates.compare(left, right)
    if isinstance(left, Quantity):
        if not isinstance(right, Quantity):
            raise TypeError("a quantity stands beside something else")
        return compare_quantities(left, right)
    if isinstance(left, Uncertainty) or isinstance(right, Uncertainty):
        return -1 if left < right else 1 if left > right else 0 if left == right else None
    return int(left > right) - int(left < right)


def _sure(left: tuple[Any, ...], right: tuple[Any, ...]) -> int:
    """Order of sort keys: null first; what is uncertain counts as equal, so the sort stays stable."""
    for (one, descending), (other, _) in zip(left, right, strict=True):
        if one is None or other is None:
            found = int(one is not None) - int(other is not None)
        else:
            sure = compare(one, other)
            found = _least(one, other) if sure is None else sure
        if found:
            return -found if descending else found
    return 0


def _least(one: Any, other: Any) -> int:
    """Imprecise moments by the earliest that they may mean, the less precise first."""
    if not isinstance(one, Date | DateTime | Time) or not isinstance(other, Date | DateTime | Time):
        return 0
    left, right = one.components, other.components
    return (left > right) - (left < right)


def sort(items: list[Any], keys: list[tuple[Any, ...]], descending: tuple[bool, ...]) -> list[Any]:
    """Items ordered by their keys; null comes first ascending and last descending; stable.

    Args:
        keys: one tuple of key values per item.
        descending: per position of the keys.
    """
    if len(descending) == 1:
        plain = _comparable([key[0] for key in keys])
        if plain is not None:
            order = sorted(range(len(items)), key=plain.__getitem__, reverse=descending[0])
            return [items[position] for position in order]
    marked = [tuple(zip(key, descending, strict=True)) for key in keys]
    ranked = sorted(zip(marked, range(len(items)), strict=True), key=cmp_to_key(_by_key))
    return [items[position] for _, position in ranked]


def _comparable(keys: Sequence[Any]) -> Sequence[Any] | None:
    """Keys that Python may compare as they are: whole numbers, texts, precise moments of one type."""
    kinds = set(map(type, keys))
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind is int or kind is str:
        return keys
    if kind is not DateTime and kind is not Date:
        return None
    moments = [moment.key for moment in keys]
    return None if None in moments else moments


def _by_key(left: tuple[tuple[Any, ...], int], right: tuple[tuple[Any, ...], int]) -> int:
    return _sure(left[0], right[0])


def extreme(items: Sequence[Any], sign: int) -> Any:
    """The greatest (sign 1) or least (sign -1) value that is not null; None of none."""
    plain = _comparable(items)
    if plain is not None:
        return items[plain.index(max(plain) if sign > 0 else min(plain))]
    best = None
    for item in items:
        if item is None:
            continue
        if best is None:
            best = item
            continue
        found = compare(item, best)
        if found is not None and found == sign:
            best = item
    return best
