"""ELM chapters Logical Operators, Nullological Operators and Conditional Operators."""

from __future__ import annotations

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.logic.elm.reader import (
    Reading,
    builds,
    counted_operands,
    fit,
    literal,
    operands_of,
    unify,
)
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type
from fhir_gepnet.logic.form import ANY, BOOLEAN, Form, ListOf


@builds("And", "Or")
def chain(node: Node, reading: Reading) -> Form:
    """A whole chain of one connective as one form: long rules must not nest deeply."""
    kind = node["type"]
    flat: list[Node] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.get("type") == kind:
            waiting.extend(reversed(counted_operands(current, reading)))
        else:
            flat.append(current)
    operands = tuple(fit(reading.read(operand), BOOLEAN) for operand in flat)
    return Form(f"elm.{kind}", BOOLEAN, operands, None, reading.at(node))


@builds("Not", "Xor", "Implies", "IsTrue", "IsFalse")
def connective(node: Node, reading: Reading) -> Form:
    """Connectives with a fixed number of operands."""
    return Form(f"elm.{node['type']}", BOOLEAN, operands_of(node, reading), None, reading.at(node))


@builds("Null")
def null(node: Node, reading: Reading) -> Form:
    """The null literal; its type is Any unless the translator says more."""
    return literal(None, reading.type_of(node, ANY), reading.at(node))


@builds("IsNull")
def is_null_test(node: Node, reading: Reading) -> Form:
    """Test for null; of a choice element, that none of its JSON keys is there."""
    (operand,) = operands_of(node, reading)
    return Form("elm.IsNull", BOOLEAN, (operand,), None, reading.at(node))


@builds("Coalesce")
def coalesce(node: Node, reading: Reading) -> Form:
    """First operand that is not null; with one list operand, its first element that is not null."""
    operands = list(operands_of(node, reading))
    at = reading.at(node)
    if not operands:
        raise ArtifactError(at, "Coalesce has no operands", "translate the CQL again")
    if len(operands) == 1 and isinstance(operands[0].type, ListOf):
        of = reading.type_of(node, element_type(operands[0].type))
        return Form("elm.CoalesceList", of, tuple(operands), None, at)
    of, fitted = unify(node, reading, operands)
    return Form("elm.Coalesce", of, fitted, None, at)


def branches(conditions: list[Form], results: list[Form], otherwise: Form, at: Where) -> Form:
    """``elm.Case``: condition, result, condition, result, ..., otherwise."""
    operands = [form for pair in zip(conditions, results, strict=True) for form in pair]
    return Form("elm.Case", otherwise.type, (*operands, otherwise), None, at)


@builds("If")
def conditional(node: Node, reading: Reading) -> Form:
    """``if``; a chain of ``else if`` becomes one ``elm.Case``, so that it does not nest."""
    conditions: list[Form] = []
    results: list[Form] = []
    current = node
    while current.get("type") == "If":
        conditions.append(reading.read(current["condition"]))
        results.append(reading.read(current["then"]))
        current = current["else"]
    _, fitted = unify(node, reading, [*results, reading.read(current)])
    return branches(conditions, list(fitted[:-1]), fitted[-1], reading.at(node))


@builds("Case")
def case(node: Node, reading: Reading) -> Form:
    """``case`` with or without a comparand; the comparand is evaluated once."""
    at = reading.at(node)
    items = node["caseItem"]
    results = [reading.read(item["then"]) for item in items]
    otherwise = node.get("else")
    last = reading.read(otherwise) if otherwise else literal(None, ANY, at)
    of, fitted = unify(node, reading, [*results, last])
    comparand = node.get("comparand")
    if not comparand:
        conditions = [reading.read(item["when"]) for item in items]
        form = branches(conditions, list(fitted[:-1]), fitted[-1], at)
    else:
        compared = reading.read(comparand)
        binding = reading.bind(compared.type)
        reference = Form("elm.SlotRef", compared.type, (), binding.slot, at)
        conditions = [
            Form("elm.Equal", BOOLEAN, (reference, fit(reading.read(item["when"]), compared.type)), None, at)
            for item in items
        ]
        inner = branches(conditions, list(fitted[:-1]), fitted[-1], at)
        form = Form("elm.Bind", inner.type, (compared, inner), binding.slot, at)
    return form if form.type == of else Form(form.operator, of, form.operands, form.detail, at)
