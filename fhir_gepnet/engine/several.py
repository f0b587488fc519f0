"""Several subjects: one entry each, in order; one bad patient never hides the others.

PlanDefinition/$apply takes several subjects or a Group (FHIR R4); each is a patient of its own
here, with a record of its own, and gets a result of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.result import Result, Unknown
from fhir_gepnet.errors import BudgetExceededError, GepnetError, InvocationError, PatientDataError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.fhir.reference import type_and_id
from fhir_gepnet.logic.budget import Budget

if TYPE_CHECKING:
    from fhir_gepnet.engine.pathway import Pathway

ISSUE_CODES: Mapping[type[GepnetError], str] = {
    PatientDataError: "invalid",
    BudgetExceededError: "too-costly",
    InvocationError: "not-supported",
}
"""FHIR R4 issue types; any other error is an ``exception``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One subject's part: a result, or why there is none.

    Attributes:
        subject: ``Patient/p1``; of data that name no patient the position, ``subject 3``.
        result: None when there is an error.
        error: its text holds no patient data.
        outcome: the error as an OperationOutcome, or None.
    """

    subject: str
    result: Result | None = None
    error: GepnetError | None = None
    outcome: dict[str, Any] | None = None


def apply_all(
    pathway: Pathway,
    subjects: Iterable[Any] | Mapping[str, Any],
    data: Any = None,
    *,
    now: datetime,
    plan: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    unknown: Unknown = "flag",
    complete: Iterable[str] = (),
    budget: Budget | None = None,
) -> tuple[Entry, ...]:
    """Apply one plan to several patients.

    Args:
        pathway: the loaded pathway.
        subjects: records, or data of which ``PatientRecord.of`` makes one, one per patient; or a
            Group resource, whose active members are the patients.
        data: with a Group, the data of all members: what ``PatientRecord.of`` takes.
        now, plan, parameters, context, unknown: see ``Pathway.apply``.
        complete: resource types of which the data hold all there is; of records it is known.
        budget: what each application may take; one that exceeds it is an entry with an error.

    Returns:
        One entry per subject, in their order.

    Raises:
        InvocationError: the call is wrong for every patient (naive ``now``, unknown plan), or a
            Group without members.
    """
    named = _members(subjects, data, tuple(complete)) if isinstance(subjects, Mapping) else None
    given = named if named is not None else _given(subjects, tuple(complete))
    entries = []
    for subject, found in given:
        if isinstance(found, GepnetError):
            entries.append(_failed(subject, found, now))
            continue
        try:
            result = pathway.apply(
                found,
                now=now,
                plan=plan,
                parameters=parameters,
                context=context,
                unknown=unknown,
                budget=budget,
            )
        except InvocationError:
            raise
        except GepnetError as error:
            entries.append(_failed(found.subject, error, now))
        else:
            entries.append(Entry(found.subject, result))
    return tuple(entries)


Found = Iterator[tuple[str, PatientRecord | GepnetError]]


def _given(subjects: Iterable[Any], complete: tuple[str, ...]) -> Found:
    for number, each in enumerate(subjects, 1):
        try:
            record = PatientRecord.of(each, complete=complete)
        except PatientDataError as error:
            yield f"subject {number}", error
        else:
            yield record.subject, record


def _members(group: Mapping[str, Any], data: Any, complete: tuple[str, ...]) -> Found:
    """The patients of a Group, each with its own part of the data."""
    if group.get("resourceType") != "Group":
        raise InvocationError("several subjects are a list of records or data, or a Group resource")
    # What is no object at all stays in, and becomes an entry that says so.
    members = [each if isinstance(each, dict) else {} for each in group.get("member") or ()]
    members = [each for each in members if each.get("inactive") is not True]
    if not members:
        raise InvocationError("the Group has no active member; hand in one that lists its patients")
    return _records(members, data, complete)


def _records(members: Iterable[Mapping[str, Any]], data: Any, complete: tuple[str, ...]) -> Found:
    for number, member in enumerate(members, 1):
        entity = member.get("entity")
        reference = entity.get("reference") if isinstance(entity, dict) else None
        identity = type_and_id(reference) if isinstance(reference, str) else None
        if identity is None or identity[0] != "Patient":
            yield (
                f"subject {number}",
                InvocationError(f"member {number} of the Group is no reference to a Patient"),
            )
            continue
        subject = f"Patient/{identity[1]}"
        try:
            record = PatientRecord.of(data, complete=complete, subject=subject)
        except PatientDataError as error:
            yield subject, error
        else:
            yield subject, record


def _failed(subject: str, error: GepnetError, now: datetime) -> Entry:
    code = next((code for kind, code in ISSUE_CODES.items() if isinstance(error, kind)), "exception")
    outcome = {
        "resourceType": "OperationOutcome",
        "id": identity_of("OperationOutcome", subject, now, "several"),
        "issue": [{"severity": "error", "code": code, "diagnostics": str(error)}],
    }
    return Entry(subject, None, error, outcome)
