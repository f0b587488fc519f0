"""How elements of an ActivityDefinition enter the draft of a request.

A copy writes one element and gives None, or says in words why the request cannot take it: nothing
that an author wrote is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Draft = dict[str, Any]
Copy = Callable[[Draft, Any], str | None]

PARTICIPANT_TYPE = "http://hl7.org/fhir/action-participant-type"
PRIORITY = "http://hl7.org/fhir/request-priority"
DO_NOT_PERFORM = "http://hl7.org/fhir/StructureDefinition/request-doNotPerform"
INSTANTIATES = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"
READ = frozenset({"documentation", "justification", "citation"})
"""Kinds of related artefacts that somebody is meant to read; the others relate artefacts to each other."""


def to(element: str) -> Copy:
    """As it is, under another name."""

    def copy(draft: Draft, value: Any) -> None:
        draft[element] = value

    return copy


def to_list(element: str) -> Copy:
    """As the one item of a list."""

    def copy(draft: Draft, value: Any) -> None:
        draft[element] = [value]

    return copy


def to_choice(first: str, *rivals: str) -> Copy:
    """Into one element of a choice, when the definition has not filled another one of it."""

    def copy(draft: Draft, value: Any) -> str | None:
        taken = [rival for rival in (first, *rivals) if rival in draft]
        if taken:
            return f"it would be a second value beside {taken[0]}"
        draft[first] = value
        return None

    return copy


def instantiates_canonical(draft: Draft, canonical: Any) -> None:
    """The element that most requests have for it."""
    draft["instantiatesCanonical"] = [canonical]


def below(parent: str, element: str) -> Copy:
    """Into an element of a part of the request."""

    def copy(draft: Draft, value: Any) -> None:
        draft.setdefault(parent, {})[element] = value

    return copy


def in_first(parent: str, copy: Copy) -> Copy:
    """Into the first item of a repeating part."""

    def copy_down(draft: Draft, value: Any) -> str | None:
        return copy(draft.setdefault(parent, [{}])[0], value)

    return copy_down


def in_part(parent: str, copy: Copy) -> Copy:
    """Into a part of the request."""

    def copy_down(draft: Draft, value: Any) -> str | None:
        return copy(draft.setdefault(parent, {}), value)

    return copy_down


def only(element: str) -> Copy:
    """The one item of a list, where the request takes one value."""

    def copy(draft: Draft, values: Any) -> str | None:
        if len(values) > 1:
            return f"{element} takes one value and there are {len(values)}"
        draft[element] = values[0]
        return None

    return copy


def text_payload(draft: Draft, code: Any) -> str | None:
    """``code.text``, or else the first display, as the text of a message."""
    text = code.get("text") or next(
        (each["display"] for each in code.get("coding", ()) if "display" in each), None
    )
    if text is None:
        return "it has neither text nor display, and a message is made of one of them"
    draft.setdefault("payload", []).append({"contentString": text})
    return None


def artifact_payload(draft: Draft, artifacts: Any) -> None:
    """Documents and links for the reader of a message, as attachments."""
    for artifact in artifacts:
        if artifact.get("type") not in READ:
            continue
        attachment = artifact.get("document")
        if attachment is None and "url" in artifact:
            title = artifact.get("display") or artifact.get("label")
            attachment = {"url": artifact["url"], **({"title": title} if title else {})}
        if attachment is not None:
            draft.setdefault("payload", []).append({"contentAttachment": attachment})


def _roles(participants: Any) -> list[dict[str, Any]]:
    """The role of each participant; without one its type (patient, practitioner, ...) as a coding."""
    return [
        participant.get("role")
        or {"coding": [{"system": PARTICIPANT_TYPE, "code": participant.get("type", "")}]}
        for participant in participants
    ]


def performer_types(draft: Draft, participants: Any) -> None:
    """All roles."""
    draft["performerType"] = _roles(participants)


def performer_type(draft: Draft, participants: Any) -> str | None:
    """The role, where the request takes one."""
    return only("performerType")(draft, _roles(participants))


def participant_types(draft: Draft, participants: Any) -> None:
    """All roles, of one invited person."""
    draft["participantType"] = _roles(participants)


def invited_roles(draft: Draft, participants: Any) -> None:
    """One participant per role, who has not answered yet."""
    draft.setdefault("participant", []).extend(
        {"type": [role], "status": "needs-action"} for role in _roles(participants)
    )


def invited(draft: Draft, reference: Any) -> None:
    """One more participant, who has not answered yet."""
    draft.setdefault("participant", []).append({"actor": reference, "status": "needs-action"})


def coded_priority(draft: Draft, priority: Any) -> None:
    """A request priority, as it is, where the request takes a CodeableConcept."""
    draft["priority"] = {"coding": [{"system": PRIORITY, "code": priority}]}


def modifier_do_not_perform(draft: Draft, value: Any) -> None:
    """The modifier extension, where the request has no element; only when it says something."""
    if value is True:
        extension = {"url": DO_NOT_PERFORM, "valueBoolean": True}
        draft.setdefault("modifierExtension", []).append(extension)


def never_negative(draft: Draft, value: Any) -> str | None:
    """``false`` says what is true anyway; ``true`` cannot be said."""
    return "it cannot be said of this resource" if value is True else None


def extension_canonical(draft: Draft, canonical: Any) -> None:
    """``instantiatesCanonical`` of requests that have no such element in R4."""
    draft.setdefault("extension", []).append({"url": INSTANTIATES, "valueCanonical": canonical})
