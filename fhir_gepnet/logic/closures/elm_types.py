"""Closures of the Type chapter: casts that wait for the patient, and conversions between System types."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.fhir.dates import Date, DateTime, Time, parse_date, parse_date_time, parse_time
from fhir_gepnet.fhir.model import is_subtype
from fhir_gepnet.fhir.quantity import Quantity, Ratio, converted
from fhir_gepnet.logic import arithmetic
from fhir_gepnet.logic.closures.elm_arithmetic import unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.elm.type_specifiers import is_kind_of, type_key
from fhir_gepnet.logic.form import (
    BOOLEAN,
    CODE,
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
    Chosen,
    Form,
    IntervalOf,
    ListOf,
    Named,
    TupleOf,
    Type,
)
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_PYTHON_TYPES: dict[type, Type] = {
    bool: BOOLEAN,
    int: INTEGER,
    Decimal: DECIMAL,
    str: STRING,
    Date: DATE,
    DateTime: DATE_TIME,
    Time: TIME,
    Quantity: QUANTITY,
    Ratio: RATIO,
    Code: CODE,
    Concept: CONCEPT,
}


def is_of(value: Any, target: Type) -> bool:
    """Whether a value of no static type (Any) is of a type.

    Never of a FHIR type other than a resource: nothing in the JSON says so.
    """
    if isinstance(value, Chosen):
        return is_kind_of(Named(value.type_name), target)
    if isinstance(target, ListOf):
        return isinstance(value, list) and all(item is None or is_of(item, target.element) for item in value)
    if isinstance(target, IntervalOf):
        if not isinstance(value, Interval):
            return False
        return all(end is None or is_of(end, target.point) for end in (value.low, value.high))
    if isinstance(target, TupleOf):
        return isinstance(value, dict) and set(value) == {name for name, _ in target.elements}
    if isinstance(target, Named) and target.name.startswith(FHIR) and isinstance(value, dict):
        held = value.get("resourceType")
        return isinstance(held, str) and is_subtype(held, target.name.removeprefix(FHIR))
    own = _PYTHON_TYPES.get(type(value))
    return own == target or (own == INTEGER and target == LONG)


@closes("elm.AsDynamic")
def as_dynamic(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A value of no static type as a type, null when it is of another. Detail: the type."""
    target: Type = form.detail

    def run(value: Any) -> Any:
        if not is_of(value, target):
            return None
        return _untold(value, target)

    return unary(operands[0], run)


def _untold(value: Any, target: Type) -> Any:
    """A value of a known type: what told its type is left out, unless the type is a choice."""
    if isinstance(value, Chosen):
        return value if isinstance(target, ChoiceOf) else value.value
    if isinstance(value, list) and isinstance(target, ListOf):
        return [_untold(item, target.element) for item in value]
    return value


