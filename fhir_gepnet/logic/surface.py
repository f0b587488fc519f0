"""Values at the surface: what a caller sees, and what a caller may hand in.

``bool``, ``int``, ``Decimal``, ``str``; ISO text for dates and times; ``{"value", "unit"}`` for
quantities; dicts for FHIR elements, tuples, codes and intervals; None for null; lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_gepnet.errors import InvocationError
from fhir_gepnet.fhir.coding import Code, Concept, Vocabulary
from fhir_gepnet.fhir.dates import Date, DateTime, Time, parse_date, parse_date_time, parse_time
from fhir_gepnet.fhir.quantity import Quantity, Ratio, decimal_of
from fhir_gepnet.logic.form import (
    BOOLEAN,
    CODE,
    CONCEPT,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    LONG,
    QUANTITY,
    STRING,
    TIME,
    Chosen,
    IntervalOf,
    ListOf,
    Type,
    is_fhir,
)
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.uncertainty import Uncertainty
from fhir_gepnet.terminology.value_set import ValueSet


def to_plain(value: Any, of: Type | None = None) -> Any:
    """The surface value of an internal one; FHIR JSON passes as it is: do not change it.

    Args:
        of: its static type, which saves looking through FHIR JSON for other values.
    """
    if of is not None:
        if is_fhir(of):
            return value
        if isinstance(of, ListOf) and is_fhir(of.element):
            return None if value is None else list(value)
    write = _WRITERS.get(type(value))
    return value if write is None else write(value)


def _of_tuple(value: dict[str, Any]) -> dict[str, Any]:
    return {name: to_plain(item) for name, item in value.items()}


def _of_code(value: Code) -> dict[str, Any]:
    given = {
        "code": value.code, "system": value.system, "version": value.version, "display": value.display
    }  # fmt: skip
    return {name: item for name, item in given.items() if item is not None}


def _of_concept(value: Concept) -> dict[str, Any]:
    codes = {"codes": [_of_code(code) for code in value.codes]}
    return codes if value.display is None else {**codes, "display": value.display}


def _of_interval(value: Interval) -> dict[str, Any]:
    return {
        "low": to_plain(value.low),
        "high": to_plain(value.high),
        "lowClosed": value.low_closed,
        "highClosed": value.high_closed,
    }


_WRITERS: dict[type, Callable[[Any], Any]] = {
    Date: lambda value: value.text,
    DateTime: lambda value: value.text,
    Time: lambda value: value.text,
    Quantity: lambda value: {"value": value.value, "unit": value.unit},
    Ratio: lambda value: {"numerator": to_plain(value.numerator), "denominator": to_plain(value.denominator)},
    Code: _of_code,
    Concept: _of_concept,
    ValueSet: lambda value: value.canonical,
    Vocabulary: lambda value: f"{value.id}|{value.version}" if value.version else value.id,
    Interval: _of_interval,
    Uncertainty: lambda value: {"low": value.low, "high": value.high, "lowClosed": True, "highClosed": True},
    Chosen: lambda value: to_plain(value.value),
    list: lambda value: [to_plain(item) for item in value],
    dict: _of_tuple,
}


def from_plain(value: Any, of: Type, name: str, offset: int = 0) -> Any:
    """A caller's plain value as a value of a type.

    Args:
        of: the declared type.
        name: of the parameter, for the message.
        offset: minutes east of UTC for a time without a zone.

    Raises:
        InvocationError: the value is not of the type; the message does not repeat the value.
    """
    if value is None:
        return None
    if isinstance(of, ListOf):
        if isinstance(value, list | tuple):
            return [from_plain(item, of.element, name, offset) for item in value]
    elif isinstance(of, IntervalOf):
        if isinstance(value, dict) and {"low", "high"} & set(value):
            low, high = (from_plain(value.get(end), of.point, name, offset) for end in ("low", "high"))
            return Interval(low, high, value.get("lowClosed", True), value.get("highClosed", True), of.point)
    else:
        read = _READERS.get(of)
        found = value if read is None else read(value, offset)
        if found is not None:
            return found
    raise InvocationError(f"parameter {name} takes a {of}; what was given is none")


def _whole(value: Any, offset: int) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _date(value: Any, offset: int) -> Any:
    if isinstance(value, str):
        return parse_date(value)
    return value if isinstance(value, Date) else None


def _date_time(value: Any, offset: int) -> Any:
    if isinstance(value, str):
        return parse_date_time(value, offset)
    return value if isinstance(value, DateTime) else None


def _time(value: Any, offset: int) -> Any:
    if isinstance(value, str):
        return parse_time(value)
    return value if isinstance(value, Time) else None


def _quantity(value: Any, offset: int) -> Any:
    if isinstance(value, Quantity):
        return value
    number = decimal_of(value.get("value")) if isinstance(value, dict) else None
    return None if number is None else Quantity(number, value.get("unit") or "1")


def _code(value: Any, offset: int) -> Any:
    if isinstance(value, Code):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return None
    return Code(value["code"], value.get("system"), value.get("version"), value.get("display"))


def _concept(value: Any, offset: int) -> Any:
    if isinstance(value, Concept):
        return value
    if not isinstance(value, dict):
        return None
    codes = [_code(code, offset) for code in value.get("codes", ())]
    return None if None in codes else Concept(tuple(codes), value.get("display"))


_READERS: dict[Type, Callable[[Any, int], Any]] = {
    BOOLEAN: lambda value, offset: value if isinstance(value, bool) else None,
    INTEGER: _whole,
    LONG: _whole,
    DECIMAL: lambda value, offset: decimal_of(value),
    STRING: lambda value, offset: value if isinstance(value, str) else None,
    DATE: _date,
    DATE_TIME: _date_time,
    TIME: _time,
    QUANTITY: _quantity,
    CODE: _code,
    CONCEPT: _concept,
}
