"""Emitters of lists, tuples and elements of FHIR JSON."""

from __future__ import annotations

from decimal import Decimal

from fhir_gepnet.fhir.dates import parse_date, parse_date_time, parse_time
from fhir_gepnet.fhir.quantity import decimal_of
from fhir_gepnet.logic.form import DATE, DATE_TIME, DECIMAL, TIME, Form
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer


@emits("elm.List")
def list_of(form: Form, writer: Writer) -> str:
    """A list of the operands' values."""
    return f"[{', '.join(writer.operands(form.operands))}]"


@emits("elm.Tuple")
def tuple_of(form: Form, writer: Writer) -> str:
    """A dict of element name to value."""
    values = writer.operands(form.operands)
    pairs = (f"{writer.word(name)}: {value}" for name, value in zip(form.detail, values, strict=True))
    return f"{{{', '.join(pairs)}}}"


@emits("elm.Property", "elm.TupleElement")
def element(form: Form, writer: Writer) -> str:
    """One element of FHIR JSON or of a tuple."""
    name = writer.word(form.detail)
    return writer.unless_null(form.operands[0], lambda held: f"{held}.get({name})")


@emits("elm.PrimitiveValue")
def primitive(form: Form, writer: Writer) -> str:
    """The System value of a FHIR primitive."""
    (source,) = form.operands
    if form.type == DECIMAL:
        first, again = writer.twice(writer.emit(source))
        read, decimal = writer.constant(decimal_of), writer.constant(Decimal)
        return f"({again} if type({first}) is {decimal} else {read}({again}))"
    if form.type == DATE_TIME:
        read = writer.constant(parse_date_time)
        return writer.unless_null(source, lambda value: f"{read}({value}, scope.offset)")
    if form.type in (DATE, TIME):
        read = writer.constant(parse_date if form.type == DATE else parse_time)
        return writer.unless_null(source, lambda value: f"{read}({value})")
    return writer.emit(source)
