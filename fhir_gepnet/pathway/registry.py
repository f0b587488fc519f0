"""Where pathway folders are: in a directory of the caller's, or installed with us."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.pathway.artifacts import artifact_files

PLAN = re.compile(rb'"resourceType"\s*:\s*"PlanDefinition"')


def find_pathways(directory: Path | str | None = None) -> dict[str, Path]:
    """Pathway folders by name, in the order of their names. Nothing is compiled.

    Args:
        directory: its subfolders that hold a PlanDefinition are pathways; when there is none,
            the directory itself may be one. None means the folders installed as the package
            ``plandefinitions``.

    Raises:
        ArtifactError: the directory does not exist, or holds no pathway.
    """
    root = Path(str(files("plandefinitions"))) if directory is None else Path(directory)
    if not root.is_dir():
        raise ArtifactError(Where(str(root)), "no such directory", "name a directory of pathway folders")
    found = {
        folder.name: folder for folder in sorted(root.iterdir()) if folder.is_dir() and _has_plan(folder)
    }
    # A pathway's own subfolder of plans looks like a pathway; then the directory itself is meant.
    if "plandefinition" in found or (not found and _has_plan(root)):
        return {root.resolve().name: root}
    if not found:
        raise ArtifactError(
            Where(str(root)),
            "there is no pathway in it",
            "a pathway folder holds at least one PlanDefinition",
        )
    return found


def _has_plan(folder: Path) -> bool:
    return any(_is_plan(file) for file in artifact_files(folder))


def _is_plan(file: Path) -> bool:
    # Not parsed: a broken file is for load_pathway to report, with everything else that is wrong.
    return PLAN.search(file.read_bytes()) is not None
