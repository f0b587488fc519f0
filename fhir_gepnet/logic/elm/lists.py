"""ELM chapters List Operators and Aggregate Operators."""

from __future__ import annotations

from fhir_gepnet.logic.elm.properties import element_form
from fhir_gepnet.logic.elm.queries import QueryShape, sort_keys
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type
from fhir_gepnet.logic.form import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    LONG,
    Form,
    ListOf,
    Type,
)


@builds("Exists")
def exists(node: Node, reading: Reading) -> Form:
    """Whether a list has an element that is not null."""
    return Form("elm.Exists", BOOLEAN, operands_of(node, reading), None, reading.at(node))


@builds("First", "Last")
def end(node: Node, reading: Reading) -> Form:
    """First or last element; null of an empty list."""
    source = reading.read(node["source"])
    return Form(f"elm.{node['type']}", element_type(source.type), (source,), None, reading.at(node))


@builds("SingletonFrom")
def singleton(node: Node, reading: Reading) -> Form:
    """The one element of a list; a run-time error when there are several."""
    (source,) = operands_of(node, reading)
    return Form("elm.SingletonFrom", element_type(source.type), (source,), None, reading.at(node))


@builds("Distinct")
def distinct(node: Node, reading: Reading) -> Form:
    """Elements that are not equal to an earlier one."""
    (source,) = operands_of(node, reading)
    return Form("elm.Distinct", source.type, (source,), None, reading.at(node))


@builds("Flatten")
def flatten(node: Node, reading: Reading) -> Form:
    """A list of lists as one list."""
    (source,) = operands_of(node, reading)
    of = reading.type_of(node, element_type(source.type))
    return Form("elm.Flatten", of, (source,), None, reading.at(node))


@builds("IndexOf")
def index_of(node: Node, reading: Reading) -> Form:
    """Position of an element in a list, -1 when it is not there. Operands: list, element."""
    operands = (reading.read(node["source"]), reading.read(node["element"]))
    return Form("elm.IndexOf", INTEGER, operands, None, reading.at(node))


@builds("Slice")
def slice_of(node: Node, reading: Reading) -> Form:
    """Part of a list. Operands: list, start, end; null of an end means the list's end."""
    at = reading.at(node)
    names = ("source", "startIndex", "endIndex")
    operands = tuple(
        reading.read(node[name]) if node.get(name) else Form("elm.Literal", INTEGER, (), None, at)
        for name in names
    )
    return Form("elm.Slice", operands[0].type, operands, None, at)


@builds("ToList")
def to_list(node: Node, reading: Reading) -> Form:
    """A value as a list of itself; null as an empty list."""
    (operand,) = operands_of(node, reading)
    if operand.operator == "elm.Literal" and operand.detail is not None:
        return Form("elm.Literal", ListOf(operand.type), (), [operand.detail], reading.at(node))
    return Form("elm.ToList", ListOf(operand.type), (operand,), None, reading.at(node))


@builds("Sort")
def sort(node: Node, reading: Reading) -> Form:
    """A sorted list: a query that only sorts."""
    source = reading.read(node["source"])
    at = reading.at(node)
    operands = [source]
    item = element_type(source.type)
    slot = reading.bind(item).slot
    keys = sort_keys(node["by"], item, reading, operands, at)
    shape = QueryShape(((slot, True),), (), (), False, False, False, None, keys, True, ("$this",))
    return Form("elm.Query", ListOf(item), tuple(operands), shape, at)


@builds("Filter", "ForEach")
def per_item(node: Node, reading: Reading) -> Form:
    """Filter and ForEach: queries over one source with a scope name."""
    source = reading.read(node["source"])
    item = element_type(source.type)
    binding = reading.bind(item)
    inner = reading.within({node.get("scope", "$this"): binding}, binding)
    is_filter = node["type"] == "Filter"
    body = inner.read(node["condition" if is_filter else "element"])
    shape = QueryShape(
        ((binding.slot, True),), (), (), is_filter, not is_filter, False, None, (), True, ("$this",)
    )
    of = ListOf(item if is_filter else body.type)
    return Form("elm.Query", of, (source, body), shape, reading.at(node))


_AGGREGATES: dict[str, Type | None] = {
    "AllTrue": BOOLEAN,
    "AnyTrue": BOOLEAN,
    "Avg": None,
    "Count": INTEGER,
    "GeometricMean": DECIMAL,
    "Max": None,
    "Median": None,
    "Min": None,
    "Mode": None,
    "PopulationStdDev": None,
    "PopulationVariance": None,
    "Product": None,
    "StdDev": None,
    "Sum": None,
    "Variance": None,
}

_AS_DECIMALS = frozenset(
    {"Avg", "GeometricMean", "Median", "PopulationStdDev", "PopulationVariance", "StdDev", "Variance"}
)


@builds(*_AGGREGATES)
def aggregate(node: Node, reading: Reading) -> Form:
    """Aggregates over one list; nulls in it do not count. A ``path`` is taken of each element first."""
    at = reading.at(node)
    source = reading.read(node["source"])
    if node.get("path"):
        item = element_type(source.type)
        binding = reading.bind(item)
        body = Form("elm.SlotRef", item, (), binding.slot, at)
        for name in node["path"].split("."):
            body = element_form(body, name, reading, at)
        shape = QueryShape(((binding.slot, True),), (), (), False, True, False, None, (), True, ("$this",))
        source = Form("elm.Query", ListOf(body.type), (source, body), shape, at)
    kind = node["type"]
    item = element_type(source.type)
    if kind in _AS_DECIMALS and item in (INTEGER, LONG):
        source = fit(source, ListOf(DECIMAL))
        item = DECIMAL
    of = _AGGREGATES[kind] or reading.type_of(node, item)
    return Form(f"elm.{kind}", of, (source,), None, at)
