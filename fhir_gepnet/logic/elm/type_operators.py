"""ELM chapter Type Operators: As, Is, Convert and the conversions between System types.

Choice elements are decided here by the FHIR model: ``value as Quantity`` becomes a look-up of
``valueQuantity``. No test asks what Python type a value has where the static type can tell.
"""

from __future__ import annotations

from fhir_gepnet.errors import UnsupportedFeatureError, Where
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, is_null, literal, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, is_kind_of, type_key
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    CONCEPT,
    DATE,
    DATE_TIME,
    DECIMAL,
    FHIR,
    INTEGER,
    LONG,
    QUANTITY,
    RATIO,
    STRING,
    TIME,
    ChoiceOf,
    Form,
    IntervalOf,
    ListOf,
    Named,
    Type,
    is_fhir,
)

_RESOURCES = frozenset({"Resource", "DomainResource"})


@builds("As")
def as_type(node: Node, reading: Reading) -> Form:
    """A value as a type, null when it is of another; with ``strict`` another type is an error."""
    (operand,) = operands_of(node, reading)
    target = reading.named_type(node, "asType")
    form = cast(operand, target, reading.at(node))
    if node.get("strict") and form is not operand:
        return Form("elm.StrictAs", form.type, (operand, form), None, reading.at(node))
    return form


def cast(form: Form, target: Type, at: Where) -> Form:
    """The cast of a form, decided while loading as far as its static type allows.

    Raises:
        UnsupportedFeatureError: the value's type cannot be told, not even per patient.
    """
    of = form.type
    if is_null(form):
        return literal(None, target, at)
    if isinstance(of, ChoiceOf):
        return _choose(form, of, target, at)
    if is_kind_of(of, target):
        return fit(form, target)
    if isinstance(target, ChoiceOf):
        return fit(form, target)
    if of == ANY:
        return Form("elm.AsDynamic", target, (form,), target, at)
    if _is_resource(of) and isinstance(target, Named):
        return Form("elm.AsResource", target, (form,), target.name.removeprefix(FHIR), at)
    if isinstance(of, ListOf) and isinstance(target, ListOf):
        return _cast_list(form, of, target, at)
    if isinstance(of, IntervalOf) and isinstance(target, IntervalOf) and of.point == ANY:
        return Form("elm.AsDynamic", target, (form,), target, at)
    if is_kind_of(target, of):
        problem = f"a {of} cannot be told to be a {target}"
        raise UnsupportedFeatureError(at, problem, "cast the choice element itself")
    return literal(None, target, at)


def _is_resource(of: Type) -> bool:
    return isinstance(of, Named) and of.name.removeprefix(FHIR) in _RESOURCES


def _cast_list(form: Form, of: ListOf, target: ListOf, at: Where) -> Form:
    """A cast of a list holds when every element is of the type; the empty list is of every type."""
    fitted = fit(form, target)
    if fitted is not form:
        return fitted
    return Form("elm.AsListOf", target, (form,), target, at)


def _matching(of: ChoiceOf, target: Type) -> frozenset[str]:
    """Type keys of the choices that are of the target type."""
    return frozenset(type_key(choice) for choice in of.choices if is_kind_of(choice, target))


def _choose(form: Form, of: ChoiceOf, target: Type, at: Where) -> Form:
    keys = _matching(of, target)
    if form.operator == "elm.ChoiceProperty":
        json_keys = tuple(key for key, name in form.detail if FHIR + name in keys)
        if not isinstance(target, ChoiceOf):
            return Form("elm.ChoiceKeys", target, form.operands, json_keys, at)
        kept = tuple(pair for pair in form.detail if FHIR + pair[1] in keys)
        return Form("elm.ChoiceProperty", target, form.operands, kept, at)
    if isinstance(target, ChoiceOf):
        return form if len(keys) == len(of.choices) else Form("elm.KeepChosen", target, (form,), keys, at)
    if target == ANY:
        return form
    return Form("elm.AsChosen", target, (form,), keys, at)


