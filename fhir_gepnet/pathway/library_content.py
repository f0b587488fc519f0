"""``Library.content``: the ELM that the translator put there, decoded."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fhir_gepnet.errors import ArtifactError, GepnetError, UnsupportedFeatureError, Where
from fhir_gepnet.json_io import read_json
from fhir_gepnet.pathway.artifacts import Artifact

ELM = "application/elm+json"
CQL = "text/cql"


def elm_of(artifact: Artifact) -> dict[str, Any] | None:
    """The ELM of a Library; None for a Library without logic.

    Raises:
        ArtifactError: CQL without ELM, content that cannot be decoded, or JSON that is no ELM.
        UnsupportedFeatureError: content that is somewhere else (``Attachment.url``).
    """
    contents = artifact.resource.get("content", ())
    types = [content.get("contentType", "").partition(";")[0] for content in contents]
    for number, (content, content_type) in enumerate(zip(contents, types, strict=True)):
        if content_type == ELM:
            return _decode(content, Where(artifact.canonical, f"content[{number}]"))
    if CQL in types:
        raise ArtifactError(
            Where(artifact.canonical, "content"),
            "the Library holds CQL but no ELM, and only ELM can be run",
            "run `gepnet translate FOLDER` and commit what it writes",
        )
    return None


def _decode(content: dict[str, Any], at: Where) -> dict[str, Any]:
    if "data" not in content:
        raise UnsupportedFeatureError(at, "the ELM is not in data", "put it into Attachment.data as base64")
    try:
        document = read_json(b64decode(content["data"], validate=True), "the ELM")
    except (binascii.Error, GepnetError):
        raise ArtifactError(at, "the ELM is not JSON in base64", "run `gepnet translate FOLDER`") from None
    if not isinstance(document, dict) or not isinstance(document.get("library"), dict):
        raise ArtifactError(at, "the JSON is no ELM library", "run `gepnet translate FOLDER`")
    return document


def name_of(elm: dict[str, Any]) -> str:
    """The library's name as CQL knows it; "" when the ELM has none."""
    return str((elm["library"].get("identifier") or {}).get("id", ""))


def identifier_of(library: Mapping[str, Any]) -> str:
    """``Id|version`` of the ELM in a Library resource that was loaded; "" for one without logic."""
    for content in library.get("content", ()):
        if content.get("contentType", "").partition(";")[0] == ELM:
            return _identifier_in(content["data"])
    return ""


@lru_cache(maxsize=512)
def _identifier_in(data: str) -> str:
    # The text is that of a loaded artefact, so its hash is computed once.
    identifier = read_json(b64decode(data), "the ELM")["library"].get("identifier") or {}
    return f"{identifier.get('id', '')}|{identifier.get('version', '')}"


def define_names(elm: dict[str, Any]) -> frozenset[str]:
    """Names of the expressions that a library defines, functions left out."""
    statements = (elm["library"].get("statements") or {}).get("def") or ()
    return frozenset(each["name"] for each in statements if each.get("type") != "FunctionDef")
