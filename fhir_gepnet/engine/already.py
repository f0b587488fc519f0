"""Requests already on the patient: what a plan proposes again is marked, not proposed a second time.

A request counts when it instantiates the same ActivityDefinition, in any version; when it is based
on one that does; or, while it is still open, when it is of the same kind and carries the same
code. Looked up when somebody asks; a record without requests costs one look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.fhir.reference import type_and_id

PROPOSED, ACTIVE, ON_HOLD, COMPLETED, STOPPED, DECLINED = (
    "proposed", "active", "on-hold", "completed", "stopped", "declined",
)  # fmt: skip
OPEN = frozenset({PROPOSED, ACTIVE, ON_HOLD})

STATES: Mapping[str, str] = {
    "draft": PROPOSED,
    "active": ACTIVE,
    "on-hold": ON_HOLD,
    "completed": COMPLETED,
    "stopped": STOPPED,
    "cancelled": DECLINED,
    "revoked": DECLINED,
}
"""Request status (FHIR R4) -> state; unknown and entered-in-error say nothing."""

TASK_STATES: Mapping[str, str] = {
    "draft": PROPOSED,
    "requested": PROPOSED,
    "received": PROPOSED,
    "ready": PROPOSED,
    "accepted": ACTIVE,
    "in-progress": ACTIVE,
    "on-hold": ON_HOLD,
    "completed": COMPLETED,
    "failed": STOPPED,
    "cancelled": DECLINED,
    "rejected": DECLINED,
}
INSTANTIATES = "http://hl7.org/fhir/StructureDefinition/workflow-instantiatesCanonical"
"""Extension of request types that have no such element."""
CODED = ("code", "medicationCodeableConcept")
FOLLOWING = ("ServiceRequest", "MedicationRequest", "CommunicationRequest", "DeviceRequest", "Task")
"""Types whose ``basedOn`` may lead to a request of ours."""

Resource = dict[str, Any]


class Already(NamedTuple):
    """What became of an earlier proposal.

    Attributes:
        state: proposed | active | on-hold | completed | stopped | declined.
        reference: ``ServiceRequest/r1`` of the request that says so.
        date: when that was written (lastModified, authoredOn), or None.
    """

    state: str
    reference: str
    date: str | None


def already_there(record: PatientRecord, canonical: str, draft: Resource) -> Already | None:
    """What the record says about a proposal like this draft; of several requests the latest.

    Args:
        record: the patient's data.
        canonical: of the ActivityDefinition, with or without version.
        draft: the request that would be proposed.
    """
    own = record.of_type(draft["resourceType"])
    if not own:
        return None
    url = canonical.partition("|")[0]
    made = [request for request in own if url in _instantiated(request)]
    found = [(request, _date(request)) for request in made]
    # What turns a request down comes after it, also when nobody wrote down when.
    found += [(each, _date(each) or _date(of)) for of in made for each in _followers(record, of)]
    if not any(state_of(request) for request, _ in found):
        codes = _codes(draft)
        same = [each for each in own if codes and codes & _codes(each)]
        found = [(each, _date(each)) for each in same if state_of(each) in OPEN]
    told = [
        Already(state, _reference(request), date)
        for request, date in found
        if (state := state_of(request)) is not None
    ]
    # Text order is order in time for dates of one precision; of equals the last one counts.
    return sorted(told, key=lambda each: each.date or "")[-1] if told else None


def _date(request: Resource) -> str | None:
    date = request.get("lastModified") or request.get("authoredOn")
    return date if isinstance(date, str) else None


def state_of(request: Resource) -> str | None:
    """What the status of a request or Task means; None when it says nothing."""
    states = TASK_STATES if request["resourceType"] == "Task" else STATES
    status = request.get("status")
    state = states.get(status) if isinstance(status, str) else None
    return DECLINED if state in OPEN and request.get("doNotPerform") is True else state


def _followers(record: PatientRecord, request: Resource) -> Iterator[Resource]:
    """Requests and Tasks that carry an earlier proposal on, or turn it down."""
    identity = (request["resourceType"], request.get("id"))
    for resource_type in FOLLOWING:
        for each in record.of_type(resource_type):
            based = each.get("basedOn")
            named = [*(based if isinstance(based, list) else [based]), each.get("focus")]
            texts = [about.get("reference") for about in named if isinstance(about, dict)]
            if any(isinstance(text, str) and type_and_id(text) == identity for text in texts):
                yield each


def _instantiated(request: Resource) -> list[str]:
    held = request.get("instantiatesCanonical")
    texts = [*held] if isinstance(held, list) else [held]
    texts += [
        extension.get("valueCanonical")
        for extension in request.get("extension") or ()
        if isinstance(extension, dict) and extension.get("url") == INSTANTIATES
    ]
    return [text.partition("|")[0] for text in texts if isinstance(text, str)]


def _codes(request: Resource) -> set[tuple[str, str]]:
    concepts = [request[name] for name in CODED if isinstance(request.get(name), dict)]
    codings = [coding for concept in concepts for coding in concept.get("coding") or ()]
    return {
        (str(coding.get("system", "")), coding["code"])
        for coding in codings
        if isinstance(coding, dict) and isinstance(coding.get("code"), str)
    }


def _reference(request: Resource) -> str:
    identifier = request.get("id")
    return f"{request['resourceType']}/{identifier}" if identifier else str(request["resourceType"])
