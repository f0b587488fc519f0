"""Closures of literals, lists, tuples, instances and their elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.coding import Code, Concept, Vocabulary
from fhir_gepnet.fhir.dates import parse_date, parse_date_time, parse_time
from fhir_gepnet.fhir.quantity import Quantity, Ratio, decimal_of
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import (
    CODE,
    CODE_SYSTEM,
    CONCEPT,
    DATE,
    DATE_TIME,
    DECIMAL,
    QUANTITY,
    RATIO,
    TIME,
    VALUE_SET,
    VOCABULARY,
    Chosen,
    Form,
    Type,
)
from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.terminology.value_set import ValueSet

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Literal")
def literal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A constant. Detail: the value."""
    value = form.detail
    return lambda frame: value


@closes("elm.SlotRef")
def slot(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """What an alias, let or operand holds. Detail: its slot."""
    number: int = form.detail
    return lambda frame: frame[number]


@closes("elm.List")
def list_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A list of the operands' values."""
    parts = tuple(operands)
    return lambda frame: [part(frame) for part in parts]


@closes("elm.Tuple")
def tuple_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A dict of element name to value."""
    template = dict.fromkeys(form.detail)
    parts = []
    for name, operand, part in zip(form.detail, form.operands, operands, strict=True):
        if operand.operator == "elm.Literal":
            template[name] = operand.detail
        else:
            parts.append((name, part))

    def run(frame: Frame) -> Any:
        made = template.copy()
        for name, part in parts:
            made[name] = part(frame)
        return made

    return run


@closes("elm.TupleElement")
def tuple_element(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """One element of a tuple. Detail: its name."""
    (source,) = operands
    name: str = form.detail

    def run(frame: Frame) -> Any:
        held = source(frame)
        return None if held is None else held.get(name)

    return run


def _quantity(value: Any = None, unit: Any = None) -> Quantity | None:
    return None if value is None else Quantity(value, "1" if unit is None else unit)


def _ratio(numerator: Any = None, denominator: Any = None) -> Ratio | None:
    return None if numerator is None or denominator is None else Ratio(numerator, denominator)


def _code(code: Any = None, system: Any = None, version: Any = None, display: Any = None) -> Code | None:
    return None if code is None else Code(code, system, version, display)


def _concept(codes: Any = None, display: Any = None) -> Concept:
    return Concept(tuple(code for code in codes or () if code is not None), display)


def _vocabulary(id: Any = None, version: Any = None, name: Any = None) -> Vocabulary | None:
    return None if id is None else Vocabulary(id, version, name)


MAKERS: dict[Type, Callable[..., Any]] = {
    QUANTITY: _quantity,
    RATIO: _ratio,
    CODE: _code,
    CONCEPT: _concept,
    VALUE_SET: _vocabulary,
    CODE_SYSTEM: _vocabulary,
    VOCABULARY: _vocabulary,
}


@closes("elm.Instance")
def instance(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A System value from its elements; null when the element that makes it a value is null."""
    make = MAKERS[form.type]
    parts = tuple(zip(form.detail, operands, strict=True))
    return lambda frame: make(**{name: part(frame) for name, part in parts})


def _json(value: Any) -> Any:
    """A System value put into FHIR JSON."""
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.text if hasattr(value, "text") else value


@closes("elm.FhirInstance")
def fhir_instance(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """FHIR JSON from elements that are not null; of a primitive its value. Detail: JSON keys."""
    if form.detail == ("",):
        (value,) = operands
        return lambda frame: _json(value(frame))
    parts = tuple(zip(form.detail, operands, strict=True))

    def run(frame: Frame) -> Any:
        found = ((key, part(frame)) for key, part in parts)
        return {key: _json(value) for key, value in found if value is not None}

    return run


@closes("elm.Attribute")
def attribute(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """One element of a Quantity, Ratio, Code, Concept or ValueSet. Detail: its name."""
    (source,) = operands
    name: str = form.detail

    def run(frame: Frame) -> Any:
        held = source(frame)
        if held is None:
            return None
        # An expanded value set goes by its URL; what a library calls it is no part of it.
        value = held.url if name == "id" and type(held) is ValueSet else getattr(held, name)
        return list(value) if type(value) is tuple else value

    return run


@closes("elm.Property")
def element(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """One element of FHIR JSON. Detail: its name."""
    name: str = form.detail
    if form.operands[0].operator == "elm.SlotRef":
        number: int = form.operands[0].detail

        def of_slot(frame: Frame) -> Any:
            held = frame[number]
            return None if held is None else held.get(name)

        return of_slot
    (source,) = operands

    def run(frame: Frame) -> Any:
        held = source(frame)
        return None if held is None else held.get(name)

    return run


@closes("elm.ChoiceKeys")
def choice_of_type(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A choice element as one type. Detail: the JSON keys that hold it."""
    (source,) = operands
    keys: tuple[str, ...] = form.detail
    if len(keys) == 1:
        return element(Form("elm.Property", form.type, form.operands, keys[0], form.at), operands, program)

    def run(frame: Frame) -> Any:
        held = source(frame)
        if held is None:
            return None
        return next((held[key] for key in keys if held.get(key) is not None), None)

    return run


@closes("elm.ChoiceProperty")
def choice(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A choice element as ``Chosen``. Detail: pairs of JSON key and FHIR type name."""
    (source,) = operands
    pairs = tuple((key, "{http://hl7.org/fhir}" + name) for key, name in form.detail)

    def run(frame: Frame) -> Any:
        held = source(frame)
        if held is None:
            return None
        for key, name in pairs:
            value = held.get(key)
            if value is not None:
                return Chosen(value, name)
        return None

    return run


@closes("elm.PropertyOfChoice")
def element_of_choice(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An element of a ``Chosen``. Detail: slot for the value, type keys of the operands after the first."""
    source, *readers = operands
    number, keys = form.detail
    by_type = dict(zip(keys, readers, strict=True))

    def run(frame: Frame) -> Any:
        held = source(frame)
        if held is None:
            return None
        read = by_type.get(held.type_name)
        if read is None:
            return None
        frame[number] = held.value
        return read(frame)

    return run


@closes("elm.IntervalEnd")
def interval_end(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """An end of an interval as it was given, or whether it is closed. Detail: the element's name."""
    (source,) = operands
    name = {"low": "low", "high": "high", "lowClosed": "low_closed", "highClosed": "high_closed"}[form.detail]

    def run(frame: Frame) -> Any:
        held = source(frame)
        return None if held is None else getattr(held, name)

    return run


@closes("elm.PrimitiveValue")
def primitive(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The System value of a FHIR primitive; text that cannot be read as a date is null."""
    (source,) = operands
    of = form.type
    if of == DECIMAL:

        def number(frame: Frame) -> Any:
            value = source(frame)
            return value if type(value) is Decimal else decimal_of(value)

        return number
    if of == DATE_TIME:

        def date_time(frame: Frame) -> Any:
            value = source(frame)
            return None if value is None else parse_date_time(value, frame[0].offset)

        return date_time
    if of in (DATE, TIME):
        read = parse_date if of == DATE else parse_time

        def moment(frame: Frame) -> Any:
            value = source(frame)
            return None if value is None else read(value)

        return moment
    return source