@builds("Is")
def is_type(node: Node, reading: Reading) -> Form:
    """Whether a value is of a type; null is of none."""
    (operand,) = operands_of(node, reading)
    target = reading.named_type(node, "isType")
    at = reading.at(node)
    if operand.operator == "elm.ChoiceProperty":
        chosen = _choose(operand, operand.type, target, at) if isinstance(operand.type, ChoiceOf) else operand
        return Form("elm.Not", BOOLEAN, (Form("elm.IsNull", BOOLEAN, (chosen,), None, at),), None, at)
    if isinstance(operand.type, ChoiceOf):
        return Form("elm.IsChosen", BOOLEAN, (operand,), _matching(operand.type, target), at)
    if operand.type == ANY and not is_null(operand):
        return Form("elm.IsDynamic", BOOLEAN, (operand,), target, at)
    kept = cast(operand, target, at)
    return Form("elm.Not", BOOLEAN, (Form("elm.IsNull", BOOLEAN, (kept,), None, at),), None, at)


_TARGETS: dict[str, Type] = {
    "Boolean": BOOLEAN,
    "Concept": CONCEPT,
    "Date": DATE,
    "DateTime": DATE_TIME,
    "Decimal": DECIMAL,
    "Integer": INTEGER,
    "Long": LONG,
    "Quantity": QUANTITY,
    "Ratio": RATIO,
    "String": STRING,
    "Time": TIME,
}


@builds(*(f"To{name}" for name in _TARGETS))
def conversion(node: Node, reading: Reading) -> Form:
    """Conversion to a System type; null for what cannot be converted."""
    (operand,) = operands_of(node, reading)
    return convert(operand, _TARGETS[node["type"].removeprefix("To")], reading.at(node))


def convert(operand: Form, target: Type, at: Where) -> Form:
    """The conversion of a form to a System type."""
    if operand.type == target:
        return operand
    if is_null(operand):
        return literal(None, target, at)
    name = next(name for name, of in _TARGETS.items() if of == target)
    if isinstance(operand.type, ListOf) and target == CONCEPT:
        return Form("elm.ToConcept", CONCEPT, (operand,), None, at)
    if is_fhir(operand.type):
        problem = f"{operand.type} is converted to {target} without a conversion function"
        raise UnsupportedFeatureError(at, problem, "take its .value, or include the conversions library")
    return Form(f"elm.To{name}", target, (operand,), None, at)


@builds("Convert")
def convert_to(node: Node, reading: Reading) -> Form:
    """``convert x to T``."""
    (operand,) = operands_of(node, reading)
    target = reading.named_type(node, "toType")
    at = reading.at(node)
    if target not in _TARGETS.values():
        raise UnsupportedFeatureError(at, f"conversion to {target} is not supported", "use a function")
    return convert(operand, target, at)


@builds("CanConvert")
def can_convert(node: Node, reading: Reading) -> Form:
    """Whether a conversion would give a value."""
    (operand,) = operands_of(node, reading)
    at = reading.at(node)
    return _converts(operand, reading.named_type(node, "toType"), at)


@builds(*(f"ConvertsTo{name}" for name in _TARGETS))
def converts(node: Node, reading: Reading) -> Form:
    """Whether a conversion would give a value; null of null."""
    (operand,) = operands_of(node, reading)
    return _converts(operand, _TARGETS[node["type"].removeprefix("ConvertsTo")], reading.at(node))


def _converts(operand: Form, target: Type, at: Where) -> Form:
    return Form("elm.Converts", BOOLEAN, (operand, convert(operand, target, at)), None, at)


@builds("ConvertQuantity", "CanConvertQuantity")
def convert_quantity(node: Node, reading: Reading) -> Form:
    """A quantity in another unit; null when the units are not of one dimension."""
    of = QUANTITY if node["type"] == "ConvertQuantity" else BOOLEAN
    return Form(f"elm.{node['type']}", of, operands_of(node, reading), None, reading.at(node))


@builds("ToChars")
def to_chars(node: Node, reading: Reading) -> Form:
    """Characters of a String as a list."""
    return Form("elm.ToChars", ListOf(STRING), operands_of(node, reading), None, reading.at(node))
