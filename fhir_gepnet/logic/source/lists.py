"""Emitters of the List, Clinical and String chapters, and calls of the closures of strict operators."""

from __future__ import annotations

from typing import Any

from fhir_gepnet.logic.closures.elm_clinical import FROM_FHIR
from fhir_gepnet.logic.closures.elm_codings import has_code_in
from fhir_gepnet.logic.closures.elm_lists import HASHED, has_null, hold_union, list_test, union_of
from fhir_gepnet.logic.elm.retrieves import Retrieve, data_need
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.logic.source.registry import emits, tests
from fhir_gepnet.logic.source.writer import Writer
from fhir_gepnet.terminology.value_set import ValueSet


@emits("elm.Retrieve")
def retrieve(form: Form, writer: Writer) -> str:
    """Resources of a type, or those with a code; the answers of one code table share a slot of the memo."""
    need: Retrieve = data_need(form)
    if need.code_element is None:
        return f"scope.record.of_type({writer.word(need.resource_type)})"
    if need.codes is None:
        return writer.called(form)
    table = writer.module.program.code_table(need.resource_type, need.code_element)
    slot, found = writer.module.slot_of(table), writer.local()
    writer.line(f"{found} = m[{slot}]")
    writer.line(f"if {found} is X: {found} = m[{slot}] = scope.record.retrieved({writer.constant(table)})")
    return f"{found}[{table.question(need.codes)}]"


@emits("elm.First", "elm.Last")
def end(form: Form, writer: Writer) -> str:
    """First or last element."""
    index = 0 if form.operator == "elm.First" else -1
    first, again = writer.twice(writer.emit(form.operands[0]))
    return f"({again}[{index}] if {first} else None)"


@emits("elm.ListLength")
def length(form: Form, writer: Writer) -> str:
    """Number of elements."""
    (source,) = form.operands
    items = writer.emit(source)
    return f"len({items})" if writer.never_null(source) else f"len({items} or ())"


@emits("elm.Count")
def count(form: Form, writer: Writer) -> str:
    """Number of elements that are not null."""
    (source,) = form.operands
    return length(form, writer) if writer.module.knowledge.holds_no_null(source) else writer.called(form)


@emits("elm.UnionList")
def union(form: Form, writer: Writer) -> str:
    """Distinct elements of all lists."""
    lists = [
        each if writer.never_null(operand) else f"{each} or []"
        for operand, each in zip(form.operands, writer.operands(form.operands), strict=True)
    ]
    return f"{writer.constant(_union)}(scope, [{', '.join(lists)}])"


def _union(scope: Scope, lists: list[list[Any]]) -> list[Any]:
    if scope.budget is not None:
        hold_union(scope.budget, lists)
    return union_of(lists)


@emits("elm.ToList")
def to_list(form: Form, writer: Writer) -> str:
    """A value as a list of itself."""
    first, again = writer.twice(writer.emit(form.operands[0]))
    return f"([] if {first} is None else [{again}])"


@emits("elm.InList")
def membership(form: Form, writer: Writer) -> str:
    """Whether an element is in a list; in a constant one by hash."""
    element, held = form.operands
    if element.type not in HASHED or held.operator != "elm.Literal" or held.detail is None:
        items, value = writer.operands((held, element))
        return f"{writer.constant(list_test(form))}({items}, {value})"
    known = writer.constant(frozenset(item for item in held.detail if item is not None))
    of_null = has_null(held.detail)
    if of_null is False:
        return f"({writer.emit(element)} in {known})"
    value = writer.emit(element)
    if writer.never_null(element):
        return f"({value} in {known})"
    first, again = writer.twice(value)
    return f"({of_null} if {first} is None else {again} in {known})"


@tests("elm.InList")
def test_membership(form: Form, writer: Writer) -> str:
    """Whether an element is in a list of constants; null is in none but one with a null."""
    element, held = form.operands
    if element.type not in HASHED or held.operator != "elm.Literal" or held.detail is None:
        return membership(form, writer)
    if has_null(held.detail) is True:
        return membership(form, writer)
    return f"({writer.emit(element)} in {writer.constant(frozenset(held.detail))})"


@emits(*FROM_FHIR)
def from_fhir(form: Form, writer: Writer) -> str:
    """Coding, CodeableConcept, Quantity and Ratio as System values."""
    return f"{writer.constant(FROM_FHIR[form.operator])}({writer.emit(form.operands[0])})"


@emits("elm.InValueSet")
def in_value_set(form: Form, writer: Writer) -> str:
    """Membership in a value set; of a CodeableConcept without making a Concept."""
    concept, constant = form.operands
    if concept.operator != "elm.ConceptOf" or not isinstance(constant.detail, ValueSet):
        return writer.called(form)
    return f"{writer.constant(has_code_in(constant.detail))}({writer.emit(concept.operands[0])})"


@emits("elm.Concatenate")
def concatenate(form: Form, writer: Writer) -> str:
    """All parts joined."""
    parts = f"[{', '.join(writer.operands(form.operands))}]"
    if sum(operand.operator != "elm.Literal" for operand in form.operands) > 1:
        # Texts that are doubled again and again outgrow everything; with one operand they only get longer.
        return f"{writer.constant(_joined)}(scope, {parts})"
    if all(map(writer.never_null, form.operands)):
        return f'"".join({parts})'
    texts = writer.local()
    return f'(None if None in ({texts} := {parts}) else "".join({texts}))'


def _joined(scope: Scope, texts: list[str | None]) -> str | None:
    if None in texts:
        return None
    joined = "".join(texts)  # type: ignore[arg-type]
    if scope.budget is not None:
        scope.budget.hold_text(len(joined))
    return joined
