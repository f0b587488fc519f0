"""ELM chapter External Data: Retrieve.

A retrieve whose codes are known while loading (a code, a list of codes, a value set) becomes
one look-up in the record's index, whatever else it asks: several code filters are several
look-ups whose answers are cut, and a date filter or ``=`` is a query over what the index gives.
Matching is by code and system (``~``) or membership (``in``), versions and displays too with ``=``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_gepnet.errors import UnsupportedFeatureError, Where
from fhir_gepnet.fhir import model
from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.logic.elm.clinical import value_set_form
from fhir_gepnet.logic.elm.queries import QueryShape
from fhir_gepnet.logic.elm.reader import Binding, Reading, builds
from fhir_gepnet.logic.elm.retrieve_dates import DateFilter, within
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import BOOLEAN, FHIR, Form, ListOf, Named, Type
from fhir_gepnet.terminology.value_set import ValueSet


@dataclass(frozen=True, slots=True)
class Retrieve:
    """What a formula asks of the record: a type, and for coded retrieves element and codes.

    ``codes`` is None when all resources of the type are wanted, or when the codes are only
    known per patient; ``code_element`` is then None or names the element.
    """

    resource_type: str
    code_element: str | None = None
    codes: frozenset[tuple[str, str]] | None = None


def key_of(code: Code) -> tuple[str, str]:
    """A code as the record's index keys it: a missing system is an empty text."""
    return (code.system or "", code.code)


def keys_of(value: object) -> frozenset[tuple[str, str]] | None:
    """The index keys of codes, concepts, value sets or lists of them; None for anything else."""
    if isinstance(value, Code):
        return frozenset({key_of(value)})
    if isinstance(value, Concept):
        return frozenset(key_of(code) for code in value.codes)
    if isinstance(value, ValueSet):
        return frozenset((system or "", code) for system, code in value.codes)
    if isinstance(value, list):
        parts = [keys_of(item) for item in value if item is not None]
        return None if None in parts else frozenset(key for part in parts for key in part or ())
    return None


@dataclass(frozen=True, slots=True)
class _CodeFilter:
    """One terminology filter: which element, how compared, and the expression of the codes."""

    element: str | None
    comparator: str
    codes: Node


_ABOUT_PATIENTS = frozenset(
    {
        "Appointment",
        "AppointmentResponse",
        "AuditEvent",
        "Group",
        "Patient",
        "Person",
        "Provenance",
        "Schedule",
        "SupplyRequest",
    }
)
"""Types of FHIR's patient compartment whose patient no single element names."""

_REFUSED = ("id", "context", "include", "includedIn", "otherFilter")


@builds("Retrieve")
def retrieve(node: Node, reading: Reading) -> Form:
    """Detail: a ``Retrieve`` without codes. One operand, the codes, when it has any.

    With several code filters it is ``elm.RetrieveAll`` over one retrieve each; with a date filter
    a query over these.

    Raises:
        UnsupportedFeatureError: no resource type of FHIR R4; a filter that nobody could apply; data
            of all patients (context Unfiltered), of which a record holds one.
    """
    at = reading.at(node)
    resource_type = _resource_type(node, reading, at)
    for name in _REFUSED:
        if node.get(name):
            raise UnsupportedFeatureError(
                at, f"retrieve with {name} is not supported", "filter in a where clause"
            )
    of = ListOf(Named(FHIR + resource_type))
    filters = [_element_named(each, resource_type, at) for each in _code_filters(node, at)]
    found = [_coded(each, resource_type, of, reading, at) for each in filters]
    form = found[0] if found else Form("elm.Retrieve", of, (), Retrieve(resource_type), at)
    if len(found) > 1:
        form = Form("elm.RetrieveAll", of, tuple(found), None, at)
    for dates in _date_filters(node, at):
        item = reading.bind(of.element)
        form = _filtered(form, item, within(dates, item, reading, at), of, at)
    return form


