"""CQL values as FHIR Parameters: what Library/$evaluate answers.

Source: FHIR R4 Parameters; CPG Library/$evaluate and "Using CQL with FHIR", mapping of CQL results.

| CQL | FHIR |
| --- | --- |
| null | ``_valueBoolean`` with data-absent-reason ``unknown`` |
| Boolean, Integer, Decimal, String, Date, DateTime, Time | the value of that name |
| Quantity, Ratio, Code, Concept | Quantity (UCUM), Ratio, Coding, CodeableConcept |
| Interval of Date or DateTime, of Quantity | Period, Range; an open end becomes its neighbour |
| another interval | parts low, high, lowClosed, highClosed |
| List | the parameter repeated; an empty one says cqf-isEmptyList |
| Tuple, a part of a resource | one part per element |
| a FHIR resource or data type | itself |

What the FHIR type does not say, the extension cqf-cqlType does: a list, a Long, a time without its seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.model import choice_keys, fhir_type
from fhir_gepnet.fhir.quantity import UCUM, Quantity, Ratio
from fhir_gepnet.logic import interval as intervals
from fhir_gepnet.logic.form import ANY, FHIR, Chosen, IntervalOf, ListOf, Named, TupleOf, Type
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.uncertainty import Uncertainty
from fhir_gepnet.terminology.value_set import ValueSet

DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"
ABSENT = {"extension": [{"url": DEFINITIONS + "data-absent-reason", "valueCode": "unknown"}]}
UNSUPPORTED = {"extension": [{"url": DEFINITIONS + "data-absent-reason", "valueCode": "unsupported"}]}
EMPTY_LIST = {"extension": [{"url": DEFINITIONS + "cqf-isEmptyList", "valueBoolean": True}]}
EMPTY_TUPLE = {"extension": [{"url": DEFINITIONS + "cqf-isEmptyTuple", "valueBoolean": True}]}
CQL_TYPE = DEFINITIONS + "cqf-cqlType"
INTEGERS = range(-(2**31), 2**31)
DURATIONS = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min"} | {
    "second": "s",
    "millisecond": "ms",
}

Parameter = dict[str, Any]


def parameters_of(name: str, value: Any, of: Type) -> Iterator[Parameter]:
    """One value as parameters of one name; a list gives one per element.

    Args:
        name: of the define.
        value: as the engine holds it (see ``logic/form.py``).
        of: its static type.
    """
    if type(value) is list:
        element = of.element if isinstance(of, ListOf) else of
        # Lists of one and single values look alike, so the type is said.
        said = _typed(str(of if isinstance(of, ListOf) else ListOf(of)))
        if not value:
            yield {"name": name, **said, "_valueBoolean": EMPTY_LIST}
        for item in value:
            inner = list(parameters_of(name, item, element))
            if type(item) is list:
                yield {"name": name, **said, "part": [each | {"name": "element"} for each in inner]}
            else:
                yield {"name": name, **said, **inner[0]}
        return
    yield {"name": name, **_written(value, of)}


def _written(value: Any, of: Type) -> Parameter:
    """The members that carry a value that is no list."""
    if value is None:
        return {"_valueBoolean": ABSENT}
    if isinstance(value, Chosen):
        return _written(value.value, Named(value.type_name))
    if type(value) is dict:
        return _of_dict(value, of)
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    return _of_scalar(value, of)


def _typed(cql_type: str) -> Parameter:
    return {"extension": [{"url": CQL_TYPE, "valueString": cql_type}]}


def _of_scalar(value: Any, of: Type) -> Parameter:
    """JSON scalars: those of FHIR under their own type's name, those of CQL by what they are."""
    key = _fhir_key(of)
    if key is not None and value != "":
        return {key: value}
    if isinstance(value, int) and not isinstance(value, bool) and value not in INTEGERS:
        return _typed("System.Long") | {"valueString": str(value)}
    if value == "":
        # FHIR has no empty string.
        return _typed("System.String") | {"_valueString": UNSUPPORTED}
    return {_SCALARS.get(type(value), "valueDecimal"): value}


def _fhir_key(of: Type) -> str | None:
    """``value[x]`` of a FHIR data type; None for resources, parts of them, and what is not FHIR's."""
    if not isinstance(of, Named) or not of.name.startswith(FHIR):
        return None
    # An enumerated type is a code with a name of its own.
    name = fhir_type(of.name.removeprefix(FHIR))
    return next((key for key, type_name in choice_keys("Extension", "value") if type_name == name), None)


