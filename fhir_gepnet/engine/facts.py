"""The patient's data behind a condition: which resources it rests on, and what it looked for in vain.

Computed on request; see ``logic/reading.py``. Of the resources that one question to the record
gave, those count that were read furthest: the latest result is read to its value, an older one
only to its date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_gepnet.engine.forced import Forced, definition_named
from fhir_gepnet.engine.trace import Application
from fhir_gepnet.fhir.choice import chosen
from fhir_gepnet.fhir.coding import Code
from fhir_gepnet.fhir.model import choice_keys, element, primary_code_path
from fhir_gepnet.logic import Definition, Libraries
from fhir_gepnet.logic.fhirpath.expression import compile_condition
from fhir_gepnet.logic.reading import Read, Recorder, Retrieved
from fhir_gepnet.pathway.expressions import VARIABLES
from fhir_gepnet.pathway.formula import Formula
from fhir_gepnet.terminology.value_set import ValueSet

DATES = (
    "effective", "onset", "performed", "occurrence", "recordedDate", "authoredOn", "dateAsserted",
    "date", "period", "issued", "birthDate",
)  # fmt: skip
"""Elements that say when something was, the best first (choice elements by their model name)."""

Resource = dict[str, Any]


class Fact(NamedTuple):
    """One resource that a condition rests on.

    Attributes:
        reference: ``Observation/o1``; the type alone when the resource has no id.
        code: text of its code, or None.
        coding: first coding of its code as JSON, or None.
        value: its ``value[x]`` as JSON, or None.
        date: as written, the most telling date; None when it has none.
        read: path -> scalar, everything that the condition read of it.
    """

    reference: str
    code: str | None
    coding: dict[str, Any] | None
    value: Any
    date: str | None
    read: Mapping[str, Any]


class Sought(NamedTuple):
    """A question to the record that found nothing.

    Attributes:
        resource_type: what was looked for.
        element: coded element, or None for any resource of the type.
        value_set: canonical url of the value set, or None.
        display: of the one code that was asked for, or None.
        codes: (system, code), sorted.
    """

    resource_type: str
    element: str | None
    value_set: str | None
    display: str | None
    codes: tuple[tuple[str, str], ...]


class Grounds(NamedTuple):
    """What a condition rests on: facts, questions without an answer, definitions that it names.

    ``read`` has all that led to it; ``definitions`` are those whose value it took itself.
    """

    facts: tuple[Fact, ...]
    sought: tuple[Sought, ...]
    definitions: tuple[Definition, ...]
    read: Read


def recorder_of(application: Application, libraries: Libraries, forced: Forced | None) -> Recorder:
    """A recorder for one application; what was forced is taken as given."""
    given = {}
    for name in forced or ():
        for library in libraries.values():
            if name.startswith(f"{library.name}."):
                slot = definition_named(libraries, name).slot
                given[slot] = application.scope.memo[slot]
                break
    return Recorder(application.scope, libraries.program, given)


def grounds_of(formula: Formula, application: Application, recorder: Recorder) -> Grounds:
    """What a formula rests on in this application."""
    if formula.definition is not None:
        read = recorder.of_definition(formula.definition)
    else:
        compiled = compile_condition(formula.text, variables=VARIABLES, where=formula.at)
        read = recorder.of_fhirpath(compiled, application.variables)
    return Grounds(_facts(read), tuple(_sought(read.retrieved)), read.own, read)


def _facts(read: Read) -> tuple[Fact, ...]:
    leaves = {id(resource): paths for resource, paths in read.leaves}
    kept: dict[int, Fact] = {}
    for question in read.retrieved:
        for resource in read_furthest(question.resources, leaves):
            kept.setdefault(id(resource), fact_of(resource, leaves.get(id(resource), {})))
    return tuple(kept.values())


def read_furthest(
    resources: Sequence[Resource], leaves: Mapping[int, Mapping[str, Any]]
) -> Iterable[Resource]:
    """Resources of which no other was read further; ``leaves`` is by their ``id()``."""
    sets = [leaves.get(id(resource), {}).keys() for resource in resources]
    for resource, own in zip(resources, sets, strict=True):
        if not any(own < other for other in sets):
            yield resource


def fact_of(resource: Resource, read: Mapping[str, Any]) -> Fact:
    """What is worth telling of a resource."""
    resource_type = resource["resourceType"]
    concept = code_of(resource)
    codings = concept.get("coding") if isinstance(concept, dict) else None
    coding = codings[0] if isinstance(codings, list) and codings else None
    text = concept.get("text") if isinstance(concept, dict) else None
    if text is None and isinstance(coding, dict):
        text = coding.get("display") or coding.get("code")
    value = chosen(resource, resource_type, "value") if element(resource_type, "value") else None
    return Fact(
        reference_of(resource),
        text,
        coding,
        None if value is None else value.value,
        date_of(resource),
        dict(sorted(read.items())),
    )


def reference_of(resource: Resource) -> str:
    """``Type/id``, or the type alone."""
    identifier = resource.get("id")
    return f"{resource['resourceType']}/{identifier}" if identifier else str(resource["resourceType"])


def code_of(resource: Resource) -> Any:
    """The element by which a type is retrieved (FHIR R4 model info, primary code path)."""
    path = primary_code_path(resource["resourceType"])
    if path is None:
        return None
    held = resource.get(path) or resource.get(f"{path}CodeableConcept")
    return held[0] if isinstance(held, list) and held else held


def date_of(resource: Resource) -> str | None:
    """When it was, as written; of a period its end, else its start."""
    for key in date_keys(resource["resourceType"]):
        held = resource.get(key)
        if isinstance(held, dict):
            held = held.get("end") or held.get("start")
        if isinstance(held, str):
            return held
    return None


def date_keys(resource_type: str) -> list[str]:
    """JSON keys of a type's dates, the most telling first."""
    keys = []
    for name in DATES:
        found = element(resource_type, name)
        if found is not None and found.is_choice:
            keys += [key for key, of in choice_keys(resource_type, name) if of in _TIMES]
        elif found is not None:
            keys.append(name)
    return keys


_TIMES = ("dateTime", "instant", "date", "Period")


def _sought(retrieved: Iterable[Retrieved]) -> Iterable[Sought]:
    for question in retrieved:
        if not question.resources:
            yield sought_of(question)


def sought_of(question: Retrieved) -> Sought:
    """A question to the record, whatever it found."""
    need, asked = question.need, question.asked
    return Sought(
        need.resource_type,
        need.code_element,
        asked.url if isinstance(asked, ValueSet) else None,
        asked.display if isinstance(asked, Code) else None,
        tuple(sorted(need.codes or ())),
    )
