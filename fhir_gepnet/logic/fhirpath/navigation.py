"""Typing of paths: ``a.b``, ``a[0]``, names that stand first, ``$this`` and ``%variables``.

FHIRPath 2.0 chapter 4 ("Path selection"); FHIR R4 "FHIRPath" for choice elements and for what an
expression may begin with. A chain of steps becomes one ``fhirpath.navigate`` form, so that the
back end runs it as one loop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fhir_gepnet.errors import TypeMismatchError, Where
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.crossings import (
    NOTHING,
    did_you_mean,
    expect,
    fhir_name,
    listed,
    many,
    nothing,
)
from fhir_gepnet.logic.fhirpath.place import (
    ROOT_SLOT,
    CompanionsNeededError,
    Place,
    is_many,
    item_type,
    like,
    types,
)
from fhir_gepnet.logic.fhirpath.syntax import Index, Member, Special, Variable
from fhir_gepnet.logic.form import (
    ANY,
    DECIMAL,
    FHIR,
    INTEGER,
    QUANTITY,
    STRING,
    ChoiceOf,
    Form,
    ListOf,
    Named,
    TupleOf,
    Type,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path through JSON.

    Attributes:
        name: the element as the model calls it.
        keys: JSON key and FHIR type, several for a choice element.
        many: whether the element repeats.
        primitive: whether the values are JSON scalars with a companion ``_key``.
        typed: whether the result tells its type (a choice that is not narrowed yet).
        companions: whether ``_key`` is kept beside a value.
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    many: bool
    primitive: bool
    typed: bool
    companions: bool = False


def member(source: Form, name: str, place: Place, at: Where) -> Form:
    """``source.name`` on whatever the source is.

    Raises:
        TypeMismatchError: the static type has no such element.
    """
    item = item_type(source)
    if item == NOTHING:
        return source
    if isinstance(item, TupleOf):
        return _of_tuple(source, item, name, at)
    if isinstance(item, ChoiceOf):
        return _of_choice(source, item, name, at)
    if item == ANY:
        return Form("fhirpath.member", ListOf(ANY), (source,), name, at)
    if item == QUANTITY:
        return _of_quantity(source, name, at)
    type_name = fhir_name(item)
    if not type_name:
        raise TypeMismatchError(at, f"{item} has no elements", "navigate from a FHIR element")
    element = schema.element(type_name, name)
    if element is None:
        return _unusual(source, type_name, name, place, at)
    if schema.is_primitive(type_name):
        return _of_primitive(source, name, element, place, at)
    step = Step(
        name,
        element.keys,
        element.many,
        primitive=any(schema.is_primitive(kind) for _, kind in element.keys),
        typed=element.choice,
        companions=place.compilation.companions,
    )
    choices: tuple[Type, ...] = tuple(Named(FHIR + kind) for _, kind in element.keys)
    return navigate(source, step, ChoiceOf(choices) if element.choice else choices[0], at)


def navigate(source: Form, step: Step, item: Type, at: Where) -> Form:
    """One more step; fused with the steps before it."""
    kind: Type = ListOf(item) if is_many(source) or step.many else item
    if source.operator == "fhirpath.navigate":
        return Form("fhirpath.navigate", kind, source.operands, (*source.detail, step), source.at)
    return Form("fhirpath.navigate", kind, (source,), (step,), at)


def _unusual(source: Form, type_name: str, name: str, place: Place, at: Where) -> Form:
    """An element that the static type lacks: an abstract type may still have it at run time."""
    if type_name in schema.OPEN_TYPES:
        return Form("fhirpath.member", ListOf(ANY), (source,), name, at)
    choice = schema.choice_of_key(type_name, name)
    remedy = (
        f"write {choice[0]}.ofType({choice[1]})" if choice else did_you_mean(name, schema.names(type_name))
    )
    raise TypeMismatchError(at, f"{type_name} has no element {name!r}", remedy)


def _of_primitive(source: Form, name: str, element: schema.Element, place: Place, at: Where) -> Form:
    if name == "value":
        return source
    if not place.compilation.companions:
        raise CompanionsNeededError
    kind: Type = Named(FHIR + element.keys[0][1])
    return Form(
        "fhirpath.companion", ListOf(kind) if element.many else like(source, kind), (source,), name, at
    )


def _of_choice(source: Form, item: ChoiceOf, name: str, at: Where) -> Form:
    """An element of a choice element: whatever type is there at run time may or may not have it."""
    found = [element for kind in item.choices if (element := schema.element(fhir_name(kind), name))]
    if not found:
        kinds = [fhir_name(kind) for kind in item.choices]
        known = {known for kind in kinds if not schema.is_primitive(kind) for known in schema.names(kind)}
        raise TypeMismatchError(
            at, f"none of the types {listed(kinds, 'and')} has an element {name!r}", did_you_mean(name, known)
        )
    return Form("fhirpath.member", ListOf(ANY), (source,), name, at)


def _of_tuple(source: Form, item: TupleOf, name: str, at: Where) -> Form:
    elements = dict(item.elements)
    if name not in elements:
        raise TypeMismatchError(at, f"there is no {name!r} here", did_you_mean(name, elements))
    return Form("fhirpath.tuple_element", like(source, elements[name]), (source,), name, at)


def _of_quantity(source: Form, name: str, at: Where) -> Form:
    if name not in ("value", "unit", "code"):
        raise TypeMismatchError(at, f"a quantity has no {name!r}", "it has value and unit")
    operator = "fhirpath.quantity_value" if name == "value" else "fhirpath.quantity_unit"
    return Form(operator, like(source, DECIMAL if name == "value" else STRING), (source,), None, at)


@types(Member)
def type_member(node: Member, place: Place) -> Form:
    """``source.name``, or a name that stands first."""
    at = place.at(node)
    if node.source is None:
        return _name_first(node.name, place, at)
    return member(place.form(node.source), node.name, place, at)


def _name_first(name: str, place: Place, at: Where) -> Form:
    """An element of ``$this``, the type of ``$this``, or a resource type of the record."""
    item = item_type(place.this)
    type_name = fhir_name(item)
    if type_name and schema.element(type_name, name) is not None:
        return member(place.this, name, place, at)
    if schema.known(name) and name[:1].isupper():
        root = place.compilation.root
        if type_name and schema.is_subtype(type_name, name):
            return place.this
        if schema.is_resource(name):
            if root.record:
                return _of_record(name, at)
            if type_name in schema.OPEN_TYPES or item == ANY:
                return _filtered(place.this, name, at)
        if root.type_name and schema.is_subtype(root.type_name, name):
            return Form("fhirpath.slot", root.type, (), ROOT_SLOT, at)
        raise TypeMismatchError(
            at,
            f"this stands on {type_name or item}, not on {name}",
            f"begin with {root.type_name or 'the type of the root'} or with an element",
        )
    return member(place.this, name, place, at)


def _filtered(source: Form, name: str, at: Where) -> Form:
    kinds = frozenset(schema.subtypes(name))
    return Form("fhirpath.of_type", like(source, Named(FHIR + name)), (source,), (kinds, True), at)


def _of_record(name: str, at: Where) -> Form:
    if name == "Patient":
        return Form("fhirpath.patient", Named(FHIR + "Patient"), (), None, at)
    return Form("fhirpath.retrieve", ListOf(Named(FHIR + name)), (), name, at)


@types(Special)
def type_special(node: Special, place: Place) -> Form:
    """``$this``, ``$index``, ``$total``"""
    found = {"this": place.this, "index": place.index, "total": place.total}[node.name]
    if found is None:
        where = "aggregate()" if node.name == "total" else "where(), select() and the like"
        raise TypeMismatchError(
            place.at(node), f"${node.name} means nothing here", f"it belongs inside {where}"
        )
    return found


@types(Variable)
def type_variable(node: Variable, place: Place) -> Form:
    """``%name``: the host's variables, then those that FHIR defines by a rule."""
    known = place.compilation.variables
    form = known.get(node.name)
    if form is not None:
        return replace(form, at=place.at(node))
    for prefix, folder in (("vs-", "ValueSet"), ("ext-", "StructureDefinition")):
        if node.name.startswith(prefix):
            url = f"http://hl7.org/fhir/{folder}/{node.name.removeprefix(prefix)}"
            return Form("fhirpath.literal", STRING, (), url, place.at(node))
    raise TypeMismatchError(
        place.at(node), f"the variable %{node.name} is not defined", did_you_mean(node.name, known)
    )


@types(Index)
def type_index(node: Index, place: Place) -> Form:
    """``source[position]``: the item at a position from 0, empty when there is none."""
    source = place.form(node.source)
    refuse_unordered(source, "[]")
    position = expect(place.form(node.position), (INTEGER,), "the position in []")
    if item_type(source) == NOTHING:
        return nothing(place.at(node))
    return Form("fhirpath.index", item_type(source), (many(source), position), None, place.at(node))


def refuse_unordered(form: Form, what: str) -> None:
    """Children and descendants have no order that a position could count on (FHIRPath 2.0 §5.8)."""
    if form.operator in ("fhirpath.children", "fhirpath.descendants"):
        name = form.operator.removeprefix("fhirpath.")
        raise TypeMismatchError(
            form.at, f"{what} needs an order, and {name}() has none", "navigate by name, or use where()"
        )