_SCALARS = {bool: "valueBoolean", int: "valueInteger", str: "valueString"}


def _of_dict(value: Mapping[str, Any], of: Type) -> Parameter:
    """A resource, a FHIR data type, a tuple, or a part of a resource."""
    if "resourceType" in value:
        return {"resource": value}
    key = _fhir_key(of)
    if key is not None:
        return {key: value}
    if not value:
        return {"_valueBoolean": EMPTY_TUPLE}
    types: Mapping[str, Type] = dict(of.elements) if isinstance(of, TupleOf) else {}
    said = {} if isinstance(of, TupleOf) else _typed(str(of))
    parts = [part for name, item in value.items() for part in parameters_of(name, item, types.get(name, ANY))]
    return said | {"part": parts}


def _of_quantity(value: Quantity) -> dict[str, Any]:
    """A FHIR Quantity; calendar durations by their UCUM code, whose length differs for month and year."""
    quantity: dict[str, Any] = {"value": value.value}
    if value.unit:
        code = DURATIONS.get(value.unit.rstrip("s"), value.unit)
        quantity |= {"unit": value.unit, "system": UCUM, "code": code}
    return quantity


def _of_coding(value: Code) -> dict[str, Any]:
    given = {"system": value.system, "version": value.version, "code": value.code, "display": value.display}
    return {name: item for name, item in given.items() if item is not None}


def _of_concept(value: Concept) -> Parameter:
    concept: dict[str, Any] = {}
    if value.codes:
        concept["coding"] = [_of_coding(code) for code in value.codes]
    if value.display:
        concept["text"] = value.display
    return {"valueCodeableConcept": concept} if concept else {"_valueBoolean": ABSENT}


def _of_date_time(value: DateTime) -> Parameter:
    if value.precision in ("hour", "minute"):
        return _typed("System.DateTime") | {"valueString": value.text}
    return {"valueDateTime": value.text}


def _of_time(value: Time) -> Parameter:
    text = value.text
    if text.count(":") < 2:
        return _typed("System.Time") | {"valueString": text}
    return {"valueTime": text}


def _of_interval(value: Interval) -> Parameter:
    low = _end(value.low, value.low_closed, intervals.successor, value.point)
    high = _end(value.high, value.high_closed, intervals.predecessor, value.point)
    for name, names, write in (
        ("valuePeriod", ("start", "end"), _period_end),
        ("valueRange", ("low", "high"), _range_end),
    ):
        written = {key: write(each) for key, each in zip(names, (low, high), strict=True) if each is not None}
        if written and None not in written.values():
            return {name: written}
    parts = [
        *parameters_of("low", value.low, value.point),
        {"name": "lowClosed", "valueBoolean": value.low_closed},
        *parameters_of("high", value.high, value.point),
        {"name": "highClosed", "valueBoolean": value.high_closed},
    ]
    return _typed(str(IntervalOf(value.point))) | {"part": parts}


def _end(value: Any, closed: bool, neighbour: Callable[[Any, Type], Any], point: Type) -> Any:
    """An end as a point that is inside; None for no bound."""
    return value if value is None or closed else neighbour(value, point)


def _period_end(value: Any) -> str | None:
    """FHIR dateTime of an end; None when it is none."""
    written = _WRITERS[type(value)](value) if isinstance(value, Date | DateTime) else {}
    return value.text if written and "extension" not in written else None


def _range_end(value: Any) -> dict[str, Any] | None:
    return _of_quantity(value) if isinstance(value, Quantity) else None


def _of_uncertainty(value: Uncertainty) -> Parameter:
    parts = [{"name": "low", "valueInteger": value.low}, {"name": "high", "valueInteger": value.high}]
    return _typed("System.Integer") | {"part": parts}


_WRITERS: dict[type, Callable[[Any], Parameter]] = {
    Date: lambda value: {"valueDate": value.text},
    DateTime: _of_date_time,
    Time: _of_time,
    Quantity: lambda value: {"valueQuantity": _of_quantity(value)},
    Ratio: lambda value: {
        "valueRatio": {
            "numerator": _of_quantity(value.numerator),
            "denominator": _of_quantity(value.denominator),
        }
    },
    Code: lambda value: {"valueCoding": _of_coding(value)},
    Concept: _of_concept,
    ValueSet: lambda value: {"valueCanonical": value.canonical},
    Interval: _of_interval,
    Uncertainty: _of_uncertainty,
}
