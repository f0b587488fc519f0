"""Extensions of an ActivityDefinition that ask for something in the Task (CPG and eCR guides)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.pathway.request_copies import Draft

CPG = "http://hl7.org/fhir/uv/cpg/StructureDefinition/"
ACTIVITY_TYPES = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-activity-type-cs"
STATUSES = frozenset(
    {
        "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress",
        "on-hold", "failed", "completed", "entered-in-error",
    }
)  # fmt: skip
"""TaskStatus."""


def _input(activity_type: str) -> Callable[[Draft, Any, Where], None]:
    """An input that names the artefact to work with; its type says what for."""

    def write(draft: Draft, canonical: Any, at: Where) -> None:
        code = {"coding": [{"system": ACTIVITY_TYPES, "code": activity_type}]}
        draft.setdefault("input", []).append({"type": code, "valueCanonical": canonical})

    return write


def _status(draft: Draft, status: Any, at: Where) -> None:
    if status not in STATUSES:
        raise ArtifactError(
            at, f"a Task cannot have the status {status}", f"use {', '.join(sorted(STATUSES))}"
        )
    draft["status"] = status


TASK_EXTENSIONS: dict[str, Callable[[Draft, Any, Where], None]] = {
    f"{CPG}cpg-collectWith": _input("collect-information"),
    f"{CPG}cpg-reportWith": _input("generate-report"),
    f"{CPG}cpg-enrollIn": _input("enrollment"),
    "http://hl7.org/fhir/us/ecr/StructureDefinition/targetStatus": _status,
}


def write_task_extension(draft: Draft, extension: Mapping[str, Any], at: Where) -> None:
    """Carry out one extension of ``TASK_EXTENSIONS``.

    Raises:
        ArtifactError: it has no value, or a status that is none.
    """
    value = next((each for key, each in extension.items() if key.startswith("value")), None)
    if not isinstance(value, str):
        raise ArtifactError(at, "the extension has no value", "add valueCanonical, or valueCode for a status")
    TASK_EXTENSIONS[extension["url"]](draft, value, at)
