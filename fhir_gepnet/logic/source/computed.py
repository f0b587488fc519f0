"""Emitters of operators that are one pure function of values that are not null."""

from __future__ import annotations

from functools import partial

from fhir_gepnet.logic import arithmetic
from fhir_gepnet.logic.closures.elm_arithmetic import arithmetic_of
from fhir_gepnet.logic.closures.elm_date_time import date_of_moment, date_time_from
from fhir_gepnet.logic.closures.elm_strings import split_at
from fhir_gepnet.logic.closures.elm_structures import MAKERS
from fhir_gepnet.logic.closures.elm_types import CONVERSIONS
from fhir_gepnet.logic.form import STRING, Form
from fhir_gepnet.logic.ordering import extreme
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer

_OF_ONE = {
    **CONVERSIONS,
    "elm.DateFrom": date_of_moment,
    "elm.Max": partial(extreme, sign=1),
    "elm.Min": partial(extreme, sign=-1),
    "elm.Truncate": arithmetic.truncate,
}


@emits(*_OF_ONE)
def of_one(form: Form, writer: Writer) -> str:
    """A function of one value; null of null."""
    compute = writer.constant(_OF_ONE[form.operator])
    return writer.unless_null(form.operands[0], lambda value: f"{compute}({value})")


@emits("elm.Add", "elm.Subtract", "elm.Multiply", "elm.Divide", "elm.TruncatedDivide", "elm.Modulo")
def of_two(form: Form, writer: Writer) -> str:
    """Arithmetic of two operands; null beside null."""
    if form.type == STRING:
        return writer.called(form)
    known = [writer.never_null(operand) for operand in form.operands]
    left, right = writer.operands(form.operands)
    compute = writer.constant(arithmetic_of(form))
    if all(known):
        return f"{compute}({left}, {right})"
    if form.operands[1].operator == "elm.Literal" and known[1]:
        one, again = writer.twice(left)
        return f"(None if {one} is None else {compute}({again}, {right}))"
    one, other = writer.kept(left), writer.kept(right)
    return f"(None if {one} is None or {other} is None else {compute}({one}, {other}))"


@emits("elm.DateTime")
def date_time(form: Form, writer: Writer) -> str:
    """A DateTime from its components; without an offset, or with a null one, it has the evaluation's."""
    zoned = bool(form.detail) and form.detail[-1] == "timezoneOffset"
    zone = form.operands[-1].detail if zoned else None
    if zoned and form.operands[-1].operator != "elm.Literal":
        return writer.closed(form)
    values = writer.operands(form.operands[:-1] if zoned else form.operands)
    offset = "scope.offset" if zone is None else writer.constant(int(zone * 60))
    return f"{writer.constant(date_time_from)}([{', '.join(values)}], {offset})"


@emits("elm.Split")
def split(form: Form, writer: Writer) -> str:
    """A text cut at every separator."""
    text, separator = form.operands
    if separator.operator != "elm.Literal":
        return writer.closed(form)
    cut, at = writer.constant(split_at), writer.constant(separator.detail)
    return writer.unless_null(text, lambda value: f"{cut}({value}, {at})")


@emits("elm.DateTimeComponentFrom")
def component(form: Form, writer: Writer) -> str:
    """One component of a date or time, by its name."""
    name = writer.word(form.detail)
    return writer.unless_null(form.operands[0], lambda value: f"getattr({value}, {name}, None)")


@emits("elm.Instance")
def instance(form: Form, writer: Writer) -> str:
    """A System value from its elements."""
    values = writer.operands(form.operands)
    pairs = (f"{writer.constant(name)}: {value}" for name, value in zip(form.detail, values, strict=True))
    return f"{writer.constant(MAKERS[form.type])}(**{{{', '.join(pairs)}}})"
