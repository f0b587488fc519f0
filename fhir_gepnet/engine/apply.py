"""PlanDefinition/$apply: one plan, one patient, one moment -> ordered decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhir_gepnet.engine.activity import copy_json, draft_request
from fhir_gepnet.engine.choice import choose_plan
from fhir_gepnet.engine.context import application_of
from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.dynamic_value import write_dynamic_values
from fhir_gepnet.engine.forced import Forced, force
from fhir_gepnet.engine.identity import identity_of
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
    """What one application takes along, and gathers, on its way through the actions."""

    application: Application
    root: Plan
    unknown: Unknown
    issues: list[dict[str, Any]] = field(default_factory=list)


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
        invocation=Invocation(content, record, now, plan, parameters, context, unknown, forced),
    )


def _decide_all(
    actions: Sequence[Action], plan: Plan, path: tuple[str, ...], run: _Run
) -> tuple[Decision, ...]:
    decisions = [_decide(action, plan, path, run) for action in actions]
    if run.unknown == "omit":
        decisions = [decision for decision in decisions if decision.verdict is not Verdict.UNKNOWN]
    if len(decisions) > 1:
        ranks = [decision.attributes.rank for decision in decisions]
        if ranks.count(None) < len(ranks):
            decisions.sort(key=_place)
    return tuple(decisions)


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
        try:
            output, resource = _make(action, place, run)
            if output is not action.output:
                attributes = attributes_of(output)
        except BudgetExceededError:
            raise
        except GepnetError as error:
            # Half an answer is not shown: the action counts as failed, and says so.
            verdict, output = Verdict.FAILED, action.output
            run.issues.append(_failure(plan, action, error))
        else:
            children: tuple[Decision, ...] = ()
            if action.children:
                children = _decide_all(action.children, plan, place, run)
            if action.plan is not None:
                children += _decide_all(action.plan.actions, action.plan, place, run)
            return Decision(
                verdict, action, plan, output, attributes, resource, children, outcomes, application
            )
    elif verdict is Verdict.FAILED:
        run.issues.extend(_failure(plan, action, each.error) for each in outcomes if each.error is not None)
    elif verdict is Verdict.UNKNOWN:
        _note_unknown(plan, action, outcomes, run)
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


def _make(action: Action, path: tuple[str, ...], run: _Run) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The output action and the draft request, with their dynamic values written."""
    application = run.application
    activity = action.activity
    resource = None
    if activity is not None:
        record = application.scope.record
        identifier = identity_of(
            activity.kind, record.subject, application.scope.now, run.root.canonical, path
        )
        resource = draft_request(activity, application, identifier)
        write_dynamic_values(activity.dynamic_values, action.output, resource, application)
    output = action.output
    if action.dynamic_values:
        output = dict(output) if action.flat else copy_json(output)
        write_dynamic_values(action.dynamic_values, output, resource, application)
    return output, resource


def _note_unknown(plan: Plan, action: Action, outcomes: Sequence[Outcome], run: _Run) -> None:
    unknown = [
        condition.formula.text
        for condition, outcome in zip(action.conditions, outcomes, strict=True)
        if outcome.value is None
    ]
    text = f"action {action.id} of {plan.canonical} could not be decided: {', '.join(unknown)} is unknown"
    if run.unknown == "error":
        raise PatientDataError(f"{text}; send the data it needs, or ask with unknown='flag'")
    if run.unknown == "flag":
        run.issues.append({"severity": "warning", "code": "incomplete", "diagnostics": text})


def _failure(plan: Plan, action: Action, error: GepnetError) -> dict[str, Any]:
    return {
        "severity": "error",
        "code": "exception",
        "diagnostics": f"action {action.id} of {plan.canonical} could not be evaluated: {error}",
    }
