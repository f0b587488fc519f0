"""Back end of FHIRPath 2.0 chapter 5.8 "Tree navigation" and of FHIR's functions on elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import BudgetExceededError
from fhir_gepnet.fhir.reference import contained_in, type_and_id
from fhir_gepnet.logic.budget import held
from fhir_gepnet.logic.closures.fhirpath_filtering import MAXIMUM_ITEMS
from fhir_gepnet.logic.closures.fhirpath_items import Element, fhir_type_of_item
from fhir_gepnet.logic.closures.fhirpath_members import companion_members, items_of
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.crossings import fhir_name, is_system
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.form import Form, Type
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def _teller(kind: Type) -> Callable[[Any], Any]:
    """Items of a static type -> items that tell their type."""
    name = fhir_name(kind)
    if not name or schema.is_resource(name):
        return lambda item: item
    return lambda item: item if type(item) is Element else Element(item, name)


def children_of(item: Any) -> list[Any]:
    """Everything directly below an item, each telling its type."""
    type_name = fhir_type_of_item(item)
    holder = item.value if type(item) is Element else item
    out: list[Any] = []
    if type(item) is Element and type(holder) is not dict:
        return [*companion_members(item, "id"), *companion_members(item, "extension")]
    if type(holder) is not dict:
        return out
    for key in holder:
        if key == "resourceType" or (key[0] == "_" and key[1:] in holder):
            continue
        name = key.removeprefix("_")
        found = schema.element_of_key(type_name, name) if type_name else None
        if found is not None:
            out += items_of(holder, name, found[1])
        elif not type_name and key[0] != "_":
            value = holder[key]
            out += value if type(value) is list else [value]
    return out


@closes("fhirpath.children")
def children(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: static type of the items."""
    (source,), tell = operands, _teller(form.detail)
    return lambda frame: held(frame, [child for item in source(frame) for child in children_of(tell(item))])


@closes("fhirpath.descendants")
def descendants(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: static type of the items. Level by level, without the input."""
    (source,), tell, at = operands, _teller(form.detail), form.at

    def gather(frame: Frame) -> list[Any]:
        out: list[Any] = []
        level = [child for item in source(frame) for child in children_of(tell(item))]
        while level:
            out += level
            if len(out) > MAXIMUM_ITEMS:
                raise BudgetExceededError(f"descendants() gathers more than {MAXIMUM_ITEMS} items", at)
            held(frame, level)
            level = [child for item in level for child in children_of(item)]
        return out

    return gather


@closes("fhirpath.extension")
def extension(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Extensions and a url -> those with that url."""
    source, url = operands

    def matching(frame: Frame) -> list[Any]:
        wanted = url(frame)
        out = []
        for item in source(frame):
            holder = item.value if type(item) is Element else item
            if type(holder) is dict and holder.get("url") == wanted and wanted is not None:
                out.append(item)
        return out

    return matching


@closes("fhirpath.hasValue")
def has_value(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: static type of the items."""
    (source,), kind = operands, form.detail
    complex_type = bool(fhir_name(kind)) and not schema.is_primitive(fhir_name(kind)) and not is_system(kind)

    def decide(frame: Frame) -> bool:
        items = source(frame)
        if len(items) != 1 or complex_type:
            return False
        value = items[0].value if type(items[0]) is Element else items[0]
        return value is not None and type(value) is not dict

    return decide


@closes("fhirpath.getValue")
def get_value(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The System value; empty for complex elements."""
    (source,) = operands

    def read(frame: Frame) -> Any:
        value = source(frame)
        return None if type(value) in (Element, dict) else value

    return read


@closes("fhirpath.resolve")
def resolve(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """References, and texts of references, -> resources; what is not there drops out."""
    (source,) = operands

    def found(frame: Frame) -> list[Any]:
        environment: Environment = frame[0]
        out = []
        for item in source(frame):
            value = item.value if type(item) is Element else item
            text = value.get("reference") if type(value) is dict else value
            target = _target(text, environment) if type(text) is str else None
            if target is not None:
                out.append(target)
        return out

    return found


def _target(reference: str, environment: Environment) -> Any:
    root = environment.root
    if environment.record is not None:
        return environment.record.referenced(reference, root)
    if type(root) is not dict:
        return None
    if reference.startswith("#"):
        return contained_in(root, reference)
    wanted = type_and_id(reference)
    for entry in root.get("entry") or ():
        resource = entry.get("resource") if type(entry) is dict else None
        if type(resource) is not dict:
            continue
        if entry.get("fullUrl") == reference or (
            wanted is not None and (resource.get("resourceType"), resource.get("id")) == wanted
        ):
            return resource
    return None
