"""Whether an artefact's JSON has the shape of FHIR R4, so that the rest of the loader may trust it.

Checked are element names, list or single, object or scalar, by the model's tables. Codes,
cardinalities and invariants are the matter of ``gepnet check``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.fhir.model import ElementInfo, primitive_of, type_info

SCALARS: dict[str, tuple[type, ...]] = {
    "System.Boolean": (bool,),
    "System.Integer": (int,),
    "System.Decimal": (int, Decimal),
}
UNTYPED = frozenset({"Resource", "System.Any", "Narrative", "ResourceList"})
"""Types whose inside is not looked at."""


def shape_problems(resource: dict[str, Any], artifact: str) -> Iterator[ArtifactError]:
    """Everything in a resource that the model does not know; see the module."""
    yield from _problems(resource, str(resource["resourceType"]), artifact, "")


def _problems(value: dict[str, Any], type_name: str, artifact: str, place: str) -> Iterator[ArtifactError]:
    info = type_info(type_name)
    if info is None:
        yield ArtifactError(Where(artifact, place), f"FHIR R4 has no type {type_name}", "mend resourceType")
        return
    known = {key: (element, of) for element in info.elements.values() for key, of in element.json_keys}
    for key, content in value.items():
        if key in ("resourceType", "fhir_comments"):
            continue
        at = f"{place}.{key}" if place else key
        # _name holds the extensions of a primitive; they are carried along unread.
        found = known.get(key.removeprefix("_"))
        if found is None:
            known_as = ", ".join(sorted(known))
            yield ArtifactError(
                Where(artifact, at), f"{type_name} has no element {key}", f"it has {known_as}"
            )
        elif not key.startswith("_"):
            yield from _element_problems(content, *found, artifact, at)


def _element_problems(
    content: Any, element: ElementInfo, type_name: str, artifact: str, place: str
) -> Iterator[ArtifactError]:
    if element.is_list != isinstance(content, list):
        wanted = "a list" if element.is_list else "one value, not a list"
        yield ArtifactError(Where(artifact, place), f"{element.name} is {wanted} in FHIR R4", "mend the JSON")
        return
    items = enumerate(content) if isinstance(content, list) else ((None, content),)
    for number, item in items:
        at = place if number is None else f"{place}[{number}]"
        primitive = primitive_of(type_name)
        if primitive is not None or type_name.startswith("System."):
            wanted_types = SCALARS.get(primitive or type_name, (str,))
            if item is not None and type(item) not in wanted_types:
                yield ArtifactError(Where(artifact, at), f"this is not a {type_name}", "mend the JSON")
        elif not isinstance(item, dict):
            yield ArtifactError(Where(artifact, at), f"this is not a {type_name} object", "mend the JSON")
        elif type_name not in UNTYPED:
            yield from _problems(item, type_name, artifact, at)
