"""Emitters of references: definitions (memoised), parameters, functions, slots, constants."""

from __future__ import annotations

from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer


@emits("elm.Literal")
def literal(form: Form, writer: Writer) -> str:
    """A constant."""
    return writer.constant(form.detail)


@emits("elm.SlotRef")
def slot(form: Form, writer: Writer) -> str:
    """The local that holds an alias, let or operand."""
    return writer.names[form.detail]


@emits("elm.ExpressionRef")
def expression(form: Form, writer: Writer) -> str:
    """Another definition's value: kept, or computed now."""
    value = writer.local()
    return f"(d{form.detail}(scope) if ({value} := m[{form.detail}]) is X else {value})"


@emits("elm.Once")
def once(form: Form, writer: Writer) -> str:
    """The operand's value, computed when it is first asked."""
    value = writer.local()
    writer.line(f"{value} = m[{form.detail}]")
    with writer.block(f"if {value} is X:"):
        writer.line(f"{value} = m[{form.detail}] = {writer.emit(form.operands[0])}")
    return value


@emits("elm.ParameterRef")
def parameter(form: Form, writer: Writer) -> str:
    """A parameter's value."""
    return f"scope.parameters[{writer.constant(form.detail)}]"


@emits("elm.Subject")
def subject(form: Form, writer: Writer) -> str:
    """The Patient of the record."""
    return "scope.record.patient"


@emits("elm.FunctionRef")
def function(form: Form, writer: Writer) -> str:
    """A call of a library's function."""
    return f"f{form.detail}({', '.join(['scope', *writer.operands(form.operands)])})"
