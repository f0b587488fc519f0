"""Back end of FHIRPath 2.0 chapter 6.3 "Types": is, as, ofType, type() and conformsTo()."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import EvaluationError
from fhir_gepnet.logic.closures.fhirpath_crossings import mapped
from fhir_gepnet.logic.closures.fhirpath_items import (
    PYTHON_TYPES,
    Element,
    fhir_type_name,
    fhir_type_of_item,
    type_name_of,
)
from fhir_gepnet.logic.closures.fhirpath_navigation import resources_of_type
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.crossings import fhir_name, is_system
from fhir_gepnet.logic.form import SYSTEM, ChoiceOf, Form, ListOf, Named, Type
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"


def _filtered(form: Form, source: Evaluate, keep: Callable[[Any], Any]) -> Evaluate:
    """Items for which ``keep`` gives something other than None."""
    return mapped(form, source, keep)


@closes("fhirpath.of_type")
def of_type(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (FHIR type names, whether they are resources). Gives plain JSON of that type."""
    (source,), (names, resources) = operands, form.detail
    if resources and isinstance(form.operands[0].type, ListOf):
        if len(names) == 1:
            (name,) = names
            return resources_of_type(form.operands[0], source, name, program)
        return lambda frame: [
            item for item in source(frame) if type(item) is dict and item.get("resourceType") in names
        ]

    def keep(item: Any) -> Any:
        if fhir_type_of_item(item) not in names:
            return None
        if type(item) is not Element:
            return item
        # A primitive without a value, or with extensions, stays an Element; see fhirpath_items.
        return item if item.companion is not None else item.value

    return _filtered(form, source, keep)


@closes("fhirpath.of_type_described")
def of_type_described(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (FHIR type names, System types); the items go on telling their type."""
    (source,), (names, systems) = operands, form.detail
    kinds = {kind for system in systems for kind in PYTHON_TYPES.get(system, ())}
    return _filtered(
        form, source, lambda item: item if fhir_type_of_item(item) in names or type(item) in kinds else None
    )


@closes("fhirpath.of_system_type")
def of_system_type(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: System types."""
    (source,) = operands
    kinds = {kind for system in form.detail for kind in PYTHON_TYPES.get(system, ())}
    return _filtered(form, source, lambda item: item if type(item) in kinds else None)


@closes("fhirpath.never")
def never(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A type that the source cannot have: evaluated for its errors, always empty."""
    (source,), many = operands, isinstance(form.type, ListOf)

    def nothing(frame: Frame) -> Any:
        source(frame)
        return [] if many else None

    return nothing


@closes("fhirpath.is")
def is_of_type(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (verdict when the static type decides, FHIR type names, types wanted)."""
    (source,), (verdict, names, wanted) = operands, form.detail
    kinds = {kind for type_ in wanted if is_system(type_) for kind in PYTHON_TYPES.get(type_, ())}

    def decide(item: Any) -> bool:
        if verdict is not None:
            return verdict  # type: ignore[no-any-return]
        return fhir_type_of_item(item) in names or type(item) in kinds

    return mapped(form, source, decide)


@closes("fhirpath.type")
def type_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: static type of the items."""
    (source,) = operands
    tell = _teller(form.detail)

    def information(item: Any) -> dict[str, str] | None:
        model, name = tell(item)
        return {"namespace": model, "name": name} if name else None

    return mapped(form, source, information)


def _teller(kind: Type) -> Callable[[Any], tuple[str, str]]:
    name = fhir_name(kind)
    if name and not schema.is_resource(name):
        return lambda item: ("FHIR", fhir_type_name(name))
    if isinstance(kind, Named) and not isinstance(kind, ChoiceOf) and kind.name.startswith(SYSTEM):
        written = kind.name.removeprefix(SYSTEM)
        if written not in ("Any", "Nothing"):
            return lambda item: ("System", written)
    return type_name_of


@closes("fhirpath.conformsTo")
def conforms_to(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Base definitions only; another profile is an error, never a guess."""
    (source, profile), at = operands, form.at

    def decide(frame: Frame) -> bool | None:
        item, url = source(frame), profile(frame)
        if item is None or url is None:
            return None
        name = url.removeprefix(_DEFINITIONS).partition("|")[0]
        if not url.startswith(_DEFINITIONS) or not schema.known(name):
            raise EvaluationError(at, "this profile is not known here", "check a base definition of FHIR R4")
        return schema.is_subtype(fhir_type_of_item(item), name)

    return decide
