"""The conversions from FHIR to System types that every CQL library includes, done natively.

Applies to calls into a library whose identifier is ``FHIRHelpers`` or ``GepnetConversions``,
under whatever alias. A call whose operand type is not known here takes the library's own ELM.
A Quantity with a comparator ("< 5") is not a number: ToQuantity gives null for it, so that a
rule on it is unknown instead of wrong (FHIRHelpers 4.0.1 breaks the evaluation there). Both
libraries differ in one thing: a Quantity without a unit is of the unit 1 for FHIRHelpers, and
null for GepnetConversions. The library's ELM gives the same answers; tests say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from fhir_gepnet.errors import Where
from fhir_gepnet.fhir import model
from fhir_gepnet.logic.form import (
    BOOLEAN,
    CODE,
    CONCEPT,
    DATE,
    DATE_TIME,
    DECIMAL,
    FHIR,
    INTEGER,
    QUANTITY,
    RATIO,
    STRING,
    TIME,
    Form,
    IntervalOf,
    Named,
    Type,
)

FHIR_HELPERS = "FHIRHelpers"
CONVERSION_LIBRARIES = frozenset({FHIR_HELPERS, "GepnetConversions"})

_PRIMITIVE: dict[str, tuple[Type, frozenset[str]]] = {
    "ToBoolean": (BOOLEAN, frozenset({"boolean"})),
    "ToInteger": (INTEGER, frozenset({"integer", "positiveInt", "unsignedInt"})),
    "ToDecimal": (DECIMAL, frozenset({"decimal"})),
    "ToDate": (DATE, frozenset({"date"})),
    "ToDateTime": (DATE_TIME, frozenset({"dateTime", "instant"})),
    "ToTime": (TIME, frozenset({"time"})),
}
"""Conversions whose result is ``.value`` of a FHIR primitive."""

_NOT_TEXT = frozenset(
    {"boolean", "integer", "positiveInt", "unsignedInt", "decimal", "date", "dateTime", "instant", "time"}
)

_COMPLEX: dict[str, tuple[str, str, Type]] = {
    "ToCode": ("Coding", "elm.CodeOf", CODE),
    "ToConcept": ("CodeableConcept", "elm.ConceptOf", CONCEPT),
    "ToQuantity": ("Quantity", "elm.QuantityOf", QUANTITY),
    "ToRatio": ("Ratio", "elm.RatioOf", RATIO),
}


_HELPERS: dict[str, tuple[str, str, Type]] = {
    "ToQuantity": ("Quantity", "elm.HelpersQuantity", QUANTITY),
    "ToQuantityIgnoringComparator": ("Quantity", "elm.HelpersQuantityOnly", QUANTITY),
    "ToRatio": ("Ratio", "elm.HelpersRatio", RATIO),
}
"""Conversions in which FHIRHelpers differs, or that it has alone."""


def native_conversion(library: str, name: str, operands: Sequence[Form], at: Where) -> Form | None:
    """The form of a known conversion, None when the call must take the library's own ELM."""
    if library not in CONVERSION_LIBRARIES or len(operands) != 1:
        return None
    (operand,) = operands
    if not isinstance(operand.type, Named) or not operand.type.name.startswith(FHIR):
        return None
    type_name = operand.type.name.removeprefix(FHIR)
    if name in _PRIMITIVE:
        of, known = _PRIMITIVE[name]
        return Form("elm.PrimitiveValue", of, (operand,), None, at) if type_name in known else None
    if name == "ToString":
        if type_name in _NOT_TEXT or not model.is_primitive(type_name):
            return None
        return Form("elm.PrimitiveValue", STRING, (operand,), None, at)
    if library == FHIR_HELPERS and name in _HELPERS and model.is_subtype(type_name, _HELPERS[name][0]):
        _, operator, of = _HELPERS[name]
        return Form(operator, of, (operand,), None, at)
    if name == "ToInterval":
        if type_name == "Period":
            return Form("elm.PeriodInterval", IntervalOf(DATE_TIME), (operand,), None, at)
        if type_name == "Range":
            operator = "elm.HelpersRange" if library == FHIR_HELPERS else "elm.RangeInterval"
            return Form(operator, IntervalOf(QUANTITY), (operand,), None, at)
        if library == FHIR_HELPERS and model.is_subtype(type_name, "Quantity"):
            return Form("elm.HelpersQuantityInterval", IntervalOf(QUANTITY), (operand,), None, at)
        return None
    found = _COMPLEX.get(name)
    if found is None or not model.is_subtype(type_name, found[0]):
        return None
    return Form(found[1], found[2], (operand,), None, at)
