"""Data elements that a folder declares: the DataRequirement behind a definition, and how to ask for it.

The logic tells what was read; it cannot tell what to ask a person. That is said once, by the
extension ``data-element`` on a DataRequirement: an ``action.input`` of a PlanDefinition (then that
action asks for it) or a ``dataRequirement`` of a Library. Its parts:

=============  =============  ====  ==================================================================
part           value[x]       card  meaning
=============  =============  ====  ==================================================================
``definition`` string         0..1  ``Library.Define`` that holds the element as the logic uses it
``known``      string         0..*  ``Library.Define`` (or ``Library.Define.element`` of a tuple) that
                                    is true when the element can be used, or is not needed; one is enough
``unknown``    any            0..*  values of ``definition`` that mean "not known"; null always does
``action``     string         0..*  ids of actions that apply while it is missing, and ask for it
``question``   string         0..1  what to ask
``type``       code           0..1  Questionnaire.item.type of the answer
``unit``       Coding         0..1  of a number
``answer``     Coding, ...    0..*  possible answers: offered, and tried out one by one
=============  =============  ====  ==================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fhir_gepnet.pathway.extensions import CANONICAL

DATA_ELEMENT = CANONICAL + "data-element"

Json = dict[str, Any]


class DataElement(NamedTuple):
    """One declared element.

    Attributes:
        requirement: the DataRequirement without the extension.
        asked_by: (canonical with version of the plan, id) of actions whose input it is; of those that
            a Library names the canonical is "", for any plan of the folder.
        definition, known, unknown, question, type, unit: see the module.
        answers: (JSON key such as ``valueCoding``, value) in order.
    """

    requirement: Json
    asked_by: tuple[tuple[str, str], ...]
    definition: str | None
    known: tuple[str, ...]
    unknown: tuple[Any, ...]
    question: str | None
    type: str | None
    unit: Json | None
    answers: tuple[tuple[str, Any], ...]


def data_elements_of(resources: Iterable[Mapping[str, Any]]) -> tuple[DataElement, ...]:
    """The declared elements of a folder's artefacts, in their order."""
    found: list[DataElement] = []
    for resource in resources:
        owner = f"{resource.get('url', '')}|{resource.get('version', '')}"
        if resource["resourceType"] == "Library":
            found += _declared(resource.get("dataRequirement", ()), ())
        elif resource["resourceType"] == "PlanDefinition":
            for action in _actions(resource.get("action", ())):
                found += _declared(action.get("input", ()), ((owner, action.get("id", "")),))
    return tuple(found)


def _actions(actions: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for action in actions:
        yield action
        yield from _actions(action.get("action", ()))


def _declared(requirements: Iterable[Json], asked_by: tuple[tuple[str, str], ...]) -> Iterator[DataElement]:
    for requirement in requirements:
        for extension in requirement.get("extension", ()):
            if extension.get("url") == DATA_ELEMENT:
                yield _element(requirement, extension, asked_by)


def _element(requirement: Json, extension: Json, asked_by: tuple[tuple[str, str], ...]) -> DataElement:
    parts = [(part["url"], *_value(part)) for part in extension.get("extension", ())]
    single = {name: value for name, _, value in reversed(parts)}
    others = [each for each in requirement["extension"] if each is not extension]
    bare = {name: value for name, value in requirement.items() if name != "extension"}
    return DataElement(
        requirement={**bare, "extension": others} if others else bare,
        asked_by=(*asked_by, *(("", value) for name, _, value in parts if name == "action")),
        definition=single.get("definition"),
        known=tuple(value for name, _, value in parts if name == "known"),
        unknown=tuple(value for name, _, value in parts if name == "unknown"),
        question=single.get("question"),
        type=single.get("type"),
        unit=single.get("unit"),
        answers=tuple((key, value) for name, key, value in parts if name == "answer"),
    )


def _value(extension: Mapping[str, Any]) -> tuple[str, Any]:
    for key, value in extension.items():
        if key.startswith("value"):
            return key, value
    return "", None
