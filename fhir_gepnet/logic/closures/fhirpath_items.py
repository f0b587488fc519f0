"""Items of FHIRPath collections at run time, and their System values.

How an item looks follows from the static type of its collection (``logic/form.py``). Where the
static type is Any or a choice, an item tells its type itself: System values by their Python
type, resources by ``resourceType``, all other FHIR elements as ``Element``. A primitive that
has extensions, or only extensions, is an ``Element`` everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_gepnet.errors import EvaluationError, Where
from fhir_gepnet.fhir.dates import Date, DateTime, Time, parse_date, parse_time
from fhir_gepnet.fhir.quantity import Quantity, decimal_of, quantity_of
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.crossings import system_type_of
from fhir_gepnet.logic.fhirpath.moments import Unzoned, read_date_time
from fhir_gepnet.logic.form import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    SYSTEM,
    TIME,
    Named,
    Type,
)

_SMALL = 10**18


class Element(NamedTuple):
    """A FHIR element with its type; ``companion`` is the ``_name`` object of a primitive, or None."""

    value: Any
    type_name: str
    companion: Any = None


SYSTEM_NAMES: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    Decimal: "Decimal",
    float: "Decimal",
    str: "String",
    Date: "Date",
    DateTime: "DateTime",
    Unzoned: "DateTime",
    Time: "Time",
    Quantity: "Quantity",
}
"""Python type of a System value -> name of its System type."""

PYTHON_TYPES: dict[Type, tuple[type, ...]] = {}
for _python, _name in SYSTEM_NAMES.items():
    _type = Named(SYSTEM + _name)
    PYTHON_TYPES[_type] = (*PYTHON_TYPES.get(_type, ()), _python)


def _text(value: Any) -> Any:
    return value if type(value) is str else None


def _boolean(value: Any) -> Any:
    return value if type(value) is bool else None


def _integer(value: Any) -> Any:
    return value if type(value) is int else None


def _decimal(value: Any) -> Any:
    if type(value) is int and -_SMALL < value < _SMALL:
        return Decimal(value)
    return decimal_of(value)


def _date(value: Any) -> Any:
    return parse_date(value) if type(value) is str else None


def _date_time(value: Any) -> Any:
    return read_date_time(value) if type(value) is str else None


def _time(value: Any) -> Any:
    return parse_time(value) if type(value) is str else None


READERS: dict[Type, Callable[[Any], Any]] = {
    STRING: _text,
    BOOLEAN: _boolean,
    INTEGER: _integer,
    DECIMAL: _decimal,
    DATE: _date,
    DATE_TIME: _date_time,
    TIME: _time,
    QUANTITY: quantity_of,
}
"""System type -> JSON value to System value; None for what cannot be read, which is unknown."""


def reader_of(type_name: str) -> Callable[[Any], Any] | None:
    """How values of a FHIR type become System values; None for types that stay as they are."""
    kind = system_type_of(type_name)
    return None if kind is None else READERS[kind]


def system_value(item: Any) -> Any:
    """The System value of an item that tells its type; complex items stay; None for no value."""
    kind = type(item)
    if kind is Element:
        if item.value is None:
            return None
        read = reader_of(item.type_name)
        return item if read is None else read(item.value)
    if kind is float:
        return decimal_of(item)
    if kind is dict and "resourceType" not in item and _is_quantity(item):
        return quantity_of(item)
    return item


def _is_quantity(item: dict[str, Any]) -> bool:
    """A variable that the caller gave as ``{"value", "unit"}``, the surface form of a quantity."""
    return "value" in item and item.keys() <= {"value", "unit", "code", "system", "comparator"}


def type_name_of(item: Any) -> tuple[str, str]:
    """(model, type name) of an item that tells its type."""
    kind = type(item)
    if kind is Element:
        return "FHIR", fhir_type_name(item.type_name)
    if kind is dict:
        return ("FHIR", item["resourceType"]) if "resourceType" in item else ("", "")
    name = SYSTEM_NAMES.get(kind)
    return ("System", name) if name is not None else ("", "")


def fhir_type_name(type_name: str) -> str:
    """What ``type().name`` says of a model type: parts of resources are BackboneElements."""
    if "." not in type_name:
        return type_name
    return "BackboneElement" if schema.is_subtype(type_name, "BackboneElement") else "Element"


def fhir_type_of_item(item: Any) -> str:
    """FHIR type of an item that tells its type, "" for others."""
    kind = type(item)
    if kind is Element:
        type_name: str = item.type_name
        return type_name
    if kind is dict:
        resource_type = item.get("resourceType")
        return resource_type if type(resource_type) is str else ""
    return ""


def json_value(item: Any) -> Any:
    """The JSON value of an item."""
    return item.value if type(item) is Element else item


def several(at: Where, count: int) -> EvaluationError:
    """The error of an operation on one item that met more."""
    return EvaluationError(
        at, f"one item is needed here, and there are {count}", "choose one with first(), where() or an index"
    )


def unfit(
    at: Where, problem: str, remedy: str = "convert it first, or name another element"
) -> EvaluationError:
    """A value of a type that the operation cannot take; the value itself is never shown."""
    return EvaluationError(at, problem, remedy)
