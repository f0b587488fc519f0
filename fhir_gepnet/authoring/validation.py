"""FHIR R4 validation of one artefact, with ``fhir.resources`` and the required codes on top.

``fhir.resources.R4B`` finds unknown, missing and misshapen elements, but leaves required codes
to the reader; they stand in the schema of each field and are compared here. The package takes
long to import, so that happens inside the functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.errors import Where
from fhir_gepnet.json_io import write_json
from fhir_gepnet.pathway.artifacts import Artifact

OPEN_LISTS = frozenset({("Expression", "language")})
"""Fields whose listed codes are not the only ones in R4 (extensible bindings)."""


def validation_findings(artifact: Artifact) -> list[Finding]:
    """Everything that does not validate in an artefact."""
    from fhir.resources.R4B import get_fhir_model_class

    where = artifact.canonical
    try:
        model_class = get_fhir_model_class(artifact.type)
    except (KeyError, LookupError):
        return [
            Finding("error", Where(where), f"FHIR R4 has no resource {artifact.type}", "mend resourceType")
        ]
    try:
        model = model_class.model_validate_json(write_json(artifact.resource))
    except KeyError as error:
        return [Finding("error", Where(where), f"there is no resource {error}", "mend resourceType inside")]
    except ValueError as error:
        # pydantic's ValidationError, which the core does not import.
        problems: Any = error
        return [
            Finding("error", Where(where, _place(problem["loc"])), _sentence(problem["msg"]))
            for problem in problems.errors(include_url=False, include_input=False)
        ]
    return list(_code_findings(model, where, ""))


def _place(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _sentence(message: str) -> str:
    """The first line of a message: the rest of a choice error lists dozens of field names."""
    return message.splitlines()[0]


def _code_findings(element: Any, artifact: str, place: str) -> Iterator[Finding]:
    fields = type(element).model_fields
    for name, field in fields.items():
        value = getattr(element, name, None)
        if value is None or name.endswith("__ext"):
            continue
        shown = field.alias or name
        at = f"{place}.{shown}" if place else shown
        known = (field.json_schema_extra or {}).get("enum_values")
        is_open = (type(element).__name__, name) in OPEN_LISTS
        for number, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            here = at if number is None else f"{at}[{number}]"
            if known and not is_open and isinstance(item, str) and item not in known:
                yield Finding(
                    "error",
                    Where(artifact, here),
                    f"{item!r} is not a code of {shown}",
                    f"use {', '.join(known)}",
                )
            elif hasattr(type(item), "model_fields"):
                yield from _code_findings(item, artifact, here)
