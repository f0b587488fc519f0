"""Emitters of the Comparison chapter, chosen by the static types of the operands like its closures."""

from __future__ import annotations

import operator
from collections.abc import Callable

from fhir_gepnet.fhir.dates import Moment, compare
from fhir_gepnet.logic.closures.elm_codings import has_code
from fhir_gepnet.logic.closures.elm_comparison import MOMENTS, SCALARS, comparer
from fhir_gepnet.logic.elm.retrieves import keys_of
from fhir_gepnet.logic.equality import equal, equivalent
from fhir_gepnet.logic.form import BOOLEAN, CODE, CONCEPT, Form, ListOf
from fhir_gepnet.logic.source.registry import emits, tests
from fhir_gepnet.logic.source.writer import Writer

_TESTS = {
    "elm.Less": operator.lt,
    "elm.LessOrEqual": operator.le,
    "elm.Greater": operator.gt,
    "elm.GreaterOrEqual": operator.ge,
}
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
    if left == right and left in MOMENTS:
        return _moments(form, writer, sign)
    order, found = writer.constant(comparer(left, right)), writer.local()
    one, other = map(writer.kept, writer.operands(form.operands))
    compared = f"({found} := {order}({one}, {other}))"
    return f"(None if {one} is None or {other} is None or {compared} is None else {found} {sign} 0)"


def _moments(form: Form, writer: Writer, sign: str) -> str:
    """Two moments of one type: by their keys when both have one, as almost all do."""
    compare = writer.constant(_by_components(_TESTS[form.operator]))
    known = [writer.never_null(operand) for operand in form.operands]
    one, other = map(writer.kept, writer.operands(form.operands))
    first, second = writer.local(), writer.local()
    keys = f"({first} := {one}.key) is None or ({second} := {other}.key) is None"
    found = f"({compare}({one}, {other}) if {keys} else {first} {sign} {second})"
    nulls = " or ".join(f"{each} is None" for each, sure in zip((one, other), known, strict=True) if not sure)
    return f"(None if {nulls} else {found})" if nulls else found


def _by_components(test: Callable[[int, int], bool]) -> Callable[[Moment, Moment], bool | None]:
    """The comparison of two moments of which one is imprecise; null when that leaves it uncertain."""

    def compared(one: Moment, other: Moment) -> bool | None:
        found = compare(one, other)
        return None if found is None else test(found, 0)

    return compared


@emits("elm.Equal")
def equality(form: Form, writer: Writer) -> str:
    """Equality."""
    if all(operand.type in SCALARS or operand.type == BOOLEAN for operand in form.operands):
        return _compared(form, writer, "==")
    if isinstance(form.operands[0].type, ListOf):
        return writer.called(form)
    left, right = writer.operands(form.operands)
    return f"{writer.constant(equal)}({left}, {right})"


@tests("elm.Equal")
def test_equality(form: Form, writer: Writer) -> str:
    """Whether a scalar equals a constant: null does not."""
    operand, constant = form.operands
    scalars = all(each.type in SCALARS or each.type == BOOLEAN for each in form.operands)
    if scalars and constant.operator == "elm.Literal" and constant.detail is not None:
        value = constant.detail
        other = writer.word(value) if type(value) is str else writer.constant(value)
        return f"({writer.emit(operand)} == {other})"
    return equality(form, writer)


@emits("elm.Equivalent")
def equivalence(form: Form, writer: Writer) -> str:
    """Equivalence; of a CodeableConcept and constant codes without making a Concept."""
    concept, constant = form.operands
    if concept.operator == "elm.ConceptOf" and constant.operator == "elm.Literal":
        keys = keys_of(constant.detail)
        if keys is not None and constant.type in (CODE, CONCEPT):
            return f"{writer.constant(has_code(keys))}({writer.emit(concept.operands[0])})"
    if isinstance(concept.type, ListOf):
        return writer.called(form)
    left, right = writer.operands(form.operands)
    return f"{writer.constant(equivalent)}({left}, {right})"
