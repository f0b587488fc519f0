"""Closure of Retrieve: codes known while loading are questions of a code table, answered together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.coding import Code, Concept, code_of
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.elm.retrieves import Retrieve, data_need, keys_of
from fhir_gepnet.logic.equality import equal
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def coded(
    record: PatientRecord, resource_type: str, element: str, keys: frozenset[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Resources whose element carries one of the codes, in the order of the record."""
    index = record.index(resource_type, element)
    hits = [index[key] for key in index.keys() & keys]
    if len(hits) <= 1:
        return hits[0] if hits else []
    wanted = {id(resource) for resources in hits for resource in resources}
    return [resource for resource in record.of_type(resource_type) if id(resource) in wanted]


@closes("elm.Retrieve")
def retrieve(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """All resources of a type, or those with a code. Detail: a ``Retrieve``."""
    need: Retrieve = data_need(form)
    resource_type, element = need.resource_type, need.code_element
    if element is None:
        return lambda frame: frame[0].record.of_type(resource_type)
    known = need.codes
    if known is None:
        return _dynamic(resource_type, element, operands[0])
    table = program.code_table(resource_type, element)
    number = table.question(known)
    return lambda frame: frame[0].record.retrieved(table)[number]


@closes("elm.RetrieveAll")
def retrieve_all(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The resources that each of several retrieves finds, in the order of the record."""
    first, *others = operands

    def run(frame: Frame) -> Any:
        found = first(frame)
        for other in others:
            kept = set(map(id, other(frame)))
            found = [resource for resource in found if id(resource) in kept]
        return found

    return run


@closes("elm.CodedEqual")
def coded_equal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a coding of the resource equals one of the codes, version and display included.

    Operands: the resource, the codes. Detail: the element.
    """
    resource, codes = operands
    element: str = form.detail

    def run(frame: Frame) -> Any:
        held = (code_of(coding) for coding in frame[0].record.codings(resource(frame), element))
        wanted = list(_codes_in(codes(frame)))
        return any(equal(code, each) is True for code in held if code is not None for each in wanted)

    return run


def _codes_in(value: Any) -> Iterator[Code]:
    if isinstance(value, Code):
        yield value
    elif isinstance(value, Concept):
        yield from value.codes
    elif isinstance(value, list):
        for item in value:
            yield from _codes_in(item)
    elif value is not None:
        _unusable()


def _dynamic(resource_type: str, element: str, codes: Evaluate) -> Evaluate:
    """A retrieve whose codes are only known per patient; null codes match nothing."""

    def run(frame: Frame) -> Any:
        value = codes(frame)
        keys = None if value is None else keys_of(value)
        if keys is None:
            return [] if value is None else _unusable()
        return coded(frame[0].record, resource_type, element, keys)

    return run


def _unusable() -> Any:
    raise TypeError("a retrieve is given something that is no code, concept or value set")
