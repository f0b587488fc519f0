"""ELM chapters Simple Values and Structured Values: literals, lists, tuples, instances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_gepnet.errors import ArtifactError, TypeMismatchError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir.quantity import Quantity, Ratio
from fhir_gepnet.logic.arithmetic import decimal_result, integer_result, long_result
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, fit_all, literal
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type, joined, read_type
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    CODE,
    CODE_SYSTEM,
    CONCEPT,
    DECIMAL,
    FHIR,
    INTEGER,
    LONG,
    QUANTITY,
    RATIO,
    STRING,
    VALUE_SET,
    VOCABULARY,
    Form,
    ListOf,
    Named,
    TupleOf,
    Type,
)

INSTANCES: dict[Type, dict[str, Type]] = {
    QUANTITY: {"value": DECIMAL, "unit": STRING},
    RATIO: {"numerator": QUANTITY, "denominator": QUANTITY},
    CODE: {"code": STRING, "system": STRING, "version": STRING, "display": STRING},
    CONCEPT: {"codes": ListOf(CODE), "display": STRING},
    VALUE_SET: {"id": STRING, "version": STRING, "name": STRING},
    CODE_SYSTEM: {"id": STRING, "version": STRING, "name": STRING},
    VOCABULARY: {"id": STRING, "version": STRING, "name": STRING},
}
"""System types that an author may build or look into, with their elements."""


def decimal_of(value: Any, at: Where) -> Decimal:
    """A number of ELM JSON: Decimal, int, or (from another JSON reader) float, exact by its repr."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Decimal | int | str):
        return Decimal(value)
    raise ArtifactError(at, "a quantity literal without a number", "translate the CQL again")


@builds("Literal")
def simple(node: Node, reading: Reading) -> Form:
    """Boolean, Integer, Long, Decimal and String literals."""
    at = reading.at(node)
    of = read_type(node["valueType"], at)
    text = str(node.get("value", ""))
    value: Any
    if of == STRING:
        value = text
    elif of == BOOLEAN:
        value = text.lower() == "true"
    elif of in (INTEGER, LONG):
        value = int(text.removesuffix("L"))
        if (integer_result if of == INTEGER else long_result)(value) is None:
            raise TypeMismatchError(at, f"{text} is no {of}", "write a number within its range")
    elif of == DECIMAL:
        value = Decimal(text)
        if decimal_result(value) is not value:
            raise TypeMismatchError(at, f"{text} is no {of}", "write at most 28 digits and 8 places")
    else:
        raise UnsupportedFeatureError(at, f"literals of type {of} are not supported", "use a constructor")
    return literal(value, of, at)


@builds("Quantity")
def quantity(node: Node, reading: Reading) -> Form:
    """A quantity literal; without a unit it is the unit 1."""
    return literal(quantity_value(node, reading.at(node)), QUANTITY, reading.at(node))


def quantity_value(node: Node, at: Where) -> Quantity:
    """The value of a Quantity node."""
    return Quantity(decimal_of(node.get("value"), at), node.get("unit") or "1")


@builds("Ratio")
def ratio(node: Node, reading: Reading) -> Form:
    """A ratio literal."""
    at = reading.at(node)
    value = Ratio(quantity_value(node["numerator"], at), quantity_value(node["denominator"], at))
    return literal(value, RATIO, at)


@builds("List")
def list_of(node: Node, reading: Reading) -> Form:
    """A list selector; its elements are fitted to one element type."""
    elements = [reading.read(element) for element in node.get("element") or ()]
    specifier = node.get("typeSpecifier")
    declared = element_type(reading.type_of(node))
    if specifier:
        declared = read_type(specifier, reading.at(node))
    of = declared if declared != ANY else joined([element.type for element in elements])
    return Form("elm.List", ListOf(of), fit_all(elements, of), None, reading.at(node))


@builds("Tuple")
def tuple_of(node: Node, reading: Reading) -> Form:
    """A tuple selector; detail is the element names in the order of the operands."""
    elements = [(element["name"], reading.read(element["value"])) for element in node.get("element") or ()]
    declared = reading.type_of(node)
    wanted = dict(declared.elements) if isinstance(declared, TupleOf) else {}
    fitted = [(name, fit(form, wanted.get(name, ANY))) for name, form in elements]
    of = TupleOf(tuple((name, wanted.get(name, form.type)) for name, form in fitted))
    return Form(
        "elm.Tuple",
        of,
        tuple(form for _, form in fitted),
        tuple(name for name, _ in fitted),
        reading.at(node),
    )


@builds("Instance")
def instance(node: Node, reading: Reading) -> Form:
    """An instance selector of a System type or of a FHIR type.

    Detail is the element names in the order of the operands. A FHIR instance is JSON: an element
    that is a choice gets its typed key from the type of what is put in.
    """
    at = reading.at(node)
    of = read_type(node["classType"], at)
    elements = [(element["name"], reading.read(element["value"])) for element in node.get("element") or ()]
    known = INSTANCES.get(of)
    if known is not None:
        unknown = [name for name, _ in elements if name not in known]
        if unknown:
            raise ArtifactError(at, f"{of} has no element {unknown[0]}", "mend the instance selector")
        forms = tuple(fit(form, known[name]) for name, form in elements)
        return Form("elm.Instance", of, forms, tuple(name for name, _ in elements), at)
    if isinstance(of, Named) and of.name.startswith(FHIR):
        from fhir_gepnet.logic.elm.properties import json_key

        keys = tuple(json_key(of, name, form.type, at) for name, form in elements)
        return Form("elm.FhirInstance", of, tuple(form for _, form in elements), keys, at)
    raise UnsupportedFeatureError(at, f"instances of {of} are not supported", "use a tuple")
