"""Translate a folder's CQL into ELM and put both into its Library resources.

Authoring only: it needs Node and, the first time, the package registry. At run time nothing of this is
used, because the ELM is committed inside the Library (content types ``text/cql`` and
``application/elm+json``).
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.json_io import read_json, read_json_file, write_json, write_json_indented

CQL, ELM = "text/cql", "application/elm+json"
_TOOL_FILES = ("package.json", "package-lock.json", "translate.mjs")
_NODE_REMEDY = (
    "install Node 20 or newer with npm (https://nodejs.org), or translate on a machine that has it;"
    " serving and testing need no Node"
)


@dataclass(frozen=True, slots=True)
class _Translated:
    """One library as the translator returned it; ``elm`` is JSON text, None when it gave up."""

    file: str
    name: str
    elm: str | None
    problems: tuple[str, ...]


def translate_folder(folder: Path) -> list[str]:
    """Translate ``folder/library/cql/*.cql`` into the ``content`` of ``folder/library/<name>.json``.

    Every other element of an existing Library stays as it is; a library without one gets a minimal
    resource. The bytes depend on the CQL and the translator's version only, so translating twice
    changes nothing.

    Args:
        folder: a pathway folder.

    Returns:
        The names of the libraries, sorted.

    Raises:
        ArtifactError: no CQL there; Node is missing; or any library has an error, in which case
            nothing is written and the message lists library, line and message of all of them.
    """
    sources = {
        path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "library/cql").glob("*.cql"))
    }
    if not sources:
        raise ArtifactError(
            Where(str(folder), "library/cql"),
            "there is no CQL to translate",
            "put *.cql files into library/cql",
        )
    translated = _translate(sources, folder)
    problems = [f"{one.file}: {problem}" for one in translated for problem in one.problems]
    # Left out because of a broken include, which is reported itself; without one, they include each other.
    if not problems:
        problems = [f"{one.file}: includes itself through others" for one in translated if one.elm is None]
    if problems:
        raise ArtifactError(
            Where(str(folder), "library/cql"),
            f"{len(problems)} errors while translating, nothing was written:\n" + "\n".join(problems),
            "mend the CQL and translate again",
        )
    for one in translated:
        _write_library(folder / "library" / f"{one.name}.json", one, sources[one.file])
    return sorted(one.name for one in translated)


def _write_library(path: Path, translated: _Translated, source: str) -> None:
    # Parsed and written again without spaces, so that the translator's own layout never shows in a diff.
    elm: dict[str, Any] = read_json(translated.elm or "", translated.file)
    library = read_json_file(path) if path.exists() else _new_library(elm["library"]["identifier"])
    library["content"] = [
        {"contentType": CQL, "data": base64.b64encode(source.encode()).decode()},
        {"contentType": ELM, "data": base64.b64encode(write_json(elm)).decode()},
    ]
    path.write_bytes(write_json_indented(library))


def _new_library(identifier: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Library",
        "id": identifier["id"],
        "name": identifier["id"],
        **({"version": identifier["version"]} if "version" in identifier else {}),
        "status": "draft",
        "type": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "logic-library"}
            ]
        },
    }


def _translate(sources: dict[str, str], folder: Path) -> list[_Translated]:
    libraries = [{"file": name, "text": text} for name, text in sources.items()]
    request = write_json({"libraries": libraries}).decode()
    directory = _prepared(folder)
    answer = read_json(_run(["node", "translate.mjs"], directory, folder, request), "the translator's answer")
    return [
        _Translated(
            one["file"],
            one["name"],
            one["elm"],
            tuple(
                f"line {problem['line']}, column {problem['column']}: {problem['message']}"
                for problem in one["problems"]
            ),
        )
        for one in answer["libraries"]
    ]


def _prepared(folder: Path) -> Path:
    """The cache directory with the translator and its packages, made when it is not there yet.

    It is named after what it holds, so another lock file or script is another directory.
    """
    files = resources.files("fhir_gepnet.authoring") / "translate"
    contents = {name: (files / name).read_bytes() for name in _TOOL_FILES}
    digest = hashlib.sha256(b"".join(contents[name] for name in _TOOL_FILES[:2])).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "fhir_gepnet" / "translate" / digest
    directory.mkdir(parents=True, exist_ok=True)
    for name, body in contents.items():
        (directory / name).write_bytes(body)
    if not (directory / "installed").exists():
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], directory, folder)
        (directory / "installed").touch()
    return directory


def _run(command: list[str], directory: Path, folder: Path, request: str = "") -> str:
    program = shutil.which(command[0])
    if program is None:
        raise ArtifactError(Where(str(folder), "library/cql"), f"{command[0]} was not found", _NODE_REMEDY)
    done = subprocess.run(
        [program, *command[1:]],
        cwd=directory,
        input=request,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        report = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise ArtifactError(
            Where(str(folder), "library/cql"),
            f"{command[0]} ended with {done.returncode}:\n{report}",
            f"check that Node 20 or newer works and the package registry answers; the cache is {directory}",
        )
    return done.stdout
