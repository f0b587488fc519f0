"""The good folder that the tests break, and edits that break it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fhir_gepnet.json_io import read_json_file, write_json

SECOND_PATHWAY = Path(__file__).parent / "data" / "second-pathway"

Edit = Callable[[dict[str, Any]], None]

FILES = {
    "main": "plandefinition/influenza-reminder.json",
    "steps": "plandefinition/influenza-steps.json",
    "order": "activitydefinition/influenza-vaccination.json",
    "letter": "activitydefinition/influenza-letter.json",
}


def copy_to(folder: Path) -> Path:
    """A copy of the good folder."""
    return Path(shutil.copytree(SECOND_PATHWAY, folder / "pathway"))


def edit(folder: Path, name: str, change: Edit) -> None:
    """Change one artefact of a copy."""
    file = folder / FILES[name]
    resource = read_json_file(file)
    change(resource)
    file.write_bytes(write_json(resource))


def put(path: str, value: Any) -> Edit:
    """Set what a path like ``action.0.title`` names; ``-`` appends."""

    def change(resource: dict[str, Any]) -> None:
        *way, last = path.split(".")
        target: Any = resource
        for name in way:
            target = target[int(name)] if isinstance(target, list) else target[name]
        if last == "-":
            target.append(value)
        elif isinstance(target, list):
            target[int(last)] = value
        else:
            target[last] = value

    return change


def drop(path: str) -> Edit:
    """Delete what a path names."""

    def change(resource: dict[str, Any]) -> None:
        *way, last = path.split(".")
        target: Any = resource
        for name in way:
            target = target[int(name)] if isinstance(target, list) else target[name]
        del target[last]

    return change
