"""Property: what an element is, decided while loading by the type of what holds it.

Source: ELM "Property"; the FHIR model's element table for complex types and choices. A FHIR
primitive is its JSON scalar, so ``.value`` of it is the same scalar as a System value.
"""

from __future__ import annotations

from fhir_gepnet.errors import TypeMismatchError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir import model
from fhir_gepnet.logic.elm.literals import INSTANCES
from fhir_gepnet.logic.elm.reader import Reading, builds, fit_all, is_null, literal
from fhir_gepnet.logic.elm.type_specifiers import Node, joined, type_key
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    FHIR,
    SYSTEM,
    ChoiceOf,
    Form,
    IntervalOf,
    ListOf,
    Named,
    TupleOf,
    Type,
    is_fhir,
)


def model_type(name: str) -> Named:
    """A type as the model table names it: ``System.String``, else a FHIR type."""
    return Named(SYSTEM + name.removeprefix("System.") if name.startswith("System.") else FHIR + name)


@builds("Property")
def property_of(node: Node, reading: Reading) -> Form:
    """An element of an alias (``scope``), of a source, or of the implicit item of a sort."""
    at = reading.at(node)
    scope = node.get("scope")
    source = reading.named(scope, at) if scope else reading.read(node["source"])
    for name in node["path"].split("."):
        source = element_form(source, name, reading, at)
    return source


def element_form(source: Form, name: str, reading: Reading, at: Where) -> Form:
    """One element of a source, as the operator that fits the source's static type.

    Raises:
        TypeMismatchError: the type has no such element, or the type is not known.
    """
    of = source.type
    if is_null(source):
        return literal(None, ANY, at)
    if isinstance(of, ChoiceOf):
        return _of_choice(source, of, name, reading, at)
    if isinstance(of, TupleOf):
        elements = dict(of.elements)
        if name not in elements:
            raise TypeMismatchError(at, f"{of} has no element {name}", "name an element of the tuple")
        return Form("elm.TupleElement", elements[name], (source,), name, at)
    if isinstance(of, IntervalOf):
        ends = {"low": of.point, "high": of.point, "lowClosed": BOOLEAN, "highClosed": BOOLEAN}
        if name not in ends:
            raise TypeMismatchError(at, f"{of} has no element {name}", "use start of or end of")
        return Form("elm.IntervalEnd", ends[name], (source,), name, at)
    if of in INSTANCES:
        known = INSTANCES[of]
        if name not in known:
            raise TypeMismatchError(at, f"{of} has no element {name}", "name an element of the type")
        return Form("elm.Attribute", known[name], (source,), name, at)
    if is_fhir(of) and isinstance(of, Named):
        return _of_fhir(source, of.name.removeprefix(FHIR), name, at)
    if isinstance(of, ListOf):
        problem = f"{name} is asked of a {of}"
        raise TypeMismatchError(at, problem, "take one element of the list, or query it")
    raise TypeMismatchError(at, f"the type of what {name} is asked of is not known ({of})", "cast it first")


def _of_fhir(source: Form, type_name: str, name: str, at: Where) -> Form:
    primitive = model.primitive_of(type_name)
    if name == "value" and primitive is not None:
        return Form("elm.PrimitiveValue", model_type(primitive), (source,), None, at)
    element = model.element(type_name, name)
    if element is None or primitive is not None:
        raise TypeMismatchError(at, f"FHIR.{type_name} has no element {name}", "mend the path")
    if element.is_choice:
        keys = model.choice_keys(type_name, name)
        of = ChoiceOf(tuple(model_type(key_type) for _, key_type in keys))
        return Form("elm.ChoiceProperty", of, (source,), keys, at)
    single = model_type(element.types[0])
    return Form("elm.Property", ListOf(single) if element.is_list else single, (source,), name, at)


def _of_choice(source: Form, of: ChoiceOf, name: str, reading: Reading, at: Where) -> Form:
    """An element of a value of several possible types: one operand per type that has it.

    Operands: the source, then the element of each type, which read the value from a slot.
    Detail: the slot and the type keys of the operands after the first.
    """
    binding = reading.bind(ANY)
    keys: list[str] = []
    forms: list[Form] = []
    for choice in of.choices:
        held = Form("elm.SlotRef", choice, (), binding.slot, at)
        try:
            forms.append(element_form(held, name, reading, at))
        except TypeMismatchError:
            continue
        keys.append(type_key(choice))
    if not forms:
        raise TypeMismatchError(at, f"no type of {of} has an element {name}", "mend the path")
    joint = joined([form.type for form in forms])
    operands = (source, *fit_all(forms, joint))
    return Form("elm.PropertyOfChoice", joint, operands, (binding.slot, tuple(keys)), at)


def json_key(of: Named, name: str, value: Type, at: Where) -> str:
    """The JSON key under which an instance selector puts an element of a FHIR type.

    Raises:
        TypeMismatchError: no such element.
        UnsupportedFeatureError: a choice element whose type is not known while loading.
    """
    type_name = of.name.removeprefix(FHIR)
    if name == "value" and model.is_primitive(type_name):
        return ""
    element = model.element(type_name, name)
    if element is None:
        raise TypeMismatchError(at, f"{of} has no element {name}", "mend the instance selector")
    if not element.is_choice:
        return name
    wanted = value.name.removeprefix(FHIR) if isinstance(value, Named) else ""
    for key, key_type in model.choice_keys(type_name, name):
        if key_type == wanted:
            return key
    raise UnsupportedFeatureError(at, f"{name} of {of} is a choice; {value} is none of it", "cast the value")
