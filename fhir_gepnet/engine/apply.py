"""PlanDefinition/$apply: one plan, one patient, one moment -> ordered decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhir_gepnet.engine.activity import copy_json, draft_request, structure_errors
from fhir_gepnet.engine.choice import choose_plan
from fhir_gepnet.engine.context import application_of, language_of
from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.dynamic_value import write_dynamic_values
from fhir_gepnet.engine.forced import Forced, force
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.parts import Place
from fhir_gepnet.engine.result import Invocation, Result, Unknown
from fhir_gepnet.engine.trace import Application, Outcome
from fhir_gepnet.errors import BudgetExceededError, GepnetError, InvocationError, PatientDataError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.pathway.extensions import attributes_of
from fhir_gepnet.pathway.formula import Formula
from fhir_gepnet.pathway.model import Action, Content, Plan

_OUTCOMES: dict[bool | None, Outcome] = {value: Outcome(value) for value in (True, False, None)}
"""One object per answer: most conditions are asked for every patient."""

_ALONE: dict[bool | None, tuple[Verdict, tuple[Outcome, ...]]] = {
    True: (Verdict.APPLIES, (_OUTCOMES[True],)),
    False: (Verdict.DOES_NOT_APPLY, (_OUTCOMES[False],)),
    None: (Verdict.UNKNOWN, (_OUTCOMES[None],)),
}
"""The verdict of an action with one condition, which is by far the most."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What one application takes along, and gathers, on its way through the actions.

    ``places`` says for each issue where it belongs, so that a nested plan can carry its own.
    """

    application: Application
    root: Plan
    unknown: Unknown
    issues: list[dict[str, Any]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def note(self, issue: dict[str, Any], plan: Plan, path: tuple[str, ...]) -> None:
        """Add an issue of an action of ``plan`` whose ancestors are ``path``."""
        self.issues.append(issue)
        self.places.append(Place(path, plan.canonical))


def apply(
    content: Content,
    record: PatientRecord,
    *,
    now: datetime,
    plan: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    unknown: Unknown = "flag",
    budget: Budget | None = None,
    forced: Forced | None = None,
) -> Result:
    """Apply a plan; see ``Pathway.apply``. ``forced``: see ``force``."""
    if now.utcoffset() is None:
        raise InvocationError("now has no time zone; hand in an aware datetime, e.g. datetime.now(UTC)")
    if unknown not in ("flag", "omit", "error"):
        raise InvocationError(f"unknown={unknown!r} is none of 'flag', 'omit', 'error'")
    chosen = choose_plan(content.plans, plan, (context or {}).get("hook"))
    if chosen.subject_type != "Patient":
        raise InvocationError(
            f"{chosen.canonical} is about a {chosen.subject_type}, and the subject is a Patient"
        )
    application = application_of(content, record, now, parameters or {}, context or {}, budget)
    if forced:
        chosen = force(chosen, content.libraries, application.scope, forced)
    run = _Run(application, chosen, unknown)
    decisions = _decide_all(chosen.actions, chosen, (), run)
    references = application.references
    return Result(
        plan=chosen,
        subject=record.subject,
        now=now,
        decisions=decisions,
        issues=tuple(run.issues),
        encounter=references.get("encounter"),
        author=references.get("practitioner") or references.get("organization"),
        invocation=Invocation(content, record, now, plan, parameters, context, unknown, forced, budget),
        language=language_of((context or {}).get("userLanguage")),
        places=tuple(run.places),
        application=application,
    )


def _decide_all(
    actions: Sequence[Action], plan: Plan, path: tuple[str, ...], run: _Run, first_only: bool = False
) -> tuple[Decision, ...]:
    if first_only:
        decisions = _decide_until_one_applies(actions, plan, path, run)
    else:
        decisions = [_decide(action, plan, path, run) for action in actions]
    if run.unknown == "omit":
        decisions = [decision for decision in decisions if decision.verdict is not Verdict.UNKNOWN]
    if len(decisions) > 1:
        ranks = [decision.attributes.rank for decision in decisions]
        if ranks.count(None) < len(ranks):
            decisions.sort(key=_place)
    return tuple(decisions)


def _decide_until_one_applies(
    actions: Sequence[Action], plan: Plan, path: tuple[str, ...], run: _Run
) -> list[Decision]:
    """cqf-applicabilityBehavior ``any``: what comes after the first applicable child is not processed.

    An unknown or failed child does not end the group; it is shown, and the next one is looked at.
    """
    decisions = []
    for action in actions:
        decisions.append(_decide(action, plan, path, run))
        if decisions[-1].verdict is Verdict.APPLIES:
            break
    return decisions


def _place(decision: Decision) -> tuple[bool, int]:
    """Where a decision stands among its siblings: by rank, those without one last."""
    rank = decision.attributes.rank
    return rank is None, rank or 0


def _decide(action: Action, plan: Plan, path: tuple[str, ...], run: _Run) -> Decision:
    application = run.application
    verdict, outcomes = _answers(action, application)
    attributes, output = action.attributes, action.output
    if verdict is Verdict.APPLIES:
        place = (*path, action.id)
        output, resource, errors = _make(action, place, run)
        if errors:
            # Half an answer is not shown: the action counts as failed, and says so, error by error.
            verdict, output = Verdict.FAILED, action.output
            for error in errors:
                run.note(_failure(plan, action, error), plan, path)
        else:
            if output is not action.output:
                attributes = attributes_of(output)
            children: tuple[Decision, ...] = ()
            if action.children:
                children = _decide_all(action.children, plan, place, run, action.first_only)
            if action.plan is not None:
                children += _decide_all(action.plan.actions, action.plan, place, run)
            return Decision(
                verdict, action, plan, output, attributes, resource, children, outcomes, application
            )
    elif verdict is Verdict.FAILED:
        for each in outcomes:
            if each.error is not None:
                run.note(_failure(plan, action, each.error), plan, path)
    elif verdict is Verdict.UNKNOWN:
        _note_unknown(plan, action, outcomes, path, run)
    return Decision(verdict, action, plan, output, attributes, None, (), outcomes, application)


def _answers(action: Action, application: Application) -> tuple[Verdict, tuple[Outcome, ...]]:
    """The verdict on an action with what each of its conditions gave."""
    conditions = action.conditions
    if len(conditions) == 1:
        try:
            return _ALONE[conditions[0].formula.compute(application.scope, application.variables)]
        except BudgetExceededError:
            raise
        except GepnetError as error:
            return Verdict.FAILED, (Outcome(None, error),)
    outcomes = tuple([_outcome(condition.formula, application) for condition in conditions])
    return verdict_of(outcomes), outcomes


def verdict_of(outcomes: Sequence[Outcome]) -> Verdict:
    """AND of the conditions, with four answers; no condition means that the action applies.

    A failure is never hidden by a False beside it: the author has to see it.
    """
    verdict = Verdict.APPLIES
    for outcome in outcomes:
        if outcome.error is not None:
            return Verdict.FAILED
        if outcome.value is False:
            verdict = Verdict.DOES_NOT_APPLY
        elif outcome.value is None and verdict is Verdict.APPLIES:
            verdict = Verdict.UNKNOWN
    return verdict


def _outcome(formula: Formula, application: Application) -> Outcome:
    try:
        return _OUTCOMES[formula.compute(application.scope, application.variables)]
    except BudgetExceededError:
        raise
    except GepnetError as error:
        return Outcome(None, error)


def _make(
    action: Action, path: tuple[str, ...], run: _Run
) -> tuple[dict[str, Any], dict[str, Any] | None, Sequence[GepnetError]]:
    """The output action and the draft request, with their dynamic values written; and what went wrong."""
    application = run.application
    activity = action.activity
    output, resource = action.output, None
    errors: Sequence[GepnetError] = ()
    if activity is not None:
        record = application.scope.record
        identifier = identity_of(
            activity.kind, record.subject, application.scope.now, run.root.canonical, path
        )
        resource = draft_request(activity, application, identifier)
    if action.dynamic_values or (activity is not None and activity.writes_action):
        output = dict(output) if action.flat else copy_json(output)
    if activity is not None and activity.dynamic_values:
        errors = write_dynamic_values(activity.dynamic_values, output, resource, application)
    if action.dynamic_values:
        own = write_dynamic_values(action.dynamic_values, output, resource, application)
        if own:
            errors = [*errors, *own]
    if activity is not None and activity.required and resource is not None:
        errors = [*errors, *structure_errors(activity, resource)]
    return output, resource, errors


def _note_unknown(
    plan: Plan, action: Action, outcomes: Sequence[Outcome], path: tuple[str, ...], run: _Run
) -> None:
    unknown = [
        condition.formula.text
        for condition, outcome in zip(action.conditions, outcomes, strict=True)
        if outcome.value is None
    ]
    text = f"action {action.id} of {plan.canonical} could not be decided: {', '.join(unknown)} is unknown"
    if run.unknown == "error":
        raise PatientDataError(f"{text}; send the data it needs, or ask with unknown='flag'")
    if run.unknown == "flag":
        run.note({"severity": "warning", "code": "incomplete", "diagnostics": text}, plan, path)


def _failure(plan: Plan, action: Action, error: GepnetError) -> dict[str, Any]:
    return {
        "severity": "error",
        "code": "exception",
        "diagnostics": f"action {action.id} of {plan.canonical} could not be evaluated: {error}",
    }
