"""Blanks around names: tolerated when a folder is loaded, found here, because other engines stumble.

The one at the end of a name is hardly seen, and an engine that compares names as they are finds
no definition, and with it no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.errors import GepnetError, Where
from fhir_gepnet.pathway.artifacts import Artifact
from fhir_gepnet.pathway.expression_language import NAMES_ONLY, NAMES_TOO
from fhir_gepnet.pathway.library_content import define_names, elm_of

REMEDY = "take the blanks out; other engines do not find the definition"


def blank_findings(artifact: Artifact) -> Iterator[Finding]:
    """A warning per name of a CQL definition with blanks around it, where it is used or defined."""
    for place, expression in _expressions(artifact.resource, ""):
        language, text = str(expression["language"]), str(expression["expression"])
        if language != language.strip():
            where = Where(artifact.canonical, f"{place}.language")
            yield Finding("warning", where, f"blanks around {language!r}", "take them out")
        if language.strip() in NAMES_ONLY | NAMES_TOO and _blank(text):
            yield Finding("warning", Where(artifact.canonical, place), f"blanks around {text!r}", REMEDY)
    if artifact.type == "Library":
        for name in _defined(artifact):
            if _blank(name):
                yield Finding(
                    "warning", Where(artifact.canonical), f"define {name!r} has blanks around", REMEDY
                )


def _blank(text: str) -> bool:
    """Whether blanks stand around a name, or inside its quotes."""
    bare = text.strip('"')
    return text != text.strip() or bare != bare.strip()


def _defined(artifact: Artifact) -> list[str]:
    try:
        elm = elm_of(artifact)
    except GepnetError:
        # Loading has said what is wrong with it.
        return []
    return [] if elm is None else list(define_names(elm).values())


def _expressions(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every ``Expression`` element in a resource, alternatives included, with its place."""
    if isinstance(value, dict):
        if "language" in value and isinstance(value.get("expression"), str):
            yield place, value
        for key, each in value.items():
            yield from _expressions(each, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _expressions(each, f"{place}[{number}]")
