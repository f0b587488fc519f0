"""Every condition of the pathway matters, and only where it should: each is forced to true, false and null.

Twice: the condition of one action alone (its action and what is below it may change, and nothing else), and
the define behind it (everything that refers to the define may change as well, and nothing else). A condition
is tried on the first case in which its action is reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from pathway_folder import FOLDER

from cds_hooks.cards import MOST_CARDS, cards_from, topic_code
from fhir_gepnet import Decision, InvocationError, Pathway, PatientRecord, Result, Verdict, load_pathway
from fhir_gepnet.authoring.cases import find_cases
from fhir_gepnet.engine.apply import apply, verdict_of
from fhir_gepnet.engine.trace import Outcome
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic import Definition
from fhir_gepnet.logic.source.knowledge import Knowledge
from fhir_gepnet.pathway.model import Action, Plan

PLAN = "gepnet-2018"
Path = tuple[str, ...]
Seen = dict[Path, Decision]


@dataclass(frozen=True, slots=True)
class Case:
    """One case with its unforced answer."""

    record: PatientRecord
    now: datetime
    parameters: Mapping[str, Any]
    result: Result
    decisions: Seen


@cache
def pathway() -> Pathway:
    return load_pathway(FOLDER)


def decisions_in(decisions: Sequence[Decision], above: Path = ()) -> Iterator[tuple[Path, Decision]]:
    """Decisions by the ids that lead to them, in order."""
    for decision in decisions:
        path = (*above, decision.action_id)
        yield path, decision
        yield from decisions_in(decision.children, path)


def actions_in(actions: Sequence[Action], above: Path = ()) -> Iterator[tuple[Path, Action]]:
    """Actions by the ids that lead to them, those of nested plans below the action that nests them."""
    for action in actions:
        path = (*above, action.id)
        yield path, action
        yield from actions_in(action.children, path)
        if action.plan is not None:
            yield from actions_in(action.plan.actions, path)


@cache
def actions() -> dict[Path, Action]:
    found = dict(actions_in(pathway().plans[PLAN].actions))
    assert len(found) == len(list(actions_in(pathway().plans[PLAN].actions))), "paths are unique"
    return found


@cache
def cases() -> list[Case]:
    found = []
    for case in find_cases(FOLDER):
        expected = read_json_file(case.folder / "expected.json")
        now, given = datetime.fromisoformat(expected["now"]), expected.get("parameters", {})
        data = read_json_file(case.folder / "patient.json")
        record = PatientRecord.of(data, complete=expected.get("complete", ()))
        result = pathway().apply(record, now=now, plan=PLAN, parameters=given)
        found.append(Case(record, now, given, result, dict(decisions_in(result.decisions))))
    return found


@cache
def case_reaching(path: Path) -> Case | None:
    return next((case for case in cases() if path in case.decisions), None)


CONDITIONS = [
    (path, number) for path, action in actions().items() for number in range(len(action.conditions))
]
NAMES = ["/".join(path[-2:]) + f"[{number}]" for path, number in CONDITIONS]
NEVER_REACHED: frozenset[Path] = frozenset()
"""Actions that no case of the folder reaches; each is a gap of the cases."""


def test_the_conditions_were_found_and_are_reached() -> None:
    assert len(CONDITIONS) > 100
    assert len(cases()) > 50
    assert {path for path, _ in CONDITIONS if case_reaching(path) is None} == NEVER_REACHED


def said(decision: Decision) -> tuple[Any, ...]:
    """What a decision says, without what is below it."""
    return decision.verdict, decision.output, decision.attributes, decision.resource


def check_the_others(before: Case, after: Result, may_change: frozenset[Path]) -> None:
    """All decisions but those at or below the given paths are what they were, in the order that they had."""

    def others(decisions: Seen) -> list[tuple[Path, tuple[Any, ...]]]:
        return [
            (path, said(decision))
            for path, decision in decisions.items()
            if not any(path[:length] in may_change for length in range(1, len(path) + 1))
        ]

    old, new = others(before.decisions), others(dict(decisions_in(after.decisions)))
    # Names only: pytest would write out whole plans to show how two decisions differ.
    assert [path for path, _ in new] == [path for path, _ in old], "actions came, went or moved"
    changed = ["/".join(path) for (path, is_now), (_, was) in zip(new, old, strict=True) if is_now != was]
    assert not changed


def expected_verdict(before: Case, path: Path, number: int, value: bool | None) -> Verdict:
    outcomes = list(before.decisions[path].outcomes)
    outcomes[number] = Outcome(value)
    return verdict_of(outcomes)


def check_the_action(before: Case, after: Result, path: Path, verdict: Verdict) -> None:
    """The action itself: its verdict, what is below it, and whether an issue says that it is unknown."""
    seen = dict(decisions_in(after.decisions))
    decision, action = seen[path], actions()[path]
    assert decision.verdict is verdict
    below = {child.action_id for child in decision.children}
    inner = [*action.children, *(action.plan.actions if action.plan else ())]
    assert below == ({each.id for each in inner} if verdict is Verdict.APPLIES else set())
    assert (decision.resource is not None) is (verdict is Verdict.APPLIES and action.activity is not None)
    named = [issue for issue in after.issues if f"action {action.id} of" in issue["diagnostics"]]
    assert len(named) == (1 if verdict is Verdict.UNKNOWN else 0)


def forced_condition(plan: Plan, path: Path, number: int, value: bool | None) -> Plan:
    """The plan with one condition of one action always giving a value."""
    return replace(plan, actions=_forced(plan.actions, path, number, value))


def _forced(within: tuple[Action, ...], path: Path, number: int, value: bool | None) -> tuple[Action, ...]:
    return tuple(
        _forced_in(action, path[1:], number, value) if action.id == path[0] else action for action in within
    )


def _forced_in(action: Action, below: Path, number: int, value: bool | None) -> Action:
    if not below:
        conditions = list(action.conditions)
        formula = replace(conditions[number].formula, compute=lambda scope, variables: value)
        conditions[number] = replace(conditions[number], formula=formula)
        return replace(action, conditions=tuple(conditions))
    nested = action.plan and replace(action.plan, actions=_forced(action.plan.actions, below, number, value))
    return replace(action, children=_forced(action.children, below, number, value), plan=nested)


@pytest.mark.parametrize("value", [True, False, None])
@pytest.mark.parametrize(("path", "number"), CONDITIONS, ids=NAMES)
def test_a_condition_decides_its_action_and_no_other(path: Path, number: int, value: bool | None) -> None:
    case = case_reaching(path)
    assert case is not None
    content = pathway().content
    plans = {**content.plans, PLAN: forced_condition(content.plans[PLAN], path, number, value)}
    after = apply(
        replace(content, plans=plans), case.record, now=case.now, plan=PLAN, parameters=case.parameters
    )
    verdict = expected_verdict(case, path, number, value)
    check_the_others(case, after, frozenset({path}))
    check_the_action(case, after, path, verdict)
    if verdict is case.decisions[path].verdict:
        check_the_others(case, after, frozenset())
        assert after.issues == case.result.issues
    check_the_cards(case, after, path[0])


def check_the_cards(before: Case, after: Result, touched: str) -> None:
    """Only the card of the touched top-level action may change, as long as all cards are shown whole."""
    if sum(each.verdict is not Verdict.DOES_NOT_APPLY for each in after.decisions) > MOST_CARDS:
        return
    others = [
        [
            card
            for card in cards_from(each)
            if card["source"]["topic"]["code"] != topic_code(_topic(each, touched))
        ]
        for each in (before.result, after)
    ]
    assert others[0] == others[1]


def _topic(result: Result, action_id: str) -> str:
    (decision,) = [each for each in result.decisions if each.action_id == action_id]
    return decision.topic or decision.action_id


@cache
def reads(definition: Definition) -> frozenset[Definition]:
    """A define with everything that it refers to, however far away."""
    return frozenset({definition}).union(*(reads(each) for each in definition.references))


def readers_of(forced: Definition) -> frozenset[Path]:
    """Actions one of whose formulas reads the define."""
    found = set()
    for path, action in actions().items():
        formulas = [each.formula for each in action.conditions]
        formulas += [each.formula for each in action.dynamic_values]
        formulas += [each.formula for each in action.activity.dynamic_values] if action.activity else []
        if any(each.definition is not None and forced in reads(each.definition) for each in formulas):
            found.add(path)
    return frozenset(found)


@pytest.mark.parametrize("value", [True, False, None])
@pytest.mark.parametrize(("path", "number"), CONDITIONS, ids=NAMES)
def test_a_define_changes_what_reads_it_and_no_other(path: Path, number: int, value: bool | None) -> None:
    case = case_reaching(path)
    definition = actions()[path].conditions[number].formula.definition
    assert case is not None
    assert definition is not None
    name = f"{definition.library.partition('|')[0]}.{definition.name}"
    arguments: Any = {"now": case.now, "plan": PLAN, "parameters": case.parameters, "forced": {name: value}}
    if value is None and Knowledge(definition.program).never_null(definition.form):
        # Generated code relies on it: what is proved never to be null cannot be forced to be.
        with pytest.raises(InvocationError, match="never null"):
            apply(pathway().content, case.record, **arguments)
        return
    after = apply(pathway().content, case.record, **arguments)
    readers = readers_of(definition)
    assert path in readers
    check_the_others(case, after, readers)
    if all(path[:length] not in readers for length in range(1, len(path))):
        check_the_action(case, after, path, expected_verdict(case, path, number, value))


def test_forcing_can_fail() -> None:
    """The checks see a change: where it should not be, and where it should be and is not."""
    case = cases()[0]
    path = next(path for path in case.decisions if len(path) == 1 and actions()[path].conditions)
    content = pathway().content
    changed = set()
    for value in (True, False, None):
        plans = {PLAN: forced_condition(content.plans[PLAN], path, 0, value)}
        after = apply(replace(content, plans=plans), case.record, now=case.now, parameters=case.parameters)
        changed.add(dict(decisions_in(after.decisions))[path].verdict)
        if after.decisions[0].verdict is not case.result.decisions[0].verdict:
            with pytest.raises(AssertionError):
                check_the_others(case, after, frozenset())
    assert changed == {Verdict.APPLIES, Verdict.DOES_NOT_APPLY, Verdict.UNKNOWN}
