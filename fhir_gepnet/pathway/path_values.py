"""Which FHIR element may take which value, and the value in the element's shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_gepnet.errors import EvaluationError, Where
from fhir_gepnet.fhir.model import primitive_of

UCUM = "http://unitsofmeasure.org"

ELEMENT_TYPES: dict[str, str] = {
    "System.Boolean": "boolean",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.String": "string",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
    "System.Quantity": "Quantity",
    "System.Code": "Coding",
    "System.Concept": "CodeableConcept",
}
"""The FHIR type in which a System value is written when a choice leaves it open."""

PYTHON_TYPES: dict[type, str] = {bool: "boolean", int: "integer", Decimal: "decimal", str: "string"}

TAKEN: dict[str, frozenset[str]] = {
    "System.Boolean": frozenset({"System.Boolean"}),
    "System.Integer": frozenset({"System.Integer"}),
    "System.Decimal": frozenset({"System.Decimal", "System.Integer"}),
    "System.String": frozenset({"System.String"}),
    "System.Date": frozenset({"System.Date"}),
    "System.DateTime": frozenset({"System.DateTime", "System.Date"}),
    "System.Time": frozenset({"System.Time"}),
}
TAKEN_WHOLE: dict[str, frozenset[str]] = {
    "Quantity": frozenset({"System.Quantity"}),
    "SimpleQuantity": frozenset({"System.Quantity", "Quantity"}),
    "Duration": frozenset({"System.Quantity", "Quantity"}),
    "Age": frozenset({"System.Quantity", "Quantity"}),
    "Coding": frozenset({"System.Code"}),
    "CodeableConcept": frozenset({"System.Concept", "System.Code", "Coding"}),
}


def may_hold(element_type: str, result_type: str | None) -> bool:
    """Whether an element may take values of a static type; True when the type is not known."""
    if result_type is None or result_type == element_type or result_type == "System.Any":
        return True
    primitive = primitive_of(element_type)
    if primitive is not None:
        return (primitive_of(result_type) or result_type) in TAKEN.get(primitive, frozenset())
    return result_type in TAKEN_WHOLE.get(element_type, frozenset())


def value_key(name: str, result_type: str | None, value: Any = None) -> str | None:
    """JSON key of a choice element for a value: ``valueInteger``; None when it is not clear."""
    element_type = ELEMENT_TYPES.get(result_type or "", result_type) or PYTHON_TYPES.get(type(value))
    if element_type is None or element_type.startswith("System."):
        return None
    return name + element_type[0].upper() + element_type[1:]


def fitting(value: Any, element_type: str, primitive: bool, at: Where) -> Any:
    """A plain value in the shape of the element.

    Raises:
        EvaluationError: the formula gave an object where a scalar belongs, or the reverse.
    """
    if primitive != isinstance(value, dict):
        return value if primitive else _shaped(value, element_type)
    wanted = "one scalar" if primitive else "an object"
    raise EvaluationError(
        at, f"{element_type} takes {wanted}, and the formula gave something else", "convert it"
    )


def _shaped(value: dict[str, Any], element_type: str) -> dict[str, Any]:
    return SHAPES.get(element_type, dict)(value)


def _quantity(value: Mapping[str, Any]) -> dict[str, Any]:
    """CQL's value and UCUM unit -> FHIR Quantity; a FHIR Quantity stays as it is."""
    if set(value) == {"value", "unit"}:
        return {"value": value["value"], "unit": value["unit"], "system": UCUM, "code": value["unit"]}
    return dict(value)


def _concept(value: Mapping[str, Any]) -> dict[str, Any]:
    """CQL Concept, Code or FHIR Coding -> CodeableConcept."""
    if "code" in value:
        return {"coding": [dict(value)]}
    if "codes" not in value:
        return dict(value)
    concept: dict[str, Any] = {"coding": [dict(code) for code in value["codes"]]}
    if value.get("display") is not None:
        concept["text"] = value["display"]
    return concept


SHAPES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Quantity": _quantity,
    "SimpleQuantity": _quantity,
    "Duration": _quantity,
    "Age": _quantity,
    "CodeableConcept": _concept,
}
