"""How to get what is missing: a FHIR search, and a Questionnaire item (FHIR R4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fhir_gepnet.fhir.model import element, primary_code_path
from fhir_gepnet.logic.form import BOOLEAN, DECIMAL, INTEGER, Type

MOST_CODES = 40
"""Codes that a search lists; of more it names the value set."""
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"

ITEM_TYPES: Mapping[str, str] = {
    "valueCoding": "choice",
    "valueInteger": "choice",
    "valueString": "choice",
    "valueDate": "choice",
    "valueQuantity": "quantity",
    "valueDecimal": "decimal",
    "valueBoolean": "boolean",
}
"""Key of a declared answer -> type of the item; the choices are offered as answerOption."""

OF_RESULT: Mapping[Type, str] = {BOOLEAN: "boolean", INTEGER: "integer", DECIMAL: "decimal"}
OF_ELEMENT: Mapping[str, str] = {
    "date": "date", "dateTime": "dateTime", "instant": "dateTime", "boolean": "boolean",
    "integer": "integer", "decimal": "decimal", "Quantity": "quantity",
}  # fmt: skip

Json = dict[str, Any]
Codes = Sequence[tuple[str, str]]


class Wanted(NamedTuple):
    """What is missing, as far as asking for it goes.

    Attributes:
        key: names it in the report, and the item.
        resource_type: FHIR type.
        element: the coded element, or the element that is not there; None for any resource.
        codes: (system, code), sorted.
        value_set: canonical of the codes, or None.
        text: what to ask.
        type: declared type of the item, or None.
        result_type: of the definition that holds it, or None.
        unit: Coding, or None.
        answers: (key, value) of declared answers.
    """

    key: str
    resource_type: str
    element: str | None
    codes: Codes
    value_set: str | None
    text: str
    type: str | None = None
    result_type: Type | None = None
    unit: Json | None = None
    answers: tuple[tuple[str, Any], ...] = ()


def search_of(wanted: Wanted, subject: str) -> str:
    """A search relative to the FHIR base, not percent-encoded."""
    identifier = subject.rpartition("/")[2]
    if wanted.resource_type == "Patient":
        return f"Patient?_id={identifier}"
    search = f"{wanted.resource_type}?patient={identifier}"
    name = parameter_of(wanted.element) if wanted.element and (wanted.codes or wanted.value_set) else None
    if name is None:
        return search
    if wanted.value_set is not None and not 0 < len(wanted.codes) <= MOST_CODES:
        return f"{search}&{name}:in={wanted.value_set}"
    tokens = ",".join(f"{system}|{_escaped(code)}" for system, code in wanted.codes)
    return f"{search}&{name}={tokens}"


def parameter_of(name: str) -> str:
    """The search parameter of a coded element: ``vaccineCode`` -> ``vaccine-code``; of a drug ``code``."""
    if name == "medication":
        return "code"
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"-{match[1].lower()}", name)


def _escaped(code: str) -> str:
    return re.sub(r"([\\,|$])", r"\\\1", code)


def item_of(wanted: Wanted) -> Json:
    """A Questionnaire.item whose answer would settle it."""
    kind = wanted.type or _type_of(wanted)
    item: Json = {"linkId": wanted.key}
    if wanted.unit is not None:
        item["extension"] = [{"url": UNIT, "valueCoding": wanted.unit}]
    if wanted.codes and len(wanted.codes) <= MOST_CODES:
        item["code"] = [_coding(system, code) for system, code in wanted.codes]
    item["text"] = wanted.text
    item["type"] = kind
    if kind in ("choice", "open-choice") and wanted.answers:
        item["answerOption"] = [{key: value} for key, value in wanted.answers]
    return item


def _coding(system: str, code: str) -> Json:
    return {"system": system, "code": code} if system else {"code": code}


def _type_of(wanted: Wanted) -> str:
    if wanted.answers:
        return ITEM_TYPES.get(wanted.answers[0][0], "string")
    if wanted.unit is not None:
        return "quantity"
    if wanted.result_type is not None and wanted.result_type in OF_RESULT:
        return OF_RESULT[wanted.result_type]
    held = None if wanted.element is None else element(wanted.resource_type, wanted.element)
    types = () if held is None or wanted.codes else held.types
    return OF_ELEMENT.get(types[0], "string") if types else "string"


def coded_element(resource_type: str, path: str | None) -> str | None:
    """The element of a codeFilter as the record names it; without a path the type's primary code."""
    return path or primary_code_path(resource_type)
