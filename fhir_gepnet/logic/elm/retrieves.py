"""ELM chapter External Data: Retrieve.

A retrieve whose codes are known while loading (a code, a list of codes, a value set) becomes
one look-up in the record's index. Matching is by code and system (``~``) or membership
(``in``); ``=`` and date filters are refused, because an index cannot answer them rightly.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_gepnet.errors import UnsupportedFeatureError
from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.logic.elm.reader import Reading, builds
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import FHIR, Form, ListOf, Named
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


@builds("Retrieve")
def retrieve(node: Node, reading: Reading) -> Form:
    """Detail: a ``Retrieve`` without codes. One operand, the codes, when it has any."""
    at = reading.at(node)
    resource_type = node["dataType"].removeprefix(FHIR)
    of = ListOf(Named(node["dataType"]))
    for name in ("dateRange", "dateProperty", "id", "context", "codeFilter", "dateFilter", "otherFilter"):
        if node.get(name):
            raise UnsupportedFeatureError(
                at, f"retrieve with {name} is not supported", "filter in a where clause"
            )
    codes = node.get("codes")
    if not codes:
        return Form("elm.Retrieve", of, (), Retrieve(resource_type), at)
    element = node.get("codeProperty")
    if not element:
        # A guess that misses the element would match nothing, and nothing looks like "none".
        raise UnsupportedFeatureError(
            at,
            f"the retrieve of {resource_type} has codes and does not say for which element",
            'name it in CQL: [DocumentReference: type in "Notes"]',
        )
    if node.get("codeComparator", "in") == "=":
        raise UnsupportedFeatureError(
            at, "retrieve with codeComparator = is not supported", "use ~ or in, which ignore versions"
        )
    return Form("elm.Retrieve", of, (reading.read(codes),), Retrieve(resource_type, element), at)


def data_need(form: Form) -> Retrieve:
    """What a retrieve form asks of the record, as far as it is known while loading."""
    need: Retrieve = form.detail
    if form.operands and form.operands[0].operator == "elm.Literal":
        return Retrieve(need.resource_type, need.code_element, keys_of(form.operands[0].detail))
    return need
