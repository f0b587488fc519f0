"""A folder's artefacts: which files they are, and finding one by its canonical."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    PathwayError,
    UnresolvedReferenceError,
    Where,
)
from fhir_gepnet.json_io import read_json_file

NOT_ARTIFACTS = frozenset({"cases", "examples", "node_modules"})
"""Folders below a pathway that hold other JSON."""

PACKAGE_FILES = frozenset({"package.json", "package-lock.json"})


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artefact with the file it came from."""

    file: Path
    resource: dict[str, Any]

    @property
    def type(self) -> str:
        """FHIR resource type."""
        return str(self.resource["resourceType"])

    @property
    def canonical(self) -> str:
        """``url|version``."""
        return f"{self.resource['url']}|{self.resource['version']}"


@dataclass(frozen=True, slots=True)
class Artifacts:
    """All artefacts of a folder.

    Attributes:
        all: ordered by type, url and version.
        by_url: the versions of each url, newest first.
    """

    all: tuple[Artifact, ...]
    by_url: Mapping[str, tuple[Artifact, ...]]

    def of_type(self, resource_type: str) -> list[Artifact]:
        """Artefacts of one type, in order."""
        return [artifact for artifact in self.all if artifact.type == resource_type]

    def resolve(self, canonical: str, types: tuple[str, ...], at: Where) -> Artifact:
        """The artefact that a canonical names: its exact version, or without one the newest.

        Raises:
            UnresolvedReferenceError: nothing with this url, version and type.
        """
        url, _, version = canonical.partition("|")
        kind = " or ".join(types)
        versions = self.by_url.get(url, ())
        for artifact in versions:
            if artifact.type in types and (not version or artifact.resource["version"] == version):
                return artifact
        if versions:
            known = ", ".join(f"{each.type} {each.canonical}" for each in versions)
            raise UnresolvedReferenceError(
                at, f"no {kind} {canonical}", f"this folder has {known}; name one of them or add the file"
            )
        raise UnresolvedReferenceError(at, f"no {kind} {canonical}", "mend the canonical or add the file")


@contextmanager
def collected(problems: list[GepnetError]) -> Iterator[None]:
    """Note a problem instead of stopping, so that the author sees all of them at once."""
    try:
        yield
    except PathwayError as error:
        problems.extend(error.problems)
    except GepnetError as error:
        problems.append(error)


def artifact_files(folder: Path) -> list[Path]:
    """JSON files of a pathway folder that are artefacts, in order."""
    found = []
    for file in sorted(folder.rglob("*.json")):
        parts = file.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if hidden or NOT_ARTIFACTS.intersection(parts[:-1]) or parts[-1] in PACKAGE_FILES:
            continue
        found.append(file)
    return found


def read_artifacts(folder: Path, problems: list[GepnetError]) -> Artifacts:
    """Read every artefact; what is wrong with a file goes to ``problems`` and the file is left out."""
    found: list[Artifact] = []
    seen: dict[tuple[str, ...], Path] = {}
    for file in artifact_files(folder):
        with collected(problems):
            resource = _read(file, folder)
            for key in (
                ("canonical", resource["url"], resource["version"]),
                ("id", resource["resourceType"], resource["id"]),
            ):
                if key in seen:
                    first = seen[key].relative_to(folder)
                    raise ArtifactError(
                        _where(file, folder),
                        f"same {key[0]} as {first}: {' '.join(key[1:])}",
                        "keep one of them",
                    )
            seen[("canonical", resource["url"], resource["version"])] = file
            seen[("id", resource["resourceType"], resource["id"])] = file
            found.append(Artifact(file, resource))
    found.sort(
        key=lambda artifact: (
            artifact.type,
            artifact.resource["url"],
            version_key(artifact.resource["version"]),
        )
    )
    by_url: dict[str, tuple[Artifact, ...]] = {}
    for artifact in found:
        url = artifact.resource["url"]
        by_url[url] = (artifact, *by_url.get(url, ()))
    return Artifacts(tuple(found), by_url)


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key of a business version: numbers by value, other parts by text, numbers last."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"[.\-+]", version)
    )


def _where(file: Path, folder: Path) -> Where:
    return Where(file.relative_to(folder).as_posix())


def _read(file: Path, folder: Path) -> dict[str, Any]:
    where = _where(file, folder)
    try:
        resource = read_json_file(file)
    except GepnetError as error:
        raise ArtifactError(where, str(error), "mend the JSON of this file") from None
    if not isinstance(resource, dict):
        raise ArtifactError(where, "the file holds no JSON object", "put one FHIR resource into it")
    for element in ("resourceType", "id", "url", "version"):
        value = resource.get(element)
        if not isinstance(value, str) or not value:
            raise ArtifactError(where, f"{element} is missing", f"give the artefact its {element}")
    if "|" in resource["url"]:
        raise ArtifactError(where, "url holds a version (|)", "put the version into the element version")
    return resource