def _resource_type(node: Node, reading: Reading, at: Where) -> str:
    resource_type = str(node["dataType"]).removeprefix(FHIR)
    info = model.type_info(resource_type)
    if info is None or not info.retrievable:
        problem = f"{node['dataType']} is no resource type of FHIR R4"
        raise UnsupportedFeatureError(at, problem, "write the library for FHIR 4.0.1")
    if reading.unfiltered and (info.patient is not None or resource_type in _ABOUT_PATIENTS):
        problem = f"context Unfiltered asks for {resource_type} of all patients, and a record holds one"
        raise UnsupportedFeatureError(at, problem, "retrieve it in context Patient")
    return resource_type


def _code_filters(node: Node, at: Where) -> list[_CodeFilter]:
    """The attributes of the node, then the list of newer ELM; the same filter may stand in both."""
    filters = []
    if node.get("codes"):
        filters.append(_CodeFilter(node.get("codeProperty"), node.get("codeComparator", "in"), node["codes"]))
    for each in node.get("codeFilter") or ():
        listed = _CodeFilter(
            each.get("property"), each.get("comparator", "in"), _value(each, "codeFilter", at)
        )
        if listed not in filters:
            filters.append(listed)
    return filters


def _value(given: Node, name: str, at: Where) -> Node:
    """The expression of a listed filter; one that goes by a search parameter only has none."""
    value: Node | None = given.get("value")
    if value is None:
        raise UnsupportedFeatureError(
            at, f"a {name} without a value is not supported", "filter in a where clause"
        )
    return value


def _date_filters(node: Node, at: Where) -> list[DateFilter]:
    filters = []
    if node.get("dateRange"):
        element, low, high = (
            node.get(name) for name in ("dateProperty", "dateLowProperty", "dateHighProperty")
        )
        filters.append(DateFilter(element, low, high, node["dateRange"]))
    for each in node.get("dateFilter") or ():
        element, low, high = (each.get(name) for name in ("property", "lowProperty", "highProperty"))
        listed = DateFilter(element, low, high, _value(each, "dateFilter", at))
        if listed not in filters:
            filters.append(listed)
    return filters


def _element_named(given: _CodeFilter, resource_type: str, at: Where) -> _CodeFilter:
    """The filter with its element; translators up to 2.4 leave out the primary one of the type."""
    element = given.element or model.primary_code_path(resource_type)
    if element is None:
        # A guess that misses the element would match nothing, and nothing looks like "none".
        raise UnsupportedFeatureError(
            at,
            f"the retrieve of {resource_type} has codes and does not say for which element",
            'name it in CQL: [DocumentReference: type in "Notes"]',
        )
    if model.element(resource_type, element) is None:
        problem = f"FHIR.{resource_type} has no element {element} that a retrieve could filter by"
        raise UnsupportedFeatureError(at, problem, "filter in a where clause")
    return _CodeFilter(element, given.comparator, given.codes)


def _coded(given: _CodeFilter, resource_type: str, of: ListOf, reading: Reading, at: Where) -> Form:
    """The retrieve of one code filter. ``=`` looks at what ``~`` finds."""
    codes = value_set_form(given.codes, reading)
    form = Form("elm.Retrieve", of, (codes,), Retrieve(resource_type, given.element), at)
    if given.comparator in ("in", "~"):
        return form
    if given.comparator != "=":
        problem = f"retrieve with codeComparator {given.comparator} is not supported"
        raise UnsupportedFeatureError(at, problem, "use in, ~ or =")
    item = reading.bind(of.element)
    held = Form("elm.SlotRef", of.element, (), item.slot, at)
    return _filtered(form, item, Form("elm.CodedEqual", BOOLEAN, (held, codes), given.element, at), of, at)


def _filtered(source: Form, item: Binding, condition: Form, of: Type, at: Where) -> Form:
    """The rows of a source that meet a condition on the item."""
    shape = QueryShape(((item.slot, True),), (), (), True, False, False, None, (), True, ("$this",))
    return Form("elm.Query", of, (source, condition), shape, at)


def data_need(form: Form) -> Retrieve:
    """What a retrieve form asks of the record, as far as it is known while loading."""
    need: Retrieve = form.detail
    if form.operands and form.operands[0].operator == "elm.Literal":
        return Retrieve(need.resource_type, need.code_element, keys_of(form.operands[0].detail))
    return need
