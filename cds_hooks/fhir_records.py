"""The patient's data of an operation: ``data``, or ``prefetchData``, and whose they are.

Source: CPG $apply, ``data`` and ``prefetchData`` (mutually exclusive; a prefetchData without data says that
there is none). This service keeps no patient data, so there is no server data to add.

A type counts as complete (what is absent does not exist) when its prefetchData answers a published prefetch
key, or has a descriptor that narrows nothing; see ``prefetch_values``. ``data`` alone makes nothing complete;
the caller says so with the library parameter "Complete Searches", where the pathway has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cds_hooks.fhir_parameters import Given, prefetched
from cds_hooks.prefetch import Template
from cds_hooks.prefetch_values import record_from
from cds_hooks.responses import Problem, RefusedError
from fhir_gepnet import PatientRecord
from fhir_gepnet.errors import PatientDataError

NOT_THE_SUBJECT = "the data hold no Patient with the subject's id; send that Patient resource in data"


def patient_id_of(subject: str) -> str:
    """The id in a subject reference.

    Raises:
        RefusedError: 422 for a subject that is no Patient.
    """
    resource_type, _, identifier = subject.rpartition("/")
    if (resource_type.rpartition("/")[2] or "Patient") != "Patient" or not identifier:
        text = "the subject must be a Patient (Patient/id), or at $apply a Group of them"
        raise RefusedError(422, [Problem("not-supported", text, "subject")])
    return identifier


def subjects_of(given: Given) -> tuple[tuple[str, ...], bool]:
    """The subjects of a call, a Group replaced by its active members; and whether there was a Group.

    Source: PlanDefinition/$apply, subject (Group): each member is applied for itself.

    Raises:
        RefusedError: 422 for a Group that the data do not hold, or one that lists nobody.
    """
    found: list[str] = []
    groups = [subject for subject in given.all("subject") if _type_of(subject) == "Group"]
    for subject in given.all("subject"):
        found += _members(given, subject) if subject in groups else [subject]
    return tuple(found), bool(groups)


def _type_of(subject: str) -> str:
    return subject.rpartition("/")[0].rpartition("/")[2]


def _members(given: Given, subject: str) -> list[str]:
    identifier = subject.rpartition("/")[2]
    sent = [given.one("data"), *(value for _, value in prefetched(given).values())]
    groups = [each for each in _resources(sent) if each.get("resourceType") == "Group"]
    group = next((each for each in groups if each.get("id") == identifier), None)
    if group is None:
        text = "the data hold no Group with the subject's id; send that Group in data"
        raise RefusedError(422, [Problem("processing", text, "data")])
    members = [each for each in group.get("member") or () if isinstance(each, dict)]
    entities = [each.get("entity") for each in members if each.get("inactive") is not True]
    # A member that names nobody is a subject all the same, and is told as one that cannot be used.
    named = [entity.get("reference") if isinstance(entity, dict) else None for entity in entities]
    if not named:
        text = "the Group has no active member; send one that lists its patients"
        raise RefusedError(422, [Problem("processing", text, "data")])
    return [each if isinstance(each, str) else "" for each in named]


def _resources(held: object) -> Iterator[dict[str, Any]]:
    """Resources in values and Bundles; what has another shape is left to whoever reads the records."""
    if isinstance(held, list):
        for each in held:
            yield from _resources(each)
    elif isinstance(held, dict) and held.get("resourceType") == "Bundle":
        entries = held.get("entry")
        yield from _resources(
            [each.get("resource") for each in entries if isinstance(each, dict)]
            if isinstance(entries, list)
            else None
        )
    elif isinstance(held, dict):
        yield held


def record_of(given: Given, subject: str | None, templates: Sequence[Template]) -> PatientRecord:
    """The record of one subject, out of the data of a call.

    Args:
        given: the call's parameters.
        subject: its reference; None when the data hold one Patient only.
        templates: the prefetch that the pathway publishes.

    Raises:
        RefusedError: 400 for data and prefetchData together, 422 for data that cannot be used.
    """
    if given.all("data") and given.all("prefetchData"):
        text = "data and prefetchData exclude each other; send one of them"
        raise RefusedError(400, [Problem("invalid", text, "prefetchData")])
    if subject is not None:
        subject = f"Patient/{patient_id_of(subject)}"
    try:
        if given.all("prefetchData"):
            return _prefetched_record(given, subject, templates)
        return PatientRecord.of(given.one("data") or [], subject=subject)
    except PatientDataError as error:
        raise RefusedError(422, [Problem("processing", str(error), "data")]) from None


def _prefetched_record(given: Given, subject: str | None, templates: Sequence[Template]) -> PatientRecord:
    """As for a hook request: the same keys, and the same reading of null, empty and paged answers."""
    values = prefetched(given)
    ours = {template.key: template for template in templates}
    asked = [
        Template(key, whole or ours[key].resource_type, "", False)
        for key, (whole, _) in values.items()
        if whole is not None or key in ours
    ]
    if subject is None:
        subject = PatientRecord.of([value for _, value in values.values()]).subject
    identifier = patient_id_of(subject)
    try:
        sent = {key: value for key, (_, value) in values.items()}
        return record_from(sent, asked, identifier)[0]
    except RefusedError:
        raise PatientDataError(NOT_THE_SUBJECT) from None
