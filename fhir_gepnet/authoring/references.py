"""References between artefacts: canonicals, and ids of contained resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_gepnet.authoring.findings import Finding
from fhir_gepnet.errors import Where
from fhir_gepnet.pathway.artifacts import Artifact, Artifacts

CANONICAL_ELEMENTS = frozenset(
    {
        "definitionCanonical",
        "library",
        "valueSet",
        "supplements",
        "derivedFrom",
        "instantiatesCanonical",
        "transform",
    }
)
"""Elements that hold canonicals of artefacts; a folder holds those of its own."""


def reference_findings(artifact: Artifact, artifacts: Artifacts) -> Iterator[Finding]:
    """Canonicals into this folder that lead nowhere, versions inside a url, broken ``#id``."""
    own = _base(artifact.resource["url"])
    contained = {f"#{each.get('id')}" for each in artifact.resource.get("contained", ())}
    for place, name, value in _texts(artifact.resource, ""):
        where = Where(artifact.canonical, place)
        if name == "reference" and value.startswith("#") and value != "#" and value not in contained:
            yield Finding("error", where, f"no contained resource {value}", "add it, or mend the reference")
        elif name in CANONICAL_ELEMENTS:
            yield from _canonical_findings(value, own, where, artifacts)


def _canonical_findings(value: str, own: str, where: Where, artifacts: Artifacts) -> Iterator[Finding]:
    url, _, version = value.partition("|")
    versions = artifacts.by_url.get(url)
    if versions is None:
        if own and _base(url) == own:
            yield Finding(
                "error", where, f"nothing here has the canonical {value}", "mend it, or add the file"
            )
    elif not version:
        yield Finding("warning", where, f"{value} names no version", f"write {versions[0].canonical}")
    elif all(artifact.resource["version"] != version for artifact in versions):
        yield Finding("error", where, f"{url} has no version {version}", f"there is {versions[0].canonical}")


def _base(url: str) -> str:
    """The part of a canonical before type and id."""
    return url.rpartition("/")[0].rpartition("/")[0]


def _texts(value: Any, place: str, name: str = "") -> Iterator[tuple[str, str, str]]:
    """(place, element name, text) of every text in a resource."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{place}.{key}".lstrip("."), key)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _texts(each, f"{place}[{number}]", name)
    elif isinstance(value, str):
        yield place, name, value
