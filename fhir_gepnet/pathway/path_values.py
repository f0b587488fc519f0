"""Which FHIR element may take which value, and the value in the element's shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_gepnet.errors import EvaluationError, Where
from fhir_gepnet.fhir.model import is_subtype, primitive_of, type_info

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
    "Ratio": frozenset({"System.Ratio"}),
}
SCALARS: dict[str, tuple[type, ...]] = {
    "System.Boolean": (bool,),
    "System.Integer": (int,),
    "System.Decimal": (Decimal, int),
}
"""Python types of a primitive's value; text for all others."""


def may_hold(element_type: str, result_type: str | None) -> bool:
    """Whether an element may take values of a static type; True when the type is not known."""
    if result_type is None or result_type == element_type or result_type == "System.Any":
        return True
    primitive = primitive_of(element_type)
    if primitive is not None:
        return (primitive_of(result_type) or result_type) in TAKEN.get(primitive, frozenset())
    if element_type == "Reference" and is_subtype(result_type, "Resource"):
        return True
    return result_type in TAKEN_WHOLE.get(element_type, frozenset())


def takes_text(element_type: str) -> bool:
    """Whether an element's JSON is a text."""
    primitive = primitive_of(element_type)
    return primitive is not None and primitive not in SCALARS


def value_key(name: str, result_type: str | None, value: Any = None) -> str | None:
    """JSON key of a choice element for a value: ``valueInteger``; None when it is not clear."""
    element_type = ELEMENT_TYPES.get(result_type or "", result_type) or PYTHON_TYPES.get(type(value))
    if element_type is None or element_type.startswith("System."):
        return None
    return name + element_type[0].upper() + element_type[1:]


def fitting(value: Any, element_type: str, primitive: bool, at: Where) -> Any:
    """A plain value in the shape of the element.

    CQL's quantities, ratios, codes, concepts and intervals become FHIR's; a tuple, or FHIR JSON of
    another type, is taken when the element has all of its members; a resource becomes a reference.

    Raises:
        EvaluationError: the formula gave an object where a scalar belongs, the reverse, or members
            that the element does not have.
    """
    if primitive:
        wanted = SCALARS.get(primitive_of(element_type) or "", (str,))
        if type(value) in wanted:
            return value
        raise _misfit(at, element_type, f"one {' or '.join(each.__name__ for each in wanted)}")
    if not isinstance(value, dict):
        raise _misfit(at, element_type, "an object")
    if any(value.get(low) is not None and value.get(f"{low}Closed") is False for low in ("low", "high")):
        raise EvaluationError(at, f"{element_type} holds its ends, and one is outside", "close the interval")
    shaped = SHAPES.get(element_type, dict)(value)
    info = type_info(element_type)
    if info is not None:
        known = {key for each in info.elements.values() for key, _ in each.json_keys}
        strange = [key for key in shaped if key.removeprefix("_") not in known and key != "resourceType"]
        if strange:
            raise _misfit(at, element_type, f"members it has, not {', '.join(sorted(strange))}")
    return {key: copied(each) for key, each in shaped.items() if each is not None}


def copied(value: Any) -> Any:
    """A deep copy of JSON: later writes into it reach neither the patient's data nor the artefact."""
    if isinstance(value, Mapping):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def _misfit(at: Where, element_type: str, wanted: str) -> EvaluationError:
    # Names of members are the formula's, never the patient's.
    return EvaluationError(
        at, f"{element_type} takes {wanted}; the formula gave something else", "convert it"
    )


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


def _period(value: Mapping[str, Any]) -> dict[str, Any]:
    """CQL's closed interval of dates or times -> Period; a null end is left out."""
    if "lowClosed" not in value:
        return dict(value)
    ends = {"start": value.get("low"), "end": value.get("high")}
    return {name: each for name, each in ends.items() if each is not None}


def _range(value: Mapping[str, Any]) -> dict[str, Any]:
    """CQL's interval of quantities -> Range."""
    if "lowClosed" not in value:
        return dict(value)
    ends = {"low": value.get("low"), "high": value.get("high")}
    return {name: _quantity(each) for name, each in ends.items() if isinstance(each, dict)}


def _ratio(value: Mapping[str, Any]) -> dict[str, Any]:
    """Both of CQL's quantities -> FHIR's."""
    return {name: _quantity(each) if isinstance(each, dict) else each for name, each in value.items()}


def _reference(value: Mapping[str, Any]) -> dict[str, Any]:
    """A resource -> its reference; a Reference stays as it is."""
    if "resourceType" in value and "id" in value:
        return {"reference": f"{value['resourceType']}/{value['id']}"}
    return dict(value)


SHAPES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Quantity": _quantity,
    "SimpleQuantity": _quantity,
    "Duration": _quantity,
    "Age": _quantity,
    "CodeableConcept": _concept,
    "Period": _period,
    "Range": _range,
    "Ratio": _ratio,
    "Reference": _reference,
}
