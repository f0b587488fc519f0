"""ActivityDefinition/$apply: one definition, one patient, one moment -> a draft request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_gepnet.engine.activity import draft_request, structure_errors
from fhir_gepnet.engine.context import application_of
from fhir_gepnet.engine.dynamic_value import Written, write_dynamic_values, written_of
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.trace import Application
from fhir_gepnet.errors import GepnetError, InvocationError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.pathway.artifacts import version_key
from fhir_gepnet.pathway.model import Activity, Content


@dataclass(frozen=True, slots=True)
class ActivityResult:
    """What ``Pathway.apply_activity`` gives.

    Attributes:
        activity: the definition that was applied.
        subject: the patient's reference, ``Patient/p1``.
        now: the moment handed in.
        request: the draft request; None when a formula failed, because half an order is none.
        issues: FHIR R4 OperationOutcome.issue dicts, an error per failed formula.
        application: what the formulas saw.
    """

    activity: Activity
    subject: str
    now: datetime
    request: dict[str, Any] | None
    issues: tuple[dict[str, Any], ...]
    application: Application

    @property
    def written(self) -> tuple[Written, ...]:
        """What each dynamic value did, computed when asked for."""
        return written_of(self.activity.dynamic_values, self.application)

    def operation_outcome(self) -> dict[str, Any] | None:
        """The issues as a resource; None without issues."""
        if not self.issues:
            return None
        identifier = identity_of("OperationOutcome", self.subject, self.now, self.activity.canonical)
        issues = [dict(issue) for issue in self.issues]
        return {"resourceType": "OperationOutcome", "id": identifier, "issue": issues}


def apply_activity(
    content: Content,
    record: PatientRecord,
    *,
    now: datetime,
    activity: str,
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    budget: Budget | None = None,
) -> ActivityResult:
    """Apply one ActivityDefinition; see ``Pathway.apply_activity``."""
    if now.utcoffset() is None:
        raise InvocationError("now has no time zone; hand in an aware datetime, e.g. datetime.now(UTC)")
    chosen = _chosen(content, activity)
    application = application_of(content, record, now, parameters or {}, context or {}, budget)
    identifier = identity_of(chosen.kind, record.subject, now, chosen.canonical)
    request = draft_request(chosen, application, identifier)
    errors = [
        *write_dynamic_values(chosen.dynamic_values, {}, request, application),
        *structure_errors(chosen, request),
    ]
    return ActivityResult(
        activity=chosen,
        subject=record.subject,
        now=now,
        request=None if errors else request,
        issues=tuple(_issue(chosen, error) for error in errors),
        application=application,
    )


def _chosen(content: Content, wanted: str) -> Activity:
    """The activity by id, ``url|version``, or url: then the newest version."""
    named = [
        each
        for each in content.activities.values()
        if wanted in (each.resource["id"], each.canonical, each.resource["url"])
    ]
    if not named:
        known = ", ".join(content.activities) or "none"
        raise InvocationError(f"no ActivityDefinition {wanted}; this pathway has {known}")
    return max(named, key=lambda each: version_key(each.resource["version"]))


def _issue(activity: Activity, error: GepnetError) -> dict[str, Any]:
    return {
        "severity": "error",
        "code": "exception",
        "diagnostics": f"{activity.canonical} could not be applied: {error}",
    }
