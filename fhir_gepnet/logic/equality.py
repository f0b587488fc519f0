"""Equality and equivalence of CQL values: two different questions.

Equal is three-valued (null beside anything is unknown); Equivalent is always true or false
(null is equivalent to null, text without case, codes without version). Source: CQL 1.5
appendix B §12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from fhir_gepnet.fhir import dates
from fhir_gepnet.fhir.coding import Code, Concept, equivalent_codes, equivalent_concepts
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, Ratio, compare_quantities
from fhir_gepnet.logic.form import Chosen
from fhir_gepnet.logic.interval import Interval, ends
from fhir_gepnet.logic.three_valued import Truth
from fhir_gepnet.logic.uncertainty import Uncertainty
from fhir_gepnet.terminology.value_set import ValueSet


def equal(left: Any, right: Any) -> Truth:
    """CQL ``=`` on any two values of like types; null when one is null or a part is unknown."""
    if left is None or right is None:
        return None
    test = _EQUAL.get(type(left))
    if test is None:
        return bool(left == right)
    return test(left, right)


def _simple(left: Any, right: Any) -> Truth:
    found: Truth = left == right  # None beside an Uncertainty
    return found


def _moments(left: Any, right: Any) -> Truth:
    if not isinstance(right, Date | DateTime | Time):
        return False
    found = dates.compare(left, right)
    return None if found is None else found == 0


def _quantities(left: Quantity, right: Any) -> Truth:
    if not isinstance(right, Quantity):
        return False
    found = compare_quantities(left, right)
    return None if found is None else found == 0


def _ratios(left: Ratio, right: Any) -> Truth:
    if not isinstance(right, Ratio):
        return False
    numerators = _quantities(left.numerator, right.numerator)
    return _all([numerators, _quantities(left.denominator, right.denominator)])


def _intervals(left: Interval, right: Any) -> Truth:
    if not isinstance(right, Interval):
        return False
    (low, high), (other_low, other_high) = ends(left), ends(right)
    return _all([equal(low, other_low), equal(high, other_high)])


def _elements(pairs: Iterable[tuple[Any, Any]]) -> Truth:
    """Parts of a structure: both absent is the same, one absent unknown; the first difference decides."""
    for one, other in pairs:
        found = True if one is None and other is None else equal(one, other)
        if found is not True:
            return found
    return True


def _codes(left: Code, right: Any) -> Truth:
    if not isinstance(right, Code):
        return False
    names = ("code", "system", "version", "display")
    return _elements([(getattr(left, name), getattr(right, name)) for name in names])


def _concepts(left: Concept, right: Any) -> Truth:
    if not isinstance(right, Concept):
        return False
    return _all([_lists(list(left.codes), list(right.codes)), _elements([(left.display, right.display)])])


def _lists(left: list[Any], right: Any) -> Truth:
    if not isinstance(right, list) or len(left) != len(right):
        return False
    pairs = zip(left, right, strict=True)
    return _all([True if one is None and other is None else equal(one, other) for one, other in pairs])


def _structures(left: dict[str, Any], right: Any) -> Truth:
    """Tuples and FHIR elements; two resources are equal when their JSON is."""
    if left is right:
        return True
    if not isinstance(right, dict):
        return False
    if "resourceType" in left or "resourceType" in right:
        return left == right
    # by name, so that the order of the elements does not matter
    return _elements([(left.get(name), right.get(name)) for name in sorted({**left, **right})])


def _chosen(left: Chosen, right: Any) -> Truth:
    return equal(left.value, right.value if isinstance(right, Chosen) else right)


def _all(found: list[Truth]) -> Truth:
    if False in found:
        return False
    return None if None in found else True


_EQUAL: dict[type, Callable[[Any, Any], Truth]] = {
    bool: _simple,
    int: _simple,
    str: _simple,
    Decimal: _simple,
    Uncertainty: _simple,
    Date: _moments,
    DateTime: _moments,
    Time: _moments,
    Quantity: _quantities,
    Ratio: _ratios,
    Interval: _intervals,
    Code: _codes,
    Concept: _concepts,
    list: _lists,
    dict: _structures,
    Chosen: _chosen,
}


def equivalent(left: Any, right: Any) -> bool:
    """CQL ``~`` on any two values; never null."""
    if left is None or right is None:
        return left is None and right is None
    test = _EQUIVALENT.get(type(left))
    if test is None:
        return equal(left, right) is True
    return test(left, right)


def _texts_alike(left: str, right: Any) -> bool:
    """Text without case and with all white space alike."""
    if left == right:
        return True
    return isinstance(right, str) and " ".join(left.split()).casefold() == " ".join(right.split()).casefold()


def _decimals_alike(left: Decimal, right: Any) -> bool:
    """Decimals to the fewer places of the two; trailing zeros do not count as places."""
    if not isinstance(right, Decimal):
        return bool(left == right)
    places = min(_places(left), _places(right))
    size = Decimal(1).scaleb(-places)
    return left.quantize(size) == right.quantize(size)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _quantities_alike(left: Quantity, right: Any) -> bool:
    """Equal, or a calendar duration beside the definite one: a year is 365 days, a month 30."""
    if not isinstance(right, Quantity):
        return False
    found = compare_quantities(left, right)
    if found is None:
        found = compare_quantities(_definite(left), _definite(right))
    return found == 0


_DAYS = {"year": 365, "years": 365, "a": 365, "month": 30, "months": 30, "mo": 30}


def _definite(duration: Quantity) -> Quantity:
    days = _DAYS.get(duration.unit)
    return duration if days is None else Quantity(duration.value * days, "day")


def _ratios_alike(left: Ratio, right: Any) -> bool:
    """Ratios are equivalent when they are the same proportion: 1:2 is 2:4."""
    if not isinstance(right, Ratio):
        return False
    if not left.denominator.value or not right.denominator.value:
        return False
    if left.numerator.unit != right.numerator.unit or left.denominator.unit != right.denominator.unit:
        return False
    one = left.numerator.value * right.denominator.value
    return one == right.numerator.value * left.denominator.value


def _codes_alike(left: Code, right: Any) -> bool:
    if isinstance(right, Concept):
        return any(equivalent_codes(left, code) for code in right.codes)
    return isinstance(right, Code) and equivalent_codes(left, right)


def _concepts_alike(left: Concept, right: Any) -> bool:
    if isinstance(right, Code):
        return any(equivalent_codes(code, right) for code in left.codes)
    if isinstance(right, ValueSet):
        return right.has_any(left.codes) is True
    return isinstance(right, Concept) and equivalent_concepts(left, right)


def _lists_alike(left: list[Any], right: Any) -> bool:
    if not isinstance(right, list) or len(left) != len(right):
        return False
    return all(equivalent(one, other) for one, other in zip(left, right, strict=True))


def _intervals_alike(left: Interval, right: Any) -> bool:
    if not isinstance(right, Interval):
        return False
    (low, high), (other_low, other_high) = ends(left), ends(right)
    return equivalent(low, other_low) and equivalent(high, other_high)


def _structures_alike(left: dict[str, Any], right: Any) -> bool:
    if not isinstance(right, dict):
        return False
    if "resourceType" in left or "resourceType" in right:
        return left == right
    return all(equivalent(left.get(name), right.get(name)) for name in {**left, **right})


def _chosen_alike(left: Chosen, right: Any) -> bool:
    return equivalent(left.value, right.value if isinstance(right, Chosen) else right)


_EQUIVALENT: dict[type, Callable[[Any, Any], bool]] = {
    str: _texts_alike,
    Decimal: _decimals_alike,
    Quantity: _quantities_alike,
    Ratio: _ratios_alike,
    Code: _codes_alike,
    Concept: _concepts_alike,
    list: _lists_alike,
    Interval: _intervals_alike,
    dict: _structures_alike,
    Chosen: _chosen_alike,
}

HASHED = (str, int, bool, Decimal)
"""Python types of values that are the same when they are equal and can be kept in a set."""


def same(left: Any, right: Any) -> bool:
    """Equality for sets of values: certainly equal, or both null."""
    if left is None or right is None:
        return left is right
    return left is right or equal(left, right) is True


def distinct(items: Iterable[Any]) -> list[Any]:
    """Items that are not the same as an earlier one, in order."""
    found: list[Any] = []
    seen: set[Any] = set()
    others: dict[tuple[str, str] | None, list[Any]] = {}
    for item in items:
        if isinstance(item, HASHED):
            if item not in seen:
                seen.add(item)
                found.append(item)
        else:
            # Resources with other ids differ; without an id, and of all else, every pair is compared.
            earlier = others.setdefault(_identity(item), [])
            if not any(same(item, each) for each in earlier):
                earlier.append(item)
                found.append(item)
    return found


def _identity(item: Any) -> tuple[str, str] | None:
    """Type and id of a resource; None for anything else."""
    if type(item) is not dict:
        return None
    kind, identifier = item.get("resourceType"), item.get("id")
    return (kind, identifier) if type(kind) is str and type(identifier) is str else None


def is_quick(items: Sequence[Any]) -> bool:
    """Whether ``distinct`` finds repeats without comparing every pair, as far as the first item tells."""
    return not items or isinstance(items[0], HASHED) or _identity(items[0]) is not None


def among(item: Any, items: Iterable[Any]) -> bool:
    """Whether an item is the same as one of the others."""
    return any(same(item, other) for other in items)