@closes("elm.IsDynamic")
def is_dynamic(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a value of no static type is of a type. Detail: the type."""
    target: Type = form.detail
    (source,) = operands

    def run(frame: Frame) -> Any:
        value = source(frame)
        return value is not None and is_of(value, target)

    return run


@closes("elm.AsResource")
def as_resource(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A resource as one type, null when it is another. Detail: the resource type."""
    wanted: str = form.detail
    return unary(operands[0], lambda held: held if is_subtype(held.get("resourceType", ""), wanted) else None)


@closes("elm.AsListOf")
def as_list_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A list whose elements are all of the element type, else null. Detail: the list type."""
    return as_dynamic(form, operands, program)


@closes("elm.AsChosen")
def as_chosen(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The value of a ``Chosen`` that is of one of these types. Detail: type keys."""
    keys: frozenset[str] = form.detail
    return unary(operands[0], lambda held: held.value if held.type_name in keys else None)


@closes("elm.KeepChosen")
def keep_chosen(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A ``Chosen`` that is of one of these types, else null. Detail: type keys."""
    keys: frozenset[str] = form.detail
    return unary(operands[0], lambda held: held if held.type_name in keys else None)


@closes("elm.IsChosen")
def is_chosen(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a ``Chosen`` is of one of these types; null is not. Detail: type keys."""
    keys: frozenset[str] = form.detail
    (source,) = operands

    def run(frame: Frame) -> Any:
        held = source(frame)
        return held is not None and held.type_name in keys

    return run


def _choose(value: Any, key: str | None) -> Any:
    if value is None or isinstance(value, Chosen):
        return value
    if key is None:
        own = _PYTHON_TYPES.get(type(value))
        if own is None:
            raise TypeError("a value of unknown type cannot be one of a choice")
        key = type_key(own)
    return Chosen(value, key)


@closes("elm.ToChoice")
def to_choice(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A value as one of a choice. Detail: its type key, None when only the value can tell."""
    key: str | None = form.detail
    (source,) = operands
    return lambda frame: _choose(source(frame), key)


@closes("elm.ToListOf")
def to_list_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A list with every element as one of a choice, or as a Decimal."""
    of = form.operands[0].type
    if isinstance(form.type, ListOf) and form.type.element == DECIMAL:
        return unary(operands[0], lambda items: [None if item is None else Decimal(item) for item in items])
    key = type_key(of.element) if isinstance(of, ListOf) else None
    return unary(operands[0], lambda items: [_choose(item, key) for item in items])


@closes("elm.ToIntervalOf")
def to_interval_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An interval whose points become Decimals, or one of a choice."""

    of = form.operands[0].type
    key = type_key(of.point) if isinstance(of, IntervalOf) else None
    point = form.type.point if isinstance(form.type, IntervalOf) else DECIMAL
    change = Decimal if point == DECIMAL else lambda end: _choose(end, key)

    def run(value: Interval) -> Interval:
        low, high = (None if end is None else change(end) for end in (value.low, value.high))
        return Interval(low, high, value.low_closed, value.high_closed, point)

    return unary(operands[0], run)


@closes("elm.StrictAs")
def strict_as(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A cast that breaks when the value is of another type. Operands: the value, the cast."""
    value, cast = operands

    def run(frame: Frame) -> Any:
        found = cast(frame)
        if found is None and value(frame) is not None:
            raise TypeError("a value is not of the type that it is cast to")
        return found

    return run


@closes("elm.Converts")
def converts(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a conversion gives a value; null of null. Operands: the value, the conversion."""
    value, conversion = operands
    return lambda frame: None if value(frame) is None else conversion(frame) is not None


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']*)'|([A-Za-z]+))?", re.ASCII)
_OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)$", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


def _to_boolean(value: Any) -> Any:
    if isinstance(value, str):
        text = value.lower()
        return True if text in _TRUE else False if text in _FALSE else None
    return True if value == 1 else False if value == 0 else None


def _whole_within(limit: Callable[[int], int | None]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        if isinstance(value, str):
            return limit(int(value)) if _WHOLE.fullmatch(value) else None
        return limit(int(value)) if isinstance(value, bool | int) else None

    return run


def _to_decimal(value: Any) -> Any:
    if isinstance(value, str):
        return arithmetic.decimal_result(Decimal(value)) if _NUMBER.fullmatch(value) else None
    return Decimal(value)


def to_text(value: Any) -> str | None:
    """ToString: the CQL text of a System value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Quantity):
        calendar = value.unit.isalpha() and value.unit.rstrip("s") in _DURATIONS
        return f"{value.value:f} {value.unit}" if calendar else f"{value.value:f} '{value.unit}'"
    if isinstance(value, Ratio):
        return f"{to_text(value.numerator)}:{to_text(value.denominator)}"
    if isinstance(value, Date | DateTime | Time):
        return value.text
    return str(value)


_DURATIONS = frozenset({"year", "month", "week", "day", "hour", "minute", "second", "millisecond"})


def _to_quantity(value: Any) -> Any:
    if isinstance(value, str):
        found = _QUANTITY.fullmatch(value.strip())
        if found is None:
            return None
        unit = found[2] or found[3] or "1"
        if found[3] and unit.rstrip("s") not in _DURATIONS:
            return None
        number = arithmetic.decimal_result(Decimal(found[1]))
        return None if number is None else Quantity(number, unit)
    if isinstance(value, Ratio):
        return arithmetic.divide_quantities(value.numerator, value.denominator)
    return Quantity(Decimal(value), "1")


def _to_ratio(value: Any) -> Any:
    parts = value.split(":") if isinstance(value, str) else ()
    if len(parts) != 2:
        return None
    numerator, denominator = (_to_quantity(part) for part in parts)
    return None if numerator is None or denominator is None else Ratio(numerator, denominator)


def _to_date(value: Any) -> Any:
    if isinstance(value, str):
        found = parse_date_time(value)
        return parse_date(value) if found is None or found.depth <= 3 else None
    return value.date if isinstance(value, DateTime) else value


def _to_time(value: Any) -> Any:
    if isinstance(value, DateTime):
        return Time(*value.components[3:]) if value.depth > 3 else None
    return parse_time(_OFFSET.sub("", value)) if isinstance(value, str) else value


def _to_concept(value: Any) -> Any:
    codes = value if isinstance(value, list) else [value]
    return Concept(tuple(code for code in codes if code is not None), None)


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "elm.ToBoolean": _to_boolean,
    "elm.ToConcept": _to_concept,
    "elm.ToDate": _to_date,
    "elm.ToDecimal": _to_decimal,
    "elm.ToInteger": _whole_within(arithmetic.integer_result),
    "elm.ToLong": _whole_within(arithmetic.long_result),
    "elm.ToQuantity": _to_quantity,
    "elm.ToRatio": _to_ratio,
    "elm.ToString": to_text,
    "elm.ToTime": _to_time,
}


@closes(*CONVERSIONS)
def conversion(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Conversion of a System value; null for what cannot be converted."""
    return unary(operands[0], CONVERSIONS[form.operator])


def _at_offset(value: Date, offset: int) -> DateTime:
    return DateTime(value.year, value.month, value.day, offset=offset)


@closes("elm.ToDateTime")
def to_date_time(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Conversion to DateTime; text or a date without an offset gets the evaluation's."""
    (source,) = operands

    def run(frame: Frame) -> Any:
        value = source(frame)
        if isinstance(value, str):
            return parse_date_time(value, frame[0].offset)
        return _at_offset(value, frame[0].offset) if isinstance(value, Date) else value

    return run


@closes("elm.ConvertQuantity", "elm.CanConvertQuantity")
def convert_quantity(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A quantity in another unit, or whether there is such a conversion."""
    quantity, unit = operands
    asked = form.operator == "elm.CanConvertQuantity"

    def run(frame: Frame) -> Any:
        value, target = quantity(frame), unit(frame)
        if value is None or target is None:
            return None
        found = converted(value, target)
        return found is not None if asked else found

    return run


@closes("elm.Message")
def message(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The source as it is; with severity Error and a true condition it breaks the evaluation.

    Traces, messages and warnings leave no mark: their text may hold what the patient's data say.
    """
    source, condition, _, severity, _ = operands

    def run(frame: Frame) -> Any:
        if condition(frame) is True and severity(frame) == "Error":
            raise ValueError("the library raised an error message")
        return source(frame)

    return run
