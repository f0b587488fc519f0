"""Emitters of the Comparison chapter, chosen by the static types of the operands like its closures."""

from __future__ import annotations

from fhir_gepnet.logic.closures.elm_codings import has_code
from fhir_gepnet.logic.closures.elm_comparison import SCALARS, comparer
from fhir_gepnet.logic.elm.retrieves import keys_of
from fhir_gepnet.logic.equality import equal, equivalent
from fhir_gepnet.logic.form import BOOLEAN, CODE, CONCEPT, Form
from fhir_gepnet.logic.source.registry import emits, tests
from fhir_gepnet.logic.source.writer import Writer

_SIGNS = {"elm.Less": "<", "elm.LessOrEqual": "<=", "elm.Greater": ">", "elm.GreaterOrEqual": ">="}


def _compared(form: Form, writer: Writer, sign: str) -> str:
    """Two scalars with a sign between them; null beside null."""
    known = [writer.never_null(operand) for operand in form.operands]
    left, right = writer.operands(form.operands)
    if all(known):
        return f"({left} {sign} {right})"
    if known[1] and form.operands[1].operator == "elm.Literal":
        one, again = writer.twice(left)
        return f"(None if {one} is None else {again} {sign} {right})"
    one, other = writer.kept(left), writer.kept(right)
    nulls = " or ".join(f"{each} is None" for each, sure in zip((one, other), known, strict=True) if not sure)
    return f"(None if {nulls} else {one} {sign} {other})"


@emits(*_SIGNS)
def inequality(form: Form, writer: Writer) -> str:
    """Less, LessOrEqual, Greater, GreaterOrEqual."""
    sign = _SIGNS[form.operator]
    left, right = (operand.type for operand in form.operands)
    if left in SCALARS and right in SCALARS:
        return _compared(form, writer, sign)
    order, found = writer.constant(comparer(left, right)), writer.local()
    one, other = map(writer.kept, writer.operands(form.operands))
    compared = f"({found} := {order}({one}, {other}))"
    return f"(None if {one} is None or {other} is None or {compared} is None else {found} {sign} 0)"


@emits("elm.Equal")
def equality(form: Form, writer: Writer) -> str:
    """Equality."""
    if all(operand.type in SCALARS or operand.type == BOOLEAN for operand in form.operands):
        return _compared(form, writer, "==")
    left, right = writer.operands(form.operands)
    return f"{writer.constant(equal)}({left}, {right})"


@tests("elm.Equal")
def test_equality(form: Form, writer: Writer) -> str:
    """Whether a scalar equals a constant: null does not."""
    operand, constant = form.operands
    scalars = all(each.type in SCALARS or each.type == BOOLEAN for each in form.operands)
    if scalars and constant.operator == "elm.Literal" and constant.detail is not None:
        return f"({writer.emit(operand)} == {writer.constant(constant.detail)})"
    return equality(form, writer)


@emits("elm.Equivalent")
def equivalence(form: Form, writer: Writer) -> str:
    """Equivalence; of a CodeableConcept and constant codes without making a Concept."""
    concept, constant = form.operands
    if concept.operator == "elm.ConceptOf" and constant.operator == "elm.Literal":
        keys = keys_of(constant.detail)
        if keys is not None and constant.type in (CODE, CONCEPT):
            return f"{writer.constant(has_code(keys))}({writer.emit(concept.operands[0])})"
    left, right = writer.operands(form.operands)
    return f"{writer.constant(equivalent)}({left}, {right})"
