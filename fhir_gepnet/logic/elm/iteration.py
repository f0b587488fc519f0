"""ELM operators that name their item themselves: Repeat, Times, Aggregate, Current, Iteration, Total.

No translator writes them for CQL; they are in the schema, so ELM written by hand may hold them.
Source: ELM r1 schema, "List Operators" and "Aggregate Operators".
"""

from __future__ import annotations

from fhir_gepnet.errors import TypeMismatchError, UnsupportedFeatureError
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, literal, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type, joined
from fhir_gepnet.logic.form import ANY, INTEGER, Form, ListOf, TupleOf

CURRENT, ITERATION, TOTAL = "$this", "$index", "$total"


@builds("Current", "Iteration", "Total")
def of_the_iteration(node: Node, reading: Reading) -> Form:
    """The item, its position, or the value so far, of the innermost operator or the one of ``scope``."""
    name = {"Current": CURRENT, "Iteration": ITERATION, "Total": TOTAL}[node["type"]]
    scope = node.get("scope")
    if scope:
        name = scope if node["type"] == "Current" else f"{name} of {scope}"
    return reading.named(name, reading.at(node))


@builds("Repeat")
def repeat(node: Node, reading: Reading) -> Form:
    """What an expression gives, over and over, until nothing new comes.

    Operands: source, expression. Detail: slot of the item. Each value stands once in the result.
    """
    source = reading.read(node["source"])
    item = element_type(source.type)
    binding = reading.bind(item)
    body = reading.within({node.get("scope") or CURRENT: binding, CURRENT: binding}, binding)
    step = body.read(node["element"])
    of = joined([item, element_type(step.type)])
    operands = (fit(source, ListOf(of)), fit(step, ListOf(of)))
    return Form("elm.Repeat", ListOf(of), operands, binding.slot, reading.at(node))


@builds("Times")
def times(node: Node, reading: Reading) -> Form:
    """The product of two lists of tuples: each of the left joined with each of the right.

    Raises:
        TypeMismatchError: a list of something else than tuples, or an element in both.
    """
    at = reading.at(node)
    left, right = operands_of(node, reading)
    first, second = element_type(left.type), element_type(right.type)
    if not (isinstance(first, TupleOf) and isinstance(second, TupleOf)):
        problem = f"Times takes two lists of tuples, not {left.type} and {right.type}"
        raise TypeMismatchError(at, problem, "return a tuple from each")
    both = {name for name, _ in first.elements} & {name for name, _ in second.elements}
    if both:
        problem = f"both tuples of Times have an element {sorted(both)[0]}"
        raise TypeMismatchError(at, problem, "give the elements different names")
    of = TupleOf((*first.elements, *second.elements))
    return Form("elm.Times", ListOf(of), (left, right), None, at)


@builds("Aggregate")
def aggregate(node: Node, reading: Reading) -> Form:
    """An aggregate of one's own. Operands: source, initial value, iteration.

    Detail: the slots of the item, its position and the value so far.
    """
    at = reading.at(node)
    if node.get("path"):
        raise UnsupportedFeatureError(
            at, "Aggregate with a path is not supported", "name it in the iteration"
        )
    source = reading.read(node["source"])
    initial = reading.read(node["initialValue"]) if node.get("initialValue") else literal(None, ANY, at)
    item, index, total = (
        reading.bind(of) for of in (element_type(source.type), INTEGER, reading.type_of(node, initial.type))
    )
    scope = node.get("scope")
    names = {CURRENT: item, ITERATION: index, TOTAL: total}
    if scope:
        names |= {scope: item, f"{ITERATION} of {scope}": index, f"{TOTAL} of {scope}": total}
    inner = reading.within(names, item)
    step = inner.read(node["iteration"])
    of = step.type if total.type == ANY else total.type
    operands = (source, fit(initial, of), fit(step, of))
    return Form("elm.Aggregate", of, operands, (item.slot, index.slot, total.slot), at)
