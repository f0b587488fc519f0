"""Items of a FHIRPath result -> the values that callers see (ARCHITECTURE §4: surface values)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic.closures.fhirpath_items import Element
from fhir_gepnet.logic.fhirpath.moments import Unzoned

_AS_THEY_ARE = frozenset((str, bool, int, dict, Decimal))
_WITH_TEXT = frozenset((Date, DateTime, Unzoned, Time))


def plain_items(items: list[Any]) -> list[Any]:
    """``bool``, ``int``, ``Decimal``, ``str``, ISO text for dates and times, ``{"value", "unit"}``, dicts.

    A primitive that has extensions but no value gives None, so that counts stay right. A float
    of the caller's JSON comes back as Decimal.
    """
    return [item if type(item) in _AS_THEY_ARE else _plain(item) for item in items]


def _plain(item: Any) -> Any:
    kind = type(item)
    if kind is Element:
        return plain_items([item.value])[0] if item.value is not None else None
    if kind in _WITH_TEXT:
        return item.text
    if kind is Quantity:
        return {"value": item.value, "unit": item.unit}
    return Decimal(repr(item)) if kind is float else item


def plain_node(value: Any) -> Any:
    """The value of a part of an expression, for a recorder: an item, a list of items, or None."""
    if type(value) is list:
        return plain_items(value)
    return None if value is None else plain_items([value])[0]
