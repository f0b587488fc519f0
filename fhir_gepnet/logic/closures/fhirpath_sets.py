"""Membership among items by FHIRPath equality, hashed where equality allows it.

Texts, numbers and booleans hash; JSON trees hash by a frozen copy. Dates and quantities, whose
equality may be unknown, are compared one by one; unknown is not equal here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import Any

from fhir_gepnet.logic.budget import STEPS_OF_A_TREE, Account, account_of
from fhir_gepnet.logic.closures.fhirpath_equality import equal_values
from fhir_gepnet.logic.closures.fhirpath_items import Element, reader_of, system_value
from fhir_gepnet.logic.fhirpath.crossings import fhir_name
from fhir_gepnet.logic.form import BOOLEAN, INTEGER, STRING, Type
from fhir_gepnet.logic.scope import Frame


def frozen(value: Any) -> Hashable:
    """A hashable copy of JSON; numbers equal by value, booleans unlike 0 and 1."""
    kind = type(value)
    if kind is dict:
        return ("{", frozenset((key, frozen(item)) for key, item in value.items()))
    if kind is list:
        return ("[", *map(frozen, value))
    if kind is bool:
        return ("b", value)
    return value  # type: ignore[no-any-return]


def _as_system(kind: Type) -> Callable[[Any], Any]:
    """Item of a static type -> its System value, or the item."""
    name = fhir_name(kind)
    if not name:
        return system_value
    read = reader_of(name)
    if read is None:
        return lambda item: item

    def change(item: Any) -> Any:
        return read(item.value if type(item) is Element else item)

    return change


class Members:
    """The items of a collection, for many questions whether an item is among them."""

    __slots__ = ("_account", "_compared", "_keys", "_read")

    def __init__(self, items: Iterable[Any], kind: Type, account: Account | None = None) -> None:
        self._account = account
        self._read = _as_system(kind)
        self._keys: set[Hashable] = set()
        self._compared: list[Any] = []
        for item in items:
            self.add(item)

    def add(self, item: Any) -> bool:
        """Take an item in; False when it was there."""
        value = self._read(item)
        key = _key(value)
        if key is None:
            if self._account is not None:
                self._account.spend(len(self._compared))
            if any(equal_values(value, other) is True for other in self._compared):
                return False
            self._compared.append(value)
            return True
        if key in self._keys:
            return False
        self._keys.add(key)
        return True

    def __contains__(self, item: Any) -> bool:
        value = self._read(item)
        key = _key(value)
        if key is None:
            if self._account is not None:
                self._account.spend(len(self._compared))
            return any(equal_values(value, other) is True for other in self._compared)
        return key in self._keys


def _key(value: Any) -> Hashable | None:
    kind = type(value)
    if kind is str or kind is int or kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return ("b", value)
    if kind is dict:
        return frozen(value)
    if kind is Element:
        return frozen(value.value)
    return None


def members_of(frame: Frame, items: list[Any], kind: Type, questions: int) -> Members:
    """The members of a collection, within the budget, for so many questions."""
    account = account_of(frame)
    if account is not None:
        trees = bool(items) and type(items[0]) in (dict, Element)
        account.spend((len(items) + questions) * (STEPS_OF_A_TREE if trees else 1))
    return Members(items, kind, account)


def compared(frame: Frame, items: list[Any], kind: Type) -> list[Any]:
    """``distinct_items`` within the budget."""
    account = account_of(frame)
    if account is not None:
        account.spend(len(items))
    return distinct_items(items, kind, account)


def distinct_items(items: list[Any], kind: Type, account: Account | None = None) -> list[Any]:
    """The first of each, in order."""
    if len(items) < 2:
        return items
    if kind in (STRING, INTEGER, BOOLEAN):
        return list(dict.fromkeys(items))
    members = Members((), kind, account)
    return [item for item in items if members.add(item)]
