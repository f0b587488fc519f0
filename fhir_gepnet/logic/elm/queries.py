"""ELM chapter Queries: sources, lets, relationships, where, return, aggregate, sort.

One form, ``elm.Query``. Its operands stand in the order of evaluation; its detail, a
``QueryShape``, says which is which.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_gepnet.errors import UnsupportedFeatureError, Where
from fhir_gepnet.logic.elm.properties import element_form
from fhir_gepnet.logic.elm.reader import Binding, Reading, builds, fit, literal
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type
from fhir_gepnet.logic.form import ANY, BOOLEAN, Form, ListOf, TupleOf, Type


@dataclass(frozen=True, slots=True)
class Relationship:
    """``with`` or ``without``: its slot, whether its source is a list, whether it must not match."""

    slot: int
    is_list: bool
    without: bool


@dataclass(frozen=True, slots=True)
class SortKey:
    """One ``sort`` item: descending or not, and the slot its expression reads the item from.

    ``slot`` is None when the item itself is the key.
    """

    descending: bool
    slot: int | None


@dataclass(frozen=True, slots=True)
class QueryShape:
    """Which operand of ``elm.Query`` is what.

    Operands: sources; lets; for each relationship its source and its condition; the ``where``;
    for an aggregate its start and its step, else the ``return``; the expressions of the sort
    keys that have one.
    """

    sources: tuple[tuple[int, bool], ...]
    """Slot and whether the source is a list, per source."""
    lets: tuple[int, ...]
    relationships: tuple[Relationship, ...]
    has_where: bool
    has_return: bool
    distinct: bool
    aggregate: int | None
    """Slot of the accumulator."""
    sort: tuple[SortKey, ...]
    gives_list: bool
    aliases: tuple[str, ...]


@builds("Query")
def query(node: Node, reading: Reading) -> Form:
    """A query; of singleton sources only, its result is one value and not a list."""
    at = reading.at(node)
    operands: list[Form] = []
    names: dict[str, Binding] = {}
    sources: list[tuple[int, bool]] = []
    item_types: list[Type] = []
    for source in node["source"]:
        form = reading.read(source["expression"])
        is_list = isinstance(form.type, ListOf)
        binding = reading.bind(element_type(form.type) if is_list else form.type)
        names[source["alias"]] = binding
        sources.append((binding.slot, is_list))
        item_types.append(binding.type)
        operands.append(form)
    aliases = tuple(names)
    inner = reading.within(names)
    lets: list[int] = []
    for let in node.get("let") or ():
        form = inner.read(let["expression"])
        binding = reading.bind(form.type)
        inner = inner.within({let["identifier"]: binding})
        lets.append(binding.slot)
        operands.append(form)
    relationships = [_relationship(item, inner, operands) for item in node.get("relationship") or ()]
    where = node.get("where")
    if where:
        operands.append(fit(inner.read(where), BOOLEAN))
    gives_list = any(is_list for _, is_list in sources)
    item: Type = item_types[0] if len(sources) == 1 else TupleOf(tuple(zip(aliases, item_types, strict=True)))
    aggregate, distinct, has_return = None, False, False
    if node.get("aggregate"):
        aggregate, item, distinct = _aggregate(node["aggregate"], inner, operands, at)
        gives_list = False
    elif node.get("return"):
        returned = inner.read(node["return"]["expression"])
        operands.append(returned)
        item, has_return = returned.type, True
        distinct = node["return"].get("distinct", True) is not False
    by = (node.get("sort") or {}).get("by") or ()
    sort = sort_keys(by, item, reading, operands, at) if gives_list else ()
    shape = QueryShape(
        tuple(sources),
        tuple(lets),
        tuple(relationships),
        bool(where),
        has_return,
        distinct,
        aggregate,
        sort,
        gives_list,
        aliases,
    )
    return Form("elm.Query", ListOf(item) if gives_list else item, tuple(operands), shape, at)


def _relationship(node: Node, reading: Reading, operands: list[Form]) -> Relationship:
    source = reading.read(node["expression"])
    is_list = isinstance(source.type, ListOf)
    binding = reading.bind(element_type(source.type) if is_list else source.type)
    condition = node.get("suchThat")
    inner = reading.within({node["alias"]: binding})
    operands.append(source)
    operands.append(inner.read(condition) if condition else literal(True, BOOLEAN, reading.at(node)))
    return Relationship(binding.slot, is_list, node["type"] == "Without")


def _aggregate(node: Node, reading: Reading, operands: list[Form], at: Where) -> tuple[int, Type, bool]:
    starting = node.get("starting")
    start = reading.read(starting) if starting else literal(None, ANY, at)
    of = reading.type_of(node, start.type)
    binding = reading.bind(of)
    step = reading.within({node["identifier"]: binding}).read(node["expression"])
    operands.append(fit(start, of))
    operands.append(fit(step, of))
    return binding.slot, step.type if of == ANY else of, bool(node.get("distinct"))


def sort_keys(
    items: list[Node] | tuple[()], item: Type, reading: Reading, operands: list[Form], at: Where
) -> tuple[SortKey, ...]:
    """Keys of a ``sort``; appends the expressions of those that have one to ``operands``."""
    keys: list[SortKey] = []
    for key in items:
        descending = key.get("direction", "asc").startswith("desc")
        kind = key.get("type", "ByDirection")
        if kind == "ByDirection":
            keys.append(SortKey(descending, None))
            continue
        binding = reading.bind(item)
        if kind == "ByColumn":
            form = Form("elm.SlotRef", item, (), binding.slot, at)
            for name in key["path"].split("."):
                form = element_form(form, name, reading, at)
        elif kind == "ByExpression":
            form = reading.within({"$this": binding}, binding).read(key["expression"])
        else:
            raise UnsupportedFeatureError(at, f"sort {kind} is not supported", "sort by an expression")
        operands.append(form)
        keys.append(SortKey(descending, binding.slot))
    return tuple(keys)
