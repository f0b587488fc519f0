"""The answer for one patient: ordered decisions, issues, and their FHIR forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from fhir_gepnet.engine.board import board_text
from fhir_gepnet.engine.bundle import bundle_of
from fhir_gepnet.engine.careplan import care_plan_of
from fhir_gepnet.engine.decision import Decision
from fhir_gepnet.engine.tracing import trace_json
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.pathway.model import Content, Plan

Unknown = Literal["flag", "omit", "error"]


class Invocation(NamedTuple):
    """The arguments of ``apply``, so that what is wanted later can ask again. Nothing of it is copied."""

    content: Content
    record: PatientRecord
    now: datetime
    plan: str | None
    parameters: Mapping[str, Any] | None
    context: Mapping[str, Any] | None
    unknown: Unknown
    forced: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What ``Pathway.apply`` gives.

    Attributes:
        plan: the plan that was applied.
        subject: the patient's reference, ``Patient/p1``.
        now: the moment handed in.
        decisions: one per top-level action, in definition order, ranked siblings by rank.
        issues: FHIR R4 OperationOutcome.issue dicts: an error per failed formula, and with
            ``unknown="flag"`` a warning per action that could not be decided.
        encounter: reference from the caller's context, or None.
        author: reference of the practitioner or else the organization, or None.
        invocation: what was asked.
    """

    plan: Plan
    subject: str
    now: datetime
    decisions: tuple[Decision, ...]
    issues: tuple[dict[str, Any], ...]
    encounter: str | None = None
    author: str | None = None
    invocation: Invocation | None = None

    def care_plan(self) -> dict[str, Any]:
        """R4 CarePlan with one contained RequestGroup, the draft requests and, when there are
        issues, an OperationOutcome linked by the cqf-messages extension.

        Actions that do not apply, are unknown or failed are not in it; the issues name the last
        two. The same result gives the same bytes.
        """
        return care_plan_of(self)

    def bundle(self, *, trace: bool = False) -> dict[str, Any]:
        """Collection Bundle in the CPG shape: RequestGroup first, then what was made.

        With ``trace`` a GuidanceResponse and Provenances follow, which say what it rests on.
        """
        return bundle_of(self, trace=trace)

    def trace(self) -> dict[str, Any]:
        """Why, as JSON: every action and condition with expression, value and verdict.

        ``facts`` (resources that a condition rests on: code, value, date, the elements read) and
        ``sought`` (what was looked for and not found) are told once, and named by the conditions.
        Computed when it is asked for.
        """
        return trace_json(self)

    def board(self) -> str:
        """The trace as a text for people, in the order of the result."""
        return board_text(self)
