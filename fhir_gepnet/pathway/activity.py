"""ActivityDefinition -> the static part of a draft request, prepared once at load.

The tables of ``request_kinds.py`` say which element of the definition goes where (FHIR R4,
ActivityDefinition/$apply). What a kind has no place for is refused at load by name: nothing
that an author wrote is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir.model import type_info
from fhir_gepnet.pathway.artifacts import Artifacts
from fhir_gepnet.pathway.path_values import copied
from fhir_gepnet.pathway.request_copies import DO_NOT_PERFORM, Draft, modifier_do_not_perform
from fhir_gepnet.pathway.request_kinds import EVENTS, KINDS, Kind
from fhir_gepnet.pathway.task_extensions import TASK_EXTENSIONS, write_task_extension

# fmt: off
DESCRIPTIVE = frozenset({
    "resourceType", "id", "meta", "implicitRules", "language", "text", "contained", "extension", "url",
    "identifier", "version", "name", "title", "subtitle", "status", "experimental",
    "subjectCodeableConcept", "date", "publisher", "contact", "description", "useContext",
    "jurisdiction", "purpose", "usage", "copyright", "approvalDate", "lastReviewDate",
    "effectivePeriod", "topic", "author", "editor", "reviewer", "endorser", "relatedArtifact",
    "library", "kind", "profile", "intent", "dynamicValue",
})
# fmt: on
"""Elements that describe the definition itself, or that are handled apart from the tables."""

CORE = "http://hl7.org/fhir/StructureDefinition/"
REMEDIES = {
    "transform": "StructureMap is not carried out; write the elements with dynamicValue",
    "subjectReference": "only single patients are supported; take it out",
}
"""What to do about elements that no kind has a place for."""


def kind_name_of(resource: Mapping[str, Any], artifacts: Artifacts | None = None) -> str | None:
    """``kind``, and without it the type that ``profile`` constrains; None when neither says it."""
    named = resource.get("kind")
    if named is not None:
        return str(named)
    profile = str(resource.get("profile", "")).partition("|")[0]
    for artifact in () if artifacts is None else artifacts.by_url.get(profile, ()):
        if artifact.type == "StructureDefinition":
            return str(artifact.resource.get("type"))
    return profile.removeprefix(CORE) if profile.startswith(CORE) else None


def kind_of(name: str | None, at: Where) -> Kind:
    """How to make what an ActivityDefinition defines.

    Raises:
        ArtifactError: no kind, an event, or what is no request in R4.
    """
    kind = KINDS.get(name or "")
    if kind is not None:
        return kind
    if name is None:
        raise ArtifactError(at, "ActivityDefinition.kind is missing", f"say what to make: {', '.join(KINDS)}")
    if name in EVENTS:
        raise ArtifactError(
            at,
            f"ActivityDefinition.kind {name} is an event, and only requests are made",
            "use a Task whose focus is the event",
        )
    known = "" if type_info(name) else ", and FHIR R4 has no such type"
    raise UnsupportedFeatureError(
        at, f"ActivityDefinition.kind {name} is not a request{known}", f"use {', '.join(KINDS)}"
    )


def draft_of(resource: Mapping[str, Any], name: str | None, at: Where) -> Draft:
    """The static part of the request: everything but id, subject, context, moments and dynamic values.

    Status is ``draft``, or what comes nearest in this kind; intent is the definition's, else
    ``proposal``.

    Args:
        name: from ``kind_name_of``.

    Raises:
        ArtifactError: no kind that we make (see ``kind_of``); an intent or target status that it
            cannot have.
        UnsupportedFeatureError: an element that this kind of request has no place for.
    """
    kind = kind_of(name, at)
    made = str(name)
    draft: Draft = {}
    if "profile" in resource:
        draft["meta"] = {"profile": [resource["profile"]]}
    kind.canonical(draft, f"{resource['url']}|{resource['version']}")
    if kind.status is not None:
        draft["status"] = kind.status
    if kind.intents:
        draft["intent"] = _intent(resource, made, kind, at)
    draft.update(copied(kind.fixed))
    for element, value in resource.items():
        copy = kind.copies.get(element)
        if copy is None:
            if element in DESCRIPTIVE or element.startswith("_"):
                continue
            raise UnsupportedFeatureError(
                Where(at.artifact, element),
                f"ActivityDefinition.{element} has no place in a {made} that we make",
                REMEDIES.get(element, "take it out, or write the element with a dynamicValue"),
            )
        problem = copy(draft, value)
        if problem is not None:
            raise UnsupportedFeatureError(
                Where(at.artifact, element),
                f"ActivityDefinition.{element} cannot go into a {made}: {problem}",
                "take it out, or write the element with a dynamicValue",
            )
    _copy_extensions(draft, resource, made, at)
    _check_subject(resource, at)
    return draft


def _intent(resource: Mapping[str, Any], name: str, kind: Kind, at: Where) -> str:
    intent = str(resource.get("intent", "proposal"))
    if intent not in kind.intents:
        raise ArtifactError(
            Where(at.artifact, "intent"),
            f"a {name} cannot have the intent {intent} in FHIR R4",
            f"use {', '.join(sorted(kind.intents))}",
        )
    return intent


def _copy_extensions(draft: Draft, resource: Mapping[str, Any], name: str, at: Where) -> None:
    """Those that ask for something in the request; the others describe the definition."""
    for number, extension in enumerate(resource.get("extension", ())):
        url = extension.get("url", "")
        place = Where(at.artifact, f"extension[{number}]")
        if url == DO_NOT_PERFORM and "modifierExtension" not in draft:
            modifier_do_not_perform(draft, extension.get("valueBoolean"))
        elif url in TASK_EXTENSIONS:
            if name != "Task":
                raise UnsupportedFeatureError(
                    place, f"{url} has no place in a {name}", "use kind Task, or take it out"
                )
            write_task_extension(draft, extension, place)


def _check_subject(resource: Mapping[str, Any], at: Where) -> None:
    codes = [each.get("code") for each in resource.get("subjectCodeableConcept", {}).get("coding", ())]
    if codes and "Patient" not in codes:
        raise UnsupportedFeatureError(
            Where(at.artifact, "subjectCodeableConcept"),
            f"activities about a {codes[0]} are not supported",
            "only single patients are supported; take it out",
        )


def missing_structure(
    required: Sequence[tuple[str, ...]], draft: Mapping[str, Any], paths: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Which of a kind's required elements neither the draft holds nor a dynamic value could write.

    Args:
        required: alternatives, as in ``Kind.required``.
        draft: the static part of the request.
        paths: normal forms of the dynamic values' paths: names separated by points.
    """
    return tuple(
        alternatives
        for alternatives in required
        if not any(_holds(draft, each) for each in alternatives)
        and not any(_could_fill(path, each) for path in paths for each in alternatives)
    )


def unfilled(required: Sequence[tuple[str, ...]], request: Mapping[str, Any]) -> Iterator[str]:
    """The first name of each required element that a request does not hold."""
    for alternatives in required:
        if not any(_holds(request, each) for each in alternatives):
            yield alternatives[0]


def _holds(value: Any, path: str) -> bool:
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, Mapping) else None
        if value is None or value == []:
            return False
    return True


def _could_fill(path: str, element: str) -> bool:
    return path == element or path.startswith(f"{element}.") or element.startswith(f"{path}.")
