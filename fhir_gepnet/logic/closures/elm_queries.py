"""Closures of queries: nested loops over the sources, written out for the common plain case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.budget import spend
from fhir_gepnet.logic.closures.registry import close, closes
from fhir_gepnet.logic.elm.queries import QueryShape, Relationship
from fhir_gepnet.logic.equality import distinct, is_quick
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.ordering import sort
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def _is_plain(shape: QueryShape) -> bool:
    """One list source, and nothing but ``where`` and ``return``."""
    return (
        len(shape.sources) == 1
        and shape.sources[0][1]
        and not shape.lets
        and not shape.relationships
        and shape.aggregate is None
    )


def first_match(form: Form, program: Program) -> Evaluate | None:
    """``exists`` over a plain query without return: stops at the first row that fits."""
    if form.operator != "elm.Query" or not _is_plain(form.detail):
        return None
    shape: QueryShape = form.detail
    if shape.has_return or not shape.has_where:
        return None
    source, where = (close(operand, program) for operand in form.operands[:2])
    slot = shape.sources[0][0]

    def run(frame: Frame) -> Any:
        items = source(frame) or ()
        scope = frame[0]
        if scope is not None and scope.budget is not None:
            scope.budget.walk(items)
        for item in items:
            frame[slot] = item
            if where(frame) is True and item is not None:
                return True
        return False

    return run


@closes("elm.Query")
def query(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A query. Detail: its ``QueryShape``, which says what each operand is."""
    shape: QueryShape = form.detail
    rows = _plain_rows(shape, operands) if _is_plain(shape) else None
    if rows is None:
        rows = _general(shape, operands)
    if not shape.sort:
        return rows
    return _sorted(rows, shape, operands)


def _plain_rows(shape: QueryShape, operands: Sequence[Evaluate]) -> Evaluate:
    source = operands[0]
    slot = shape.sources[0][0]
    where = operands[1] if shape.has_where else None
    returned = operands[1 + shape.has_where] if shape.has_return else None
    is_distinct = shape.distinct

    def run(frame: Frame) -> Any:
        items = source(frame)
        if items is None:
            return None
        scope = frame[0]
        if scope is not None and scope.budget is not None:
            scope.budget.walk(items)
        found = []
        for item in items:
            frame[slot] = item
            if where is None or where(frame) is True:
                found.append(item if returned is None else returned(frame))
        return compared(frame, found) if is_distinct else found

    return run


class _Parts:
    """The operands of a general query by their role."""

    __slots__ = ("body", "lets", "relationships", "sources", "start", "where")

    def __init__(self, shape: QueryShape, operands: Sequence[Evaluate]) -> None:
        taken = iter(operands)
        self.sources = [(slot, is_list, next(taken)) for slot, is_list in shape.sources]
        self.lets = [(slot, next(taken)) for slot in shape.lets]
        self.relationships: list[tuple[Relationship, Evaluate, Evaluate]] = [
            (relationship, next(taken), next(taken)) for relationship in shape.relationships
        ]
        self.where = next(taken) if shape.has_where else None
        self.start = next(taken) if shape.aggregate is not None else None
        self.body = next(taken) if shape.has_return or shape.aggregate is not None else None


def _general(shape: QueryShape, operands: Sequence[Evaluate]) -> Evaluate:
    """Any query but its sort."""
    parts = _Parts(shape, operands)
    slots = [slot for slot, _, _ in parts.sources]
    aliases = shape.aliases
    body = parts.body

    def item_of(frame: Frame) -> Any:
        if len(slots) == 1:
            return frame[slots[0]]
        return {alias: frame[slot] for alias, slot in zip(aliases, slots, strict=True)}

    def run(frame: Frame) -> Any:
        lists: list[Any] = []
        for _, is_list, source in parts.sources:
            value = source(frame)
            if value is None:
                return None if shape.aggregate is None else _start(parts, frame)
            lists.append(value if is_list else [value])
        spend(frame, prod(map(len, lists)))
        rows = _rows(parts, lists, frame)
        if shape.aggregate is not None and body is not None:
            slot = shape.aggregate
            total = _start(parts, frame)
            if shape.distinct:
                rows = _distinct_rows(rows, slots, frame)
            for _ in rows:
                frame[slot] = total
                total = body(frame)
            return total
        found = [item_of(frame) if body is None else body(frame) for _ in rows]
        if not shape.gives_list:
            return found[0] if found else None
        return compared(frame, found) if shape.distinct else found

    return run


def compared(frame: Frame, found: list[Any]) -> list[Any]:
    """``distinct``, which compares with each other what has no hash, within the budget."""
    scope = frame[0]
    if scope is not None and scope.budget is not None and not is_quick(found):
        scope.budget.compare(found)
    return distinct(found)


def _start(parts: _Parts, frame: Frame) -> Any:
    return parts.start(frame) if parts.start is not None else None


def _distinct_rows(rows: Iterator[None], slots: list[int], frame: Frame) -> Iterator[None]:
    """Rows whose source items are not the same as those of an earlier row."""
    kept = compared(frame, [[frame[slot] for slot in slots] for _ in rows])
    for items in kept:
        for slot, item in zip(slots, items, strict=True):
            frame[slot] = item
        yield


def _rows(parts: _Parts, lists: list[list[Any]], frame: Frame) -> Iterator[None]:
    """Put every row that fits into the frame, one after the other: the product of the sources.

    No function is made here: one that refers to itself would keep the whole application alive until
    the garbage collector finds it.
    """
    if len(lists) == 1:
        slot = parts.sources[0][0]
        for item in lists[0]:
            frame[slot] = item
            if _fits(parts, frame):
                yield
        return
    slots = [slot for slot, _, _ in parts.sources]
    for items in product(*lists):
        for slot, item in zip(slots, items, strict=True):
            frame[slot] = item
        if _fits(parts, frame):
            yield


def _fits(parts: _Parts, frame: Frame) -> bool:
    """Compute the lets of the row in the frame; whether its relationships and condition hold."""
    for slot, value in parts.lets:
        frame[slot] = value(frame)
    for relationship, source, condition in parts.relationships:
        if _related(relationship, source, condition, frame) is relationship.without:
            return False
    return parts.where is None or parts.where(frame) is True


def _related(relationship: Relationship, source: Evaluate, condition: Evaluate, frame: Frame) -> bool:
    """Whether one item of the related source meets the condition."""
    value = source(frame)
    if value is None:
        return False
    if relationship.is_list:
        spend(frame, len(value))
    for item in value if relationship.is_list else (value,):
        frame[relationship.slot] = item
        if condition(frame) is True:
            return True
    return False


def _sorted(rows: Evaluate, shape: QueryShape, operands: Sequence[Evaluate]) -> Evaluate:
    """The rows in the order of the sort keys; each key with a slot has an expression at the end."""
    count = sum(key.slot is not None for key in shape.sort)
    expressions = iter(operands[len(operands) - count :])
    keys = [(key.slot, next(expressions) if key.slot is not None else None) for key in shape.sort]
    descending = tuple(key.descending for key in shape.sort)

    def run(frame: Frame) -> Any:
        items = rows(frame)
        if items is None or len(items) < 2:
            return items
        made: list[tuple[Any, ...]] = []
        for item in items:
            values = []
            for slot, expression in keys:
                if slot is None or expression is None:
                    values.append(item)
                else:
                    frame[slot] = item
                    values.append(expression(frame))
            made.append(tuple(values))
        return sort(items, made, descending)

    return run
