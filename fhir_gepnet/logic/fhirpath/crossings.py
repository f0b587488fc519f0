"""Crossings between shapes, as forms: one item <-> collection, FHIR value -> System value.

FHIRPath 2.0: chapter 4.5 "Singleton evaluation of collections", chapter 5.5 "Conversion"
(implicit conversions), FHIR R4 "FHIRPath": FHIR primitives and Quantity become System values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from fhir_gepnet.errors import TypeMismatchError, Where
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.place import is_many, item_type, like
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    FHIR,
    INTEGER,
    QUANTITY,
    STRING,
    SYSTEM,
    TIME,
    ChoiceOf,
    Form,
    ListOf,
    Named,
    TupleOf,
    Type,
)

NOTHING = Named(SYSTEM + "Nothing")
"""Type of ``{}``: fits everywhere."""

_SYSTEM_OF_PRIMITIVE: dict[str, Type] = {
    **dict.fromkeys(("string", "code", "id", "markdown", "xhtml", "base64Binary"), STRING),
    **dict.fromkeys(("uri", "url", "canonical", "uuid", "oid"), STRING),
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "unsignedInt": INTEGER,
    "positiveInt": INTEGER,
    "decimal": DECIMAL,
    "date": DATE,
    "dateTime": DATE_TIME,
    "instant": DATE_TIME,
    "time": TIME,
}  # fmt: skip

_IMPLICIT: dict[tuple[Type, Type], str] = {
    (INTEGER, DECIMAL): "fhirpath.decimal",
    (INTEGER, QUANTITY): "fhirpath.quantity",
    (DECIMAL, QUANTITY): "fhirpath.quantity",
    (DATE, DATE_TIME): "fhirpath.date_time",
}
"""(what is there, what is wanted) -> operator of the implicit conversion."""


def fhir_name(item: Type) -> str:
    """``Patient`` for FHIR.Patient, "" for anything that is not a named FHIR type."""
    return item.name[len(FHIR) :] if isinstance(item, Named) and item.name.startswith(FHIR) else ""


def system_type_of(type_name: str) -> Type | None:
    """The System type that a FHIR type converts to, None when it stays as it is."""
    found = _SYSTEM_OF_PRIMITIVE.get(type_name)
    if found is None and schema.is_subtype(type_name, "Quantity"):
        return QUANTITY
    return found


def is_system(item: Type) -> bool:
    """Whether the Python value alone tells the type."""
    return isinstance(item, Named) and item.name.startswith(SYSTEM)


def nothing(at: Where) -> Form:
    """The empty collection."""
    return Form("fhirpath.literal", NOTHING, (), None, at)


def many(form: Form) -> Form:
    """As a collection."""
    if is_many(form):
        return form
    return Form("fhirpath.collection", ListOf(form.type), (form,), None, form.at)


def one(form: Form) -> Form:
    """As at most one item; more than one is an EvaluationError when it happens."""
    if not is_many(form):
        return form
    return Form("fhirpath.singleton", item_type(form), (form,), None, form.at)


def system(form: Form) -> Form:
    """FHIR primitives and quantities as System values; other items stay as they are."""
    item = item_type(form)
    if isinstance(item, ChoiceOf) or item == ANY:
        return Form("fhirpath.system", like(form, ANY), (form,), "", form.at)
    name = fhir_name(item)
    wanted = system_type_of(name) if name else None
    if wanted is None:
        return form
    return Form("fhirpath.system", like(form, wanted), (form,), name, form.at)


def described(form: Form) -> Form:
    """As items that tell their type themselves, for collections of mixed types."""
    item = item_type(form)
    if (
        isinstance(item, ChoiceOf)
        or item in (ANY, NOTHING)
        or is_system(item)
        or schema.is_resource(fhir_name(item))
    ):
        return replace(form, type=like(form, ANY))
    name = fhir_name(item)
    if isinstance(item, TupleOf) or not name:
        return replace(form, type=like(form, ANY))
    return Form("fhirpath.describe", like(form, ANY), (form,), item, form.at)


def together(left: Form, right: Form) -> tuple[Form, Form, Type]:
    """Both as collections of one item type, with that type."""
    one_type, other_type = item_type(left), item_type(right)
    if one_type == other_type or other_type == NOTHING:
        common = one_type
    elif one_type == NOTHING:
        common = other_type
    elif schema.is_resource(fhir_name(one_type)) and schema.is_resource(fhir_name(other_type)):
        common = Named(FHIR + "Resource")
    else:
        return many(described(left)), many(described(right)), ANY
    return many(left), many(right), common


def truth(form: Form) -> Form:
    """As True, False or None by the singleton rule: one item that is no boolean counts as true."""
    form = system(form)
    item = item_type(form)
    if item in (BOOLEAN, NOTHING):
        return replace(one(form), type=BOOLEAN)
    return Form("fhirpath.truth", BOOLEAN, (form,), None, form.at)


def expect(form: Form, wanted: tuple[Type, ...], what: str) -> Form:
    """As one System value of one of the types wanted, converting where the language does so unasked.

    Args:
        form: any.
        wanted: System types, the preferred one first; implicit conversions are tried in this order.
        what: how a message calls the place: "the parameter of startsWith()".

    Raises:
        TypeMismatchError: the static type can never fit.
    """
    value = one(system(form))
    there = value.type
    if there in wanted:
        return value
    if there == NOTHING:
        return replace(value, type=wanted[0])
    if there == ANY or isinstance(there, ChoiceOf):
        kind = wanted[0] if len(wanted) == 1 else ANY
        return Form("fhirpath.expect", kind, (value,), (wanted, what), form.at)
    for want in wanted:
        conversion = _IMPLICIT.get((there, want))
        if conversion is not None:
            return Form(conversion, want, (value,), None, form.at)
    raise TypeMismatchError(
        form.at,
        f"{what} is {there}, which is not {listed(map(str, wanted))}",
        "convert it or name another element",
    )


def listed(names: Iterable[str], last: str = "or") -> str:
    """``a, b or c``"""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy that names what looks alike, or what there is."""
    names = sorted(known)
    lower = {candidate.lower(): candidate for candidate in names}
    close = [lower[match] for match in get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
    if close:
        return f"did you mean {listed(close)}?"
    if not names:
        return "there is none to choose from"
    return f"there is {listed(names[:40], 'and')}"
