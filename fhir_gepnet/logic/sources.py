"""ELM libraries as they come: parsed JSON, with what they declare looked up by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.errors import ArtifactError, GepnetError, Where
from fhir_gepnet.logic.definitions import FAILURES

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LibrarySource:
    """One ELM library.

    Attributes:
        title: ``Id|version``, or ``Id`` without a version.
        includes: local name -> (id, version) of the included library.
        declared: kind ("codes", "valueSets", "codeSystems", "concepts", "parameters") -> name -> node.
        definitions: name -> ExpressionDef.
        functions: name -> FunctionDefs.
    """

    identifier: str
    version: str
    title: str
    includes: dict[str, tuple[str, str]]
    declared: dict[str, dict[str, Node]]
    definitions: dict[str, Node]
    functions: dict[str, list[Node]]


_DECLARED = ("codeSystems", "valueSets", "codes", "concepts", "parameters")


def title_of(identifier: str, version: str) -> str:
    """``Id|version``, or ``Id`` without a version."""
    return f"{identifier}|{version}" if version else identifier


def _definitions(library: Node, kind: str) -> list[Node]:
    holder = library.get(kind) or {}
    return holder if isinstance(holder, list) else holder.get("def") or []


def read_source(document: Any) -> LibrarySource:
    """One library from parsed ELM JSON, with or without the outer ``library``.

    Raises:
        ArtifactError: the JSON is no ELM library, or the translator left errors in it.
    """
    nowhere = Where("an ELM library")
    if not isinstance(document, dict):
        raise ArtifactError(nowhere, "an ELM library is a JSON object", "hand in what the translator wrote")
    library = document.get("library", document)
    identifier = (library.get("identifier") or {}).get("id") if isinstance(library, dict) else None
    if not isinstance(identifier, str) or not identifier:
        raise ArtifactError(nowhere, "an ELM library without an identifier", "name the library in its CQL")
    version = str(library["identifier"].get("version") or "")
    title = title_of(identifier, version)
    for note in library.get("annotation") or ():
        if note.get("type") == "CqlToElmError" and note.get("errorSeverity", "error") == "error":
            problem = f"the translator found an error: {note.get('message', '')}"
            element = f"{note.get('startLine', '')}:{note.get('startChar', '')}".strip(":")
            raise ArtifactError(Where(title, element), problem, "mend the CQL and translate it again")
    includes = {
        include["localIdentifier"]: (include["path"].rpartition("/")[2], str(include.get("version") or ""))
        for include in _definitions(library, "includes")
    }
    declared = {kind: {node["name"]: node for node in _definitions(library, kind)} for kind in _DECLARED}
    definitions: dict[str, Node] = {}
    functions: dict[str, list[Node]] = {}
    for node in _definitions(library, "statements"):
        if node.get("type") == "FunctionDef":
            functions.setdefault(node["name"], []).append(node)
        else:
            definitions[node["name"]] = node
    return LibrarySource(identifier, version, title, includes, declared, definitions, functions)


def read_sources(
    documents: Iterable[Any], problems: list[GepnetError]
) -> dict[tuple[str, str], LibrarySource]:
    """All libraries by (id, version); what cannot be read goes to ``problems``."""
    sources: dict[tuple[str, str], LibrarySource] = {}
    for document in documents:
        try:
            source = read_source(document)
        except GepnetError as problem:
            problems.append(problem)
            continue
        except FAILURES as error:
            text = f"the JSON is not ELM R1 (reading it ended in {type(error).__name__}: {error})"
            problems.append(ArtifactError(Where("an ELM library"), text, "hand in what the translator wrote"))
            continue
        key = (source.identifier, source.version)
        if key in sources:
            problem_text = f"library {source.title} is given twice"
            problems.append(ArtifactError(Where(source.title), problem_text, "hand in each library once"))
        sources[key] = source
    return sources


def included(
    sources: dict[tuple[str, str], LibrarySource], identifier: str, version: str
) -> LibrarySource | None:
    """The library that an include names; without a version the only, or the last, one of that id."""
    if version:
        return sources.get((identifier, version))
    matching = [source for key, source in sources.items() if key[0] == identifier]
    return matching[-1] if matching else None
