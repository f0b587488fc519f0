"""ELM chapters whose nodes are operands and a type: Comparison, Arithmetic, String operators.

The back end chooses what an operator does by the static types of its operands.
"""

from __future__ import annotations

from fhir_gepnet.logic.elm.literals import simple
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, literal, operand_nodes, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type, read_type
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    ChoiceOf,
    Form,
    ListOf,
    Type,
)


def stronger(left: Type, right: Type) -> Type:
    """The operand type that says more: anything before Any."""
    return right if left == ANY else left


@builds("Equal", "NotEqual", "Equivalent", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")
def comparison(node: Node, reading: Reading) -> Form:
    """Comparisons; an Integer beside a Decimal, or one type beside a choice, is fitted."""
    left, right = operands_of(node, reading)
    for target in (left.type, right.type):
        if target == DECIMAL or isinstance(target, ChoiceOf):
            left, right = fit(left, target), fit(right, target)
    at = reading.at(node)
    if node["type"] == "NotEqual":
        return Form("elm.Not", BOOLEAN, (Form("elm.Equal", BOOLEAN, (left, right), None, at),), None, at)
    return Form(f"elm.{node['type']}", BOOLEAN, (left, right), None, at)


@builds("Abs", "Negate", "Predecessor", "Successor")
@builds("TruncatedDivide", "Modulo", "Multiply", "Add", "Subtract")
def arithmetic(node: Node, reading: Reading) -> Form:
    """Arithmetic whose result has the type of its operands (a date stays a date)."""
    if node["type"] == "Negate" and operand_nodes(node)[0].get("type") == "Literal":
        return negative_literal(operand_nodes(node)[0], reading)
    operands = list(operands_of(node, reading))
    kinds = {operand.type for operand in operands}
    if DECIMAL in kinds and QUANTITY not in kinds:
        operands = [fit(operand, DECIMAL) for operand in operands]
    inferred = operands[0].type
    if len(operands) == 2:
        inferred = stronger(inferred, operands[1].type)
        if node["type"] == "Multiply" and operands[1].type == QUANTITY:
            inferred = QUANTITY
    of = reading.type_of(node, inferred)
    return Form(f"elm.{node['type']}", of, tuple(operands), None, reading.at(node))


def negative_literal(node: Node, reading: Reading) -> Form:
    """``-2147483648``: in range with its sign only."""
    text = str(node.get("value", ""))
    return simple({**node, "value": text[1:] if text.startswith("-") else f"-{text}"}, reading)


@builds("Divide", "Exp", "Ln", "Log")
def to_decimal_result(node: Node, reading: Reading) -> Form:
    """Arithmetic on Decimals (or, for Divide, Quantities)."""
    operands = operands_of(node, reading)
    of = QUANTITY if operands[0].type == QUANTITY else DECIMAL
    operands = tuple(fit(operand, DECIMAL) for operand in operands)
    return Form(f"elm.{node['type']}", reading.type_of(node, of), operands, None, reading.at(node))


@builds("Power")
def power(node: Node, reading: Reading) -> Form:
    """Power; of Integers an Integer unless the exponent is negative."""
    operands = operands_of(node, reading)
    return Form("elm.Power", reading.type_of(node, operands[0].type), operands, None, reading.at(node))


@builds("Ceiling", "Floor", "Truncate")
def to_integer_result(node: Node, reading: Reading) -> Form:
    """Decimal to the Integer beside it."""
    operands = tuple(fit(operand, DECIMAL) for operand in operands_of(node, reading))
    return Form(f"elm.{node['type']}", INTEGER, operands, None, reading.at(node))


@builds("Round")
def rounded(node: Node, reading: Reading) -> Form:
    """Round half up (towards positive). Operands: value and, when given, number of places."""
    operands = [fit(operand, DECIMAL) for operand in operands_of(node, reading)]
    if node.get("precision"):
        operands.append(reading.read(node["precision"]))
    return Form("elm.Round", DECIMAL, tuple(operands), None, reading.at(node))


@builds("LowBoundary", "HighBoundary")
def boundary(node: Node, reading: Reading) -> Form:
    """Least or greatest value that an imprecise one may mean. Operands: value, number of digits."""
    operands = operands_of(node, reading)
    of = reading.type_of(node, operands[0].type)
    return Form(f"elm.{node['type']}", of, operands, None, reading.at(node))


@builds("Precision")
def precision(node: Node, reading: Reading) -> Form:
    """Number of digits of a Decimal, date or time."""
    return Form("elm.Precision", INTEGER, operands_of(node, reading), None, reading.at(node))


@builds("MinValue", "MaxValue")
def limit(node: Node, reading: Reading) -> Form:
    """Least or greatest value of a type. Detail: the type."""
    of = read_type(node["valueType"], reading.at(node))
    return Form(f"elm.{node['type']}", of, (), of, reading.at(node))


@builds("Concatenate")
def concatenate(node: Node, reading: Reading) -> Form:
    """``+`` and ``&`` on Strings, a whole chain as one form.

    The translator writes ``a & b`` as a Concatenate of ``Coalesce(a, '')``; a chain of these is
    never null, so its parts can stand side by side.
    """
    parts: list[Node] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.get("type") == "Concatenate":
            waiting.extend(reversed(operand_nodes(current)))
            continue
        inner = _or_empty(current)
        if inner is not None and inner.get("type") == "Concatenate" and _never_null(inner):
            waiting.append(inner)
        else:
            parts.append(current)
    forms = tuple(reading.read(part) for part in parts)
    return Form("elm.Concatenate", STRING, forms, None, reading.at(node))


def _or_empty(node: Node) -> Node | None:
    """``x`` of ``Coalesce(x, '')``, None for everything else."""
    operands = operand_nodes(node)
    if node.get("type") != "Coalesce" or len(operands) != 2:
        return None
    last = operands[1]
    return operands[0] if last.get("type") == "Literal" and not last.get("value") else None


def _never_null(node: Node) -> bool:
    return all(_or_empty(operand) is not None for operand in operand_nodes(node))


_STRING_RESULTS: dict[str, tuple[Type, tuple[str, ...]]] = {
    "Combine": (STRING, ("source", "separator")),
    "EndsWith": (BOOLEAN, ("operand",)),
    "LastPositionOf": (INTEGER, ("pattern", "string")),
    "Lower": (STRING, ("operand",)),
    "Matches": (BOOLEAN, ("operand",)),
    "PositionOf": (INTEGER, ("pattern", "string")),
    "ReplaceMatches": (STRING, ("operand",)),
    "Split": (ListOf(STRING), ("stringToSplit", "separator")),
    "SplitOnMatches": (ListOf(STRING), ("stringToSplit", "separatorPattern")),
    "StartsWith": (BOOLEAN, ("operand",)),
    "Substring": (STRING, ("stringToSub", "startIndex", "length")),
    "Upper": (STRING, ("operand",)),
}


@builds(*_STRING_RESULTS)
def text_operation(node: Node, reading: Reading) -> Form:
    """String operators; optional arguments that are absent are not operands."""
    of, names = _STRING_RESULTS[node["type"]]
    operands: list[Form] = []
    for name in names:
        if name == "operand":
            operands.extend(operands_of(node, reading))
        elif node.get(name) or name not in ("length", "separator"):
            operands.append(reading.read(node[name]))
    return Form(f"elm.{node['type']}", of, tuple(operands), None, reading.at(node))


@builds("Length")
def length(node: Node, reading: Reading) -> Form:
    """Length of a String, or number of elements of a list (null: 0 for a list, null for a String)."""
    operands = operands_of(node, reading)
    operator = "elm.ListLength" if isinstance(operands[0].type, ListOf) else "elm.Length"
    return Form(operator, INTEGER, operands, None, reading.at(node))


@builds("Indexer")
def indexer(node: Node, reading: Reading) -> Form:
    """Element of a list or character of a String by zero-based index; null outside."""
    operands = operands_of(node, reading)
    of = operands[0].type
    inferred = element_type(of) if isinstance(of, ListOf) else STRING
    return Form("elm.Indexer", reading.type_of(node, inferred), operands, None, reading.at(node))


@builds("Message")
def message(node: Node, reading: Reading) -> Form:
    """Message. Operands: source, condition, code, severity, message; only an Error does anything."""
    at = reading.at(node)
    operands = [reading.read(node["source"])]
    for name in ("condition", "code", "severity", "message"):
        operands.append(reading.read(node[name]) if node.get(name) else literal(None, STRING, at))
    return Form("elm.Message", operands[0].type, tuple(operands), None, at)
