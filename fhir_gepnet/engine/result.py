"""The answer for one patient: ordered decisions, issues, and their FHIR forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from fhir_gepnet.engine.board import board_text
from fhir_gepnet.engine.bundle import bundle_of
from fhir_gepnet.engine.careplan import care_plan_of
from fhir_gepnet.engine.decision import Decision
from fhir_gepnet.engine.parts import Place
from fhir_gepnet.engine.placing import placed
from fhir_gepnet.engine.selection import Violation, violations
from fhir_gepnet.engine.timing import Window, windows_of
from fhir_gepnet.engine.trace import Application
from fhir_gepnet.engine.tracing import trace_json
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
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
    budget: Budget | None = None


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
        language: code of the caller's ``userLanguage``, or None.
        places: where each issue belongs, one per issue.
        application: what the formulas saw; None only in a result made by hand.
    """

    plan: Plan
    subject: str
    now: datetime
    decisions: tuple[Decision, ...]
    issues: tuple[dict[str, Any], ...]
    encounter: str | None = None
    author: str | None = None
    invocation: Invocation | None = None
    language: str | None = None
    places: tuple[Place, ...] = ()
    application: Application | None = None

    def care_plan(self, *, merge_nested: bool = False) -> dict[str, Any]:
        """R4 CarePlan with contained RequestGroup, draft requests, goals and, when there are issues,
        an OperationOutcome linked by the cqf-messages extension.

        Actions that do not apply, are unknown or failed are not in it; the issues name the last
        two. A nested plan is a CarePlan of its own, contained beside the outer one, that the action
        refers to. The same result gives the same bytes.

        Args:
            merge_nested: put the actions of nested plans below the actions that name them instead
                (CPG ``mergeNestedCarePlans``).
        """
        return care_plan_of(self, merge_nested)

    def bundle(self, *, merge_nested: bool = False, trace: bool = False) -> dict[str, Any]:
        """Collection Bundle in the CPG shape: RequestGroup first, then what was made, in the order of
        the actions; a nested plan is a RequestGroup of its own unless ``merge_nested``.

        With ``trace`` a GuidanceResponse and Provenances follow, which say what it rests on.
        """
        return bundle_of(self, merge_nested, trace=trace)

    def check_selection(
        self, selected: Sequence[str], *, documented: Collection[str] = ()
    ) -> tuple[Violation, ...]:
        """Whether a user's choice keeps the rules of the groups; () when it does.

        Args:
            selected: ids of actions in the RequestGroup; an id repeated is an action done repeatedly.
            documented: ids of actions left out for a reason that is documented.
        """
        return violations(placed(self.decisions), selected, documented)

    def windows(
        self, anchor: date | datetime | str, *, known: Mapping[str, date | datetime | str] | None = None
    ) -> tuple[Window, ...]:
        """When each applicable action that says something about time is to happen, as dates.

        Args:
            anchor: day (or moment) that timings count from, e.g. of the diagnosis or cycle day 1.
            known: dates of actions that are fixed already, by action id.

        Raises:
            InvocationError: a date that cannot be read, or an id that is not in the result.
        """
        return windows_of(self, anchor, known or {})

    def trace(self) -> dict[str, Any]:
        """Why, as JSON: every action and condition with expression, value and verdict.

        ``facts`` (resources that a condition rests on: code, value, date, the elements read) and
        ``sought`` (what was looked for and not found) are told once, and named by the conditions.
        Computed when it is asked for.
        """
        return trace_json(self)

    def missing(self) -> dict[str, Any]:
        """What is missing, as JSON.

        ``open``: actions that are unknown, need data or declare a gap, with the keys of what they
        wait for. ``needs``: per key the DataRequirement, its state (absent | stale | unusable),
        the FHIR search and Questionnaire item that would settle it, and, where the alternatives
        are finite, what each would change. Asks again for each of them; computed on request.
        """
        # Inside, because asking again needs apply, which makes results.
        from fhir_gepnet.engine.missing import missing_report

        return missing_report(self)

    def board(self) -> str:
        """The trace as a text for people, in the order of the result."""
        return board_text(self)
