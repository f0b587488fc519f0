"""Closures of Children and Descendents.

What lies below a FHIR element is told with its type, because the JSON alone does not tell it:
``(Patient.descendents()) D where D is FHIR.Reference`` asks for just that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir import model
from fhir_gepnet.fhir.coding import Code, Concept, Vocabulary
from fhir_gepnet.fhir.quantity import Quantity, Ratio
from fhir_gepnet.logic.budget import held
from fhir_gepnet.logic.closures.elm_arithmetic import unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.elm.properties import model_type
from fhir_gepnet.logic.form import ANY, FHIR, Chosen, Form, IntervalOf, ListOf, Named, TupleOf, Type
from fhir_gepnet.logic.interval import Interval
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Typed = tuple[Any, Type]

_ATTRIBUTES: dict[type, tuple[str, ...]] = {
    Quantity: ("value", "unit"),
    Ratio: ("numerator", "denominator"),
    Code: ("code", "system", "version", "display"),
    Concept: ("codes", "display"),
    Vocabulary: ("id", "version", "name"),
    Interval: ("low", "high", "low_closed", "high_closed"),
}


def typed(value: Any, of: Type) -> Typed:
    """A value with what is known of its type when it is at hand."""
    if isinstance(value, Chosen):
        return value.value, Named(value.type_name)
    if isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        return value, Named(FHIR + value["resourceType"])
    return value, of


def children_of(value: Any, of: Type) -> Iterator[Typed]:
    """What lies directly below a value; of a list, below each of its items. Nulls are left out."""
    value, of = typed(value, of)
    if isinstance(value, list):
        for item in value:
            yield from children_of(item, of.element if isinstance(of, ListOf) else ANY)
        return
    for child, child_type in _elements(value, of):
        members = child if isinstance(child, list | tuple) and not isinstance(child, Chosen) else (child,)
        member_type = child_type.element if isinstance(child_type, ListOf) else child_type
        yield from (typed(member, member_type) for member in members if member is not None)


def _elements(value: Any, of: Type) -> Iterator[Typed]:
    if isinstance(of, Named) and of.name.startswith(FHIR):
        yield from _of_fhir(value, of.name.removeprefix(FHIR))
    elif isinstance(value, dict):
        wanted = dict(of.elements) if isinstance(of, TupleOf) else {}
        yield from ((item, wanted.get(name, ANY)) for name, item in value.items())
    else:
        point = of.point if isinstance(of, IntervalOf) else ANY
        for name in _ATTRIBUTES.get(type(value), ()):
            yield getattr(value, name), point if name in ("low", "high") else ANY


def _of_fhir(value: Any, type_name: str) -> Iterator[Typed]:
    """The elements of FHIR JSON in the order of the model; of a primitive its value."""
    info = model.type_info(type_name)
    if info is None:
        raise TypeError("an element is of a type that FHIR R4 does not have")
    if not isinstance(value, dict):
        yield value, ANY
        return
    for element in info.elements.values():
        for key, name in element.json_keys:
            if key in value:
                yield value[key], model_type(name)


def _told(child: Typed) -> Any:
    """A child as a value that tells its type where the value alone does not."""
    value, of = child
    is_fhir = isinstance(of, Named) and of.name.startswith(FHIR)
    if not is_fhir or (isinstance(value, dict) and "resourceType" in value):
        return value
    return Chosen(value, str(of.name) if isinstance(of, Named) else "")


@closes("elm.Children")
def children(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Everything directly below; null of null. Detail: the static type of the value."""
    of: Type = form.detail
    return unary(operands[0], lambda value: [_told(child) for child in children_of(value, of)])


@closes("elm.Descendents")
def descendents(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Everything below, level by level; null of null. Detail: the static type of the value."""
    of: Type = form.detail

    (source,) = operands

    def run(frame: Frame) -> Any:
        value = source(frame)
        if value is None:
            return None
        found: list[Any] = []
        level = list(children_of(value, of))
        while level:
            held(frame, level)
            found += map(_told, level)
            level = [child for item, kind in level for child in children_of(item, kind)]
        return held(frame, found)

    return run
