"""Emitters of queries over one source, as loops; other queries stay closures.

Evaluated as the closures evaluate: ``exists`` stops at the first row that fits, everything else
walks all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from fhir_gepnet.logic.closures.elm_queries import compared
from fhir_gepnet.logic.elm.queries import QueryShape, Relationship
from fhir_gepnet.logic.equality import distinct
from fhir_gepnet.logic.form import BOOLEAN, DECIMAL, INTEGER, LONG, STRING, Form, ListOf
from fhir_gepnet.logic.ordering import sort
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer

HASHED_LISTS = frozenset(map(ListOf, (BOOLEAN, DECIMAL, INTEGER, LONG, STRING)))
"""Types of lists whose repeats are found without comparing every pair."""


def _is_simple(shape: QueryShape) -> bool:
    """One source, and no aggregate."""
    return len(shape.sources) == 1 and shape.aggregate is None


def _spend(items: str, writer: Writer) -> None:
    """Ask the budget before a loop over a local."""
    writer.line(f"if scope.budget is not None: scope.budget.walk({items})")


@emits("elm.Query")
def query(form: Form, writer: Writer) -> str:
    """A query over one source."""
    shape: QueryShape = form.detail
    if not _is_simple(shape):
        return writer.closed(form)
    source, *rest = form.operands
    items = writer.kept(writer.emit(source))
    found = writer.local()
    if not shape.gives_list:
        _single(form, items, found, writer)
        return found
    with ExitStack() as stack:
        if not writer.never_null(source):
            writer.line(f"{found} = None")
            stack.enter_context(writer.block(f"if {items} is not None:"))
        if _only_sorts(shape) and source.operator == "elm.Query":
            # The rows of the inner query are nobody else's: they are sorted without a copy.
            writer.line(f"{found} = {items}")
            _sorted(form, rest, found, writer)
            return found
        _spend(items, writer)
        writer.line(f"{found} = []")
        sure = writer.module.knowledge.holds_no_null(source)
        with (
            writer.holding(shape.sources[0][0], sure) as item,
            writer.block(f"for {item} in {items}:", loop=True),
        ):
            _row(shape, rest, writer, lambda value: writer.line(f"{found}.append({value})"))
        if shape.distinct:
            if form.type in HASHED_LISTS:
                writer.line(f"{found} = {writer.constant(distinct)}({found})")
            else:
                writer.line(f"{found} = {writer.constant(compared)}([scope], {found})")
        if shape.sort:
            _sorted(form, rest, found, writer)
    return found


def _only_sorts(shape: QueryShape) -> bool:
    done = shape.lets or shape.relationships or shape.has_where or shape.has_return or shape.distinct
    return bool(shape.sort) and not done


def _single(form: Form, value: str, found: str, writer: Writer) -> None:
    """A query of one value, not a list: a value or null."""
    shape: QueryShape = form.detail
    writer.line(f"{found} = None")
    with (
        writer.block(f"if {value} is not None:"),
        writer.holding(shape.sources[0][0], sure=True) as item,
    ):
        writer.line(f"{item} = {value}")
        _row(shape, form.operands[1:], writer, lambda value: writer.line(f"{found} = {value}"))


def _row(shape: QueryShape, rest: Sequence[Form], writer: Writer, put: Callable[[str], None]) -> None:
    """One row: its lets, what it must be related to, its condition, what it returns."""
    taken = iter(rest)
    with ExitStack() as stack:
        for slot in shape.lets:
            let = next(taken)
            writer.line(f"s{slot} = {writer.emit(let)}")
            stack.enter_context(writer.holding(slot, sure=writer.never_null(let)))
        for relationship in shape.relationships:
            related = _related(relationship, next(taken), next(taken), writer)
            stack.enter_context(writer.block(f"if {'not ' if relationship.without else ''}{related}:"))
        if shape.has_where:
            stack.enter_context(writer.block(f"if {writer.test(next(taken))}:"))
        put(writer.emit(next(taken)) if shape.has_return else writer.names[shape.sources[0][0]])


def _related(relationship: Relationship, source: Form, condition: Form, writer: Writer) -> str:
    """Whether one item of the related source meets the condition."""
    items, found = writer.emit(source), writer.local()
    if not relationship.is_list:
        value = writer.kept(items)
        items = f"() if {value} is None else ({value},)"
    elif not writer.never_null(source):
        items = f"{items} or ()"
    writer.line(f"{found} = False")
    if relationship.is_list:
        items = writer.kept(items)
        _spend(items, writer)
    sure = not relationship.is_list or writer.module.knowledge.holds_no_null(source)
    with (
        writer.block(f"for s{relationship.slot} in {items}:", loop=True),
        writer.holding(relationship.slot, sure),
        writer.block(f"if {writer.test(condition)}:"),
    ):
        writer.line(f"{found} = True")
        writer.line("break")
    return found


def _sorted(form: Form, rest: Sequence[Form], found: str, writer: Writer) -> None:
    """The rows in the order of the sort keys."""
    shape: QueryShape = form.detail
    sure = writer.module.knowledge.holds_no_null(form)
    count = sum(key.slot is not None for key in shape.sort)
    expressions = iter(rest[len(rest) - count :])
    made, item = writer.local(), writer.local()
    descending = writer.constant(tuple(key.descending for key in shape.sort))
    with writer.block(f"if len({found}) > 1:"):
        writer.line(f"{made} = []")
        with writer.block(f"for {item} in {found}:", loop=True):
            keys: list[str] = []
            for key in shape.sort:
                if key.slot is None:
                    keys.append(item)
                    continue
                writer.line(f"s{key.slot} = {item}")
                with writer.holding(key.slot, sure):
                    keys.append(writer.kept(writer.emit(next(expressions))))
            writer.line(f"{made}.append(({', '.join(keys)},))")
        writer.line(f"{found} = {writer.constant(sort)}({found}, {made}, {descending})")


@emits("elm.Exists")
def exists(form: Form, writer: Writer) -> str:
    """Whether there is an element that is not null."""
    (source,) = form.operands
    if _stops_early(source):
        return _first_match(source, writer)
    items = writer.emit(source)
    if writer.module.knowledge.holds_no_null(source):
        return f"bool({items})"
    first, again = writer.twice(items)
    return f"(bool({first}) and ({again}[0] is not None or {writer.constant(_has_item)}({again})))"


def _stops_early(form: Form) -> bool:
    """A query of one list with a ``where`` and nothing else."""
    if form.operator != "elm.Query" or not _is_simple(form.detail):
        return False
    shape: QueryShape = form.detail
    plain = not shape.lets and not shape.relationships and not shape.has_return
    return plain and shape.has_where and shape.gives_list


def _first_match(form: Form, writer: Writer) -> str:
    shape: QueryShape = form.detail
    source, where = form.operands[:2]
    items, found = writer.emit(source), writer.local()
    items = writer.kept(items if writer.never_null(source) else f"{items} or ()")
    _spend(items, writer)
    writer.line(f"{found} = False")
    sure = writer.module.knowledge.holds_no_null(source)
    with (
        writer.holding(shape.sources[0][0], sure) as item,
        writer.block(f"for {item} in {items}:", loop=True),
        writer.block(
            f"if {writer.test(where)}:" if sure else f"if {writer.test(where)} and {item} is not None:"
        ),
    ):
        writer.line(f"{found} = True")
        writer.line("break")
    return found


def _has_item(items: Sequence[object]) -> bool:
    return any(item is not None for item in items)
