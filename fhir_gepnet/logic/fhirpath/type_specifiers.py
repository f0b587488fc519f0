"""Names of types in an expression, and narrowing a form to a type."""

from __future__ import annotations

from dataclasses import replace

from fhir_gepnet.errors import TypeMismatchError, Where
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, did_you_mean, fhir_name, is_system
from fhir_gepnet.logic.fhirpath.navigation import Step
from fhir_gepnet.logic.fhirpath.place import Place, item_type, like
from fhir_gepnet.logic.fhirpath.syntax import Literal, Member, Node
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    FHIR,
    INTEGER,
    LONG,
    QUANTITY,
    STRING,
    TIME,
    ChoiceOf,
    Form,
    Named,
    Type,
)

SYSTEM_TYPES: dict[str, Type] = {
    "Boolean": BOOLEAN, "String": STRING, "Integer": INTEGER, "Long": LONG, "Decimal": DECIMAL,
    "Date": DATE, "DateTime": DATE_TIME, "Time": TIME, "Quantity": QUANTITY, "Any": ANY,
}  # fmt: skip

Specifier = tuple[Type, ...]
"""The types that a name means: one; two for ``Quantity``, which is FHIR's and System's."""


def type_named_by(node: Node, place: Place) -> Specifier:
    """The type that an argument of is(), as() or ofType() names."""
    at = place.at(node)
    match node:
        case Member(source=None, name=name):
            return named_type(name, at)
        case Member(source=Member(source=None, name=model), name=name):
            return named_type(f"{model}.{name}", at)
        case Literal(kind="String", value=str(name)):
            return named_type(name, at)
        case _:
            raise TypeMismatchError(at, "the name of a type has to stand here", "write ofType(Quantity)")


def named_type(name: str, at: Where) -> Specifier:
    """``Quantity``, ``FHIR.Quantity``, ``System.String``: FHIR first when no model is written.

    Raises:
        TypeMismatchError: no such type.
    """
    model, _, rest = name.partition(".")
    if model == "System" and rest in SYSTEM_TYPES:
        return (SYSTEM_TYPES[rest],)
    if model == "FHIR" and schema.known(rest):
        return (Named(FHIR + rest),)
    if model in ("System", "FHIR") and rest:
        # System.Patient names a type that cannot exist; asking for it is false, not an error.
        if schema.known(rest) or rest in SYSTEM_TYPES:
            return (Named("{}" + name),)
        raise TypeMismatchError(at, f"there is no type {name}", did_you_mean(rest, SYSTEM_TYPES))
    found = tuple(
        kind
        for kind, there in ((Named(FHIR + name), schema.known(name)), (SYSTEM_TYPES.get(name), True))
        if there and kind is not None
    )
    if not found:
        raise TypeMismatchError(
            at, f"there is no type {name}", did_you_mean(name, {*schema.type_names(), *SYSTEM_TYPES})
        )
    return found


def names_within(wanted: Specifier, *, exact: bool) -> frozenset[str]:
    """FHIR type names that belong to a type: itself and, unless ``exact``, all derived from it.

    ``exact`` binds primitives only: ``ofType(string)`` leaves a code out, ``is(string)`` does not.
    """
    names: set[str] = set()
    for kind in wanted:
        name = fhir_name(kind)
        if name and schema.known(name):
            names.update((name,) if exact and schema.is_primitive(name) else schema.subtypes(name))
    return frozenset(names)


def fits(there: Type, wanted: Specifier, *, exact: bool) -> bool | None:
    """Whether a static type is one of those wanted; None when only the value can tell."""
    if there == ANY or isinstance(there, ChoiceOf):
        return None
    name = fhir_name(there)
    if not name:
        return there in wanted or ANY in wanted
    names = names_within(wanted, exact=exact)
    if name in names:
        return True
    if any(schema.is_subtype(candidate, name) for candidate in names):
        return None
    return False


def narrowed(form: Form, wanted: Specifier, at: Where) -> Form:
    """The items of a form that are of a type (the function ofType, the operator as)."""
    there = item_type(form)
    if there == NOTHING:
        return form
    fit = fits(there, wanted, exact=True)
    if fit:
        return form
    names = names_within(wanted, exact=True)
    result = _result(wanted)
    if fit is False:
        return Form("fhirpath.never", like(form, result), (form,), None, at)
    if isinstance(there, ChoiceOf) and form.operator == "fhirpath.navigate":
        *before, last = form.detail
        keys = tuple(pair for pair in last.keys if pair[1] in names)
        if not keys:
            return Form("fhirpath.never", like(form, result), (form,), None, at)
        step = replace(
            last, keys=keys, typed=False, primitive=any(schema.is_primitive(kind) for _, kind in keys)
        )
        assert isinstance(step, Step)
        if len(keys) == 1:
            result = Named(FHIR + keys[0][1])
        return replace(form, type=like(form, result), detail=(*before, step))
    systems = tuple(kind for kind in wanted if is_system(kind))
    if there == ANY and systems and names:
        # Quantity: a FHIR Quantity and a System one may both be there, so the items stay described.
        return Form("fhirpath.of_type_described", like(form, ANY), (form,), (names, systems), at)
    if systems and not names:
        return Form("fhirpath.of_system_type", like(form, systems[0]), (form,), systems, at)
    return Form(
        "fhirpath.of_type", like(form, result), (form,), (names, schema.is_resource(fhir_name(result))), at
    )


def _result(wanted: Specifier) -> Type:
    return wanted[0]
