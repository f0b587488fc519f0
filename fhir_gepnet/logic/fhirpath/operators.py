"""FHIRPath 2.0 chapter 6 "Operations" and 4.1 "Literals": typing of operators and literals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from fhir_gepnet.errors import ParseError, TypeMismatchError, Where
from fhir_gepnet.fhir.quantity import Quantity
from fhir_gepnet.logic.fhirpath.combining import membership, union
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, expect, nothing, one, system, truth
from fhir_gepnet.logic.fhirpath.moments import parse_moment
from fhir_gepnet.logic.fhirpath.place import Place, types
from fhir_gepnet.logic.fhirpath.syntax import Binary, Empty, Literal, QuantityLiteral, Unary
from fhir_gepnet.logic.fhirpath.type_specifiers import SYSTEM_TYPES
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    TIME,
    Form,
    Type,
)

NUMBERS: tuple[Type, ...] = (INTEGER, DECIMAL)
MOMENTS: tuple[Type, ...] = (DATE, DATE_TIME, TIME)

_Results = dict[tuple[Type, Type], Type]


def _numeric(*, whole: Type) -> _Results:
    """Integer with Integer gives ``whole``; a Decimal on either side gives Decimal."""
    return {
        (INTEGER, INTEGER): whole,
        (INTEGER, DECIMAL): DECIMAL,
        (DECIMAL, INTEGER): DECIMAL,
        (DECIMAL, DECIMAL): DECIMAL,
    }


def _with_quantities(results: _Results, kinds: Iterable[Type]) -> _Results:
    return results | {pair: QUANTITY for kind in kinds for pair in ((kind, QUANTITY), (QUANTITY, kind))}


_SUMS = (
    _numeric(whole=INTEGER) | {(QUANTITY, QUANTITY): QUANTITY} | {(kind, QUANTITY): kind for kind in MOMENTS}
)
_RESULTS: dict[str, _Results] = {
    "+": _SUMS | {(STRING, STRING): STRING},
    "-": _SUMS,
    "*": _with_quantities(_numeric(whole=INTEGER), (INTEGER, DECIMAL, QUANTITY)),
    "/": _with_quantities(_numeric(whole=DECIMAL), (INTEGER, DECIMAL, QUANTITY)),
    "div": _numeric(whole=INTEGER) | dict.fromkeys(_numeric(whole=INTEGER), INTEGER),
    "mod": _numeric(whole=INTEGER),
}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "div": "div", "mod": "mod"}
_COMPARISONS = {"<": "less", "<=": "less_or_equal", ">": "greater", ">=": "greater_or_equal"}
_LOGIC = {"and": "and", "or": "or", "xor": "xor", "implies": "implies"}
_EQUALITY = {"=": "equal", "!=": "not_equal", "~": "equivalent", "!~": "not_equivalent"}
_ORDERED = {frozenset((kind,)) for kind in (INTEGER, DECIMAL, STRING, QUANTITY, *MOMENTS)} | {
    frozenset((INTEGER, DECIMAL)),
    frozenset((INTEGER, QUANTITY)),
    frozenset((DECIMAL, QUANTITY)),
    frozenset((DATE, DATE_TIME)),
}
_INCOMPARABLE: frozenset[Type] = frozenset((ANY, NOTHING))


@types(Literal)
def type_literal(node: Literal, place: Place) -> Form:
    """A literal; dates are read once, here."""
    at, kind = place.at(node), SYSTEM_TYPES[node.kind]
    if kind not in MOMENTS:
        if kind == INTEGER and node.value == 2**31:
            raise ParseError(at, "the integer is larger than 2147483647", "write it as a decimal")
        return Form("fhirpath.literal", kind, (), node.value, at)
    moment = parse_moment(str(node.value), kind)
    if moment is None:
        raise ParseError(at, "there is no such date or time", "mend the literal")
    return Form("fhirpath.literal", kind, (), moment, at)


@types(QuantityLiteral)
def type_quantity(node: QuantityLiteral, place: Place) -> Form:
    """``10 'mg'``, ``4 days``"""
    return Form("fhirpath.literal", QUANTITY, (), Quantity(node.value, node.unit), place.at(node))


@types(Empty)
def type_empty(node: Empty, place: Place) -> Form:
    """``{}``"""
    return nothing(place.at(node))


@types(Unary)
def type_unary(node: Unary, place: Place) -> Form:
    """``-operand``, ``+operand``"""
    at = place.at(node)
    if isinstance(node.operand, Literal) and node.operand.kind == "Integer" and node.operator == "-":
        return Form("fhirpath.literal", INTEGER, (), -int(node.operand.value), at)
    value = expect(place.form(node.operand), (*NUMBERS, QUANTITY), f"the operand of {node.operator}")
    return value if node.operator == "+" else Form("fhirpath.negate", value.type, (value,), None, at)


@types(Binary)
def type_binary(node: Binary, place: Place) -> Form:
    """``left operator right``"""
    left, right = place.form(node.left), place.form(node.right)
    return _BINARY[node.operator](node.operator, left, right, place.at(node))


def _arithmetic(operator: str, left: Form, right: Form, at: Where) -> Form:
    left, right = one(system(left)), one(system(right))
    if NOTHING in (left.type, right.type):
        return nothing(at)
    results = _RESULTS[operator]
    kind = results.get((left.type, right.type))
    if kind is None:
        lefts, rights = ({pair[side] for pair in results} | {ANY} for side in (0, 1))
        if ANY not in (left.type, right.type) or left.type not in lefts or right.type not in rights:
            raise TypeMismatchError(
                at, f"{left.type} {operator} {right.type} means nothing", "convert one of the two first"
            )
        kind = ANY
    return Form(f"fhirpath.{_ARITHMETIC[operator]}", kind, (left, right), None, at)


def _concatenate(operator: str, left: Form, right: Form, at: Where) -> Form:
    operands = (
        expect(left, (STRING,), "the left side of &"),
        expect(right, (STRING,), "the right side of &"),
    )
    return Form("fhirpath.concatenate", STRING, operands, None, at)


def _compare(operator: str, left: Form, right: Form, at: Where) -> Form:
    left, right = one(system(left)), one(system(right))
    pair = frozenset((left.type, right.type))
    if NOTHING in pair:
        return replace(nothing(at), type=BOOLEAN)
    if pair not in _ORDERED and ANY not in pair:
        raise TypeMismatchError(
            at, f"{left.type} {operator} {right.type} cannot be compared", "convert one of the two first"
        )
    return Form(f"fhirpath.{_COMPARISONS[operator]}", BOOLEAN, (left, right), None, at)


def _equality(operator: str, left: Form, right: Form, at: Where) -> Form:
    left, right = _comparable(left), _comparable(right)
    return Form(f"fhirpath.{_EQUALITY[operator]}", BOOLEAN, (left, right), None, at)


def _comparable(form: Form) -> Form:
    """Items as System values; complex ones stay and are compared element by element."""
    return system(form)


def _logic(operator: str, left: Form, right: Form, at: Where) -> Form:
    return Form(f"fhirpath.{_LOGIC[operator]}", BOOLEAN, (truth(left), truth(right)), None, at)


def _union(operator: str, left: Form, right: Form, at: Where) -> Form:
    return union(left, right, at)


def _in(operator: str, left: Form, right: Form, at: Where) -> Form:
    return membership(left, right, at)


def _contains(operator: str, left: Form, right: Form, at: Where) -> Form:
    return membership(right, left, at)


_BINARY: dict[str, Callable[[str, Form, Form, Where], Form]] = {
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys(_COMPARISONS, _compare),
    **dict.fromkeys(_EQUALITY, _equality),
    **dict.fromkeys(_LOGIC, _logic),
    "&": _concatenate,
    "|": _union,
    "in": _in,
    "contains": _contains,
}
