"""ActivityDefinition -> the static part of a draft request, prepared once at load.

One table per kind says which element of the definition goes where (FHIR R4,
ActivityDefinition/$apply). What a kind has no place for is refused at load by name: nothing
that an author wrote is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.errors import UnsupportedFeatureError, Where

Draft = dict[str, Any]
Copy = Callable[[Draft, Any], None]

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


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of request is made.

    Attributes:
        subject: element that takes the patient's reference.
        context: (element, entry of the caller's context) pairs.
        copies: element of the definition -> how it enters the draft.
        canonical: writes ``instantiatesCanonical``, which differs between kinds.
        has_intent: whether the resource has an ``intent``.
    """

    subject: str
    context: tuple[tuple[str, str], ...]
    copies: Mapping[str, Copy]
    canonical: Copy
    has_intent: bool = True


def _to(element: str) -> Copy:
    def copy(draft: Draft, value: Any) -> None:
        draft[element] = value

    return copy


def _to_list(element: str) -> Copy:
    def copy(draft: Draft, value: Any) -> None:
        draft[element] = [value]

    return copy


def _below(parent: str, element: str) -> Copy:
    def copy(draft: Draft, value: Any) -> None:
        draft.setdefault(parent, {})[element] = value

    return copy


def _payload(draft: Draft, code: Any) -> None:
    text = code.get("text") or next(
        (each["display"] for each in code.get("coding", ()) if "display" in each), None
    )
    if text is not None:
        draft.setdefault("payload", []).append({"contentString": text})


def _roles(participants: Any) -> list[Any]:
    return [participant["role"] for participant in participants if "role" in participant]


def _performer_types(draft: Draft, participants: Any) -> None:
    roles = _roles(participants)
    if roles:
        draft["performerType"] = roles


def _performer_type(draft: Draft, participants: Any) -> None:
    roles = _roles(participants)
    if roles:
        draft["performerType"] = roles[0]


def _extension_canonical(draft: Draft, canonical: Any) -> None:
    # CommunicationRequest has no element for it in R4.
    url = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"
    draft.setdefault("extension", []).append({"url": url, "valueCanonical": canonical})


KINDS: dict[str, Kind] = {
    "ServiceRequest": Kind(
        subject="subject",
        context=(("encounter", "encounter"), ("requester", "practitioner")),
        copies={
            "code": _to("code"),
            "priority": _to("priority"),
            "doNotPerform": _to("doNotPerform"),
            "bodySite": _to("bodySite"),
            "quantity": _to("quantityQuantity"),
            "timingTiming": _to("occurrenceTiming"),
            "timingDateTime": _to("occurrenceDateTime"),
            "timingPeriod": _to("occurrencePeriod"),
            "location": _to_list("locationReference"),
            "participant": _performer_type,
        },
        canonical=_to_list("instantiatesCanonical"),
    ),
    "MedicationRequest": Kind(
        subject="subject",
        context=(("encounter", "encounter"), ("requester", "practitioner")),
        copies={
            "productCodeableConcept": _to("medicationCodeableConcept"),
            "productReference": _to("medicationReference"),
            "dosage": _to("dosageInstruction"),
            "priority": _to("priority"),
            "doNotPerform": _to("doNotPerform"),
            "quantity": _below("dispenseRequest", "quantity"),
            "participant": _performer_type,
        },
        canonical=_to_list("instantiatesCanonical"),
    ),
    "Task": Kind(
        subject="for",
        context=(("encounter", "encounter"), ("requester", "practitioner")),
        copies={
            "code": _to("code"),
            "priority": _to("priority"),
            "timingPeriod": _below("restriction", "period"),
            "location": _to("location"),
            "participant": _performer_types,
        },
        canonical=_to("instantiatesCanonical"),
    ),
    "CommunicationRequest": Kind(
        subject="subject",
        context=(("encounter", "encounter"), ("requester", "practitioner")),
        copies={
            "code": _payload,
            "priority": _to("priority"),
            "doNotPerform": _to("doNotPerform"),
            "timingDateTime": _to("occurrenceDateTime"),
            "timingPeriod": _to("occurrencePeriod"),
        },
        canonical=_extension_canonical,
        has_intent=False,
    ),
}


def kind_of(resource: Mapping[str, Any], at: Where) -> Kind:
    """How to make what an ActivityDefinition defines.

    Raises:
        UnsupportedFeatureError: no kind, or one that we do not make.
    """
    kind = KINDS.get(str(resource.get("kind")))
    if kind is None:
        raise UnsupportedFeatureError(
            at, f"ActivityDefinition.kind {resource.get('kind')} is not supported", f"use {', '.join(KINDS)}"
        )
    return kind


def draft_of(resource: Mapping[str, Any], kind: Kind, at: Where) -> Draft:
    """The static part of the request: everything but id, subject, context and dynamic values.

    Status is ``draft``; intent is the definition's, else ``proposal``.

    Raises:
        UnsupportedFeatureError: an element that this kind of request has no place for.
    """
    draft: Draft = {}
    if "profile" in resource:
        draft["meta"] = {"profile": [resource["profile"]]}
    kind.canonical(draft, f"{resource['url']}|{resource['version']}")
    draft["status"] = "draft"
    if kind.has_intent:
        draft["intent"] = resource.get("intent", "proposal")
    for element, value in resource.items():
        if element in DESCRIPTIVE or element.startswith("_"):
            continue
        copy = kind.copies.get(element)
        if copy is None:
            raise UnsupportedFeatureError(
                at,
                f"ActivityDefinition.{element} has no place in a {resource['kind']} that we make",
                "take it out, or write the element with a dynamicValue",
            )
        copy(draft, value)
    return draft
