"""Case folders: a patient, what is expected, and why; read, run and compared.

``cases/<name>/`` holds ``patient.json`` (a Bundle), ``expected.json`` and ``why.md`` (one line).
``expected.json``::

    {"now": "2026-11-23T12:00:00Z",          the moment, with its zone
     "complete": ["Condition"],              types whose search was complete (default none)
     "parameters": {"Name": 1},              library parameters (default none)
     "plan": "id",                           default: the folder's pathway
     "cards": ["first", "second"],           ids of the top-level actions that apply, in order
     "actions": {"leaf-id": {"status": "eligible", "tier": "A", "rules": ["R1"]}},
     "undecided": {"leaf-id": "unknown"},    every action that is unknown or failed (default none)
     "defines": {"Library.Define": 1}}       plain values, any of them (default none)

``actions`` names **all** applicable leaves; of each only the attributes given are compared
(``status``, ``tier``, ``rank``, ``priority``, ``title``, ``description``, ``rules``, ``resource``
as the type of the draft request); rules in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir_gepnet.authoring.card_rules import LONGEST_SUMMARY
from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.pathway import Pathway
from fhir_gepnet.errors import ArtifactError, GepnetError, PatientDataError, Where
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file, write_json
from fhir_gepnet.logic import to_plain

FILES = ("patient.json", "expected.json", "why.md")
KEYS = frozenset({"now", "complete", "parameters", "plan", "cards", "actions", "undecided", "defines"})
ATTRIBUTES = frozenset({"status", "tier", "rank", "priority", "title", "description", "rules", "resource"})


@dataclass(frozen=True, slots=True)
class Case:
    """One case folder."""

    name: str
    folder: Path


def find_cases(folder: Path) -> list[Case]:
    """The case folders of a pathway, by name."""
    cases = folder / "cases"
    found = sorted(each for each in cases.iterdir() if each.is_dir()) if cases.is_dir() else []
    return [Case(each.name, each) for each in found]


def read_expected(case: Case) -> dict[str, Any]:
    """``expected.json``, checked.

    Raises:
        ArtifactError: missing, not JSON, or with keys and types that it should not have.
    """
    file = case.folder / "expected.json"
    where = Where(f"{case.name}/expected.json")
    try:
        expected = read_json_file(file)
    except PatientDataError as error:
        raise ArtifactError(where, str(error), "write it as docs and authoring/cases.py say") from None
    if not isinstance(expected, dict) or not {"now", "cards", "actions"} <= set(expected):
        raise ArtifactError(where, "now, cards and actions are needed", "add what is missing")
    unknown = set(expected) - KEYS
    for attributes in expected["actions"].values():
        unknown |= set(attributes) - ATTRIBUTES
    if unknown:
        raise ArtifactError(
            where, f"unknown key {sorted(unknown)[0]}", f"known are {', '.join(sorted(KEYS | ATTRIBUTES))}"
        )
    try:
        moment = datetime.fromisoformat(expected["now"])
    except ValueError:
        raise ArtifactError(where, "now is no moment", "write 2026-11-23T12:00:00Z") from None
    if moment.utcoffset() is None:
        raise ArtifactError(where, "now has no zone", "write 2026-11-23T12:00:00Z")
    return {**expected, "now": moment}


def run_case(pathway: Pathway, case: Case) -> list[str]:
    """Run one case; gives every difference, nothing when the case passes.

    A case whose files are wrong, or that cannot be applied, is a difference too.
    """
    try:
        expected = read_expected(case)
        record = PatientRecord.of(
            read_json_file(case.folder / "patient.json"), complete=expected.get("complete", ())
        )
        result = pathway.apply(
            record,
            now=expected["now"],
            plan=expected.get("plan"),
            parameters=expected.get("parameters"),
        )
        differences = list(_differences(result.decisions, expected))
        differences += _define_differences(pathway, result.decisions, expected.get("defines", {}))
    except GepnetError as error:
        return [str(error)]
    return differences


def _differences(decisions: Sequence[Decision], expected: Mapping[str, Any]) -> Iterator[str]:
    cards = [decision.action_id for decision in decisions if decision.applies]
    if cards != expected["cards"]:
        yield f"cards are {_list(cards)}, expected {_list(expected['cards'])}"
    for decision in decisions:
        if decision.applies and len(decision.title or "") >= LONGEST_SUMMARY:
            yield f"the title of {decision.action_id} has {len(decision.title or '')} characters"
    found_leaves = list(_leaves(decisions))
    leaves = dict(found_leaves)
    if len(leaves) != len(found_leaves):
        ids = [action_id for action_id, _ in found_leaves]
        yield f"applied more than once: {_list(sorted({each for each in ids if ids.count(each) > 1}))}"
    wanted = expected["actions"]
    for action_id in sorted(wanted.keys() - leaves.keys()):
        yield f"{action_id} does not apply"
    for action_id in sorted(leaves.keys() - wanted.keys()):
        yield f"{action_id} applies unexpectedly"
    for action_id in sorted(wanted.keys() & leaves.keys()):
        for name, value in wanted[action_id].items():
            found = _attribute(leaves[action_id], name)
            if found != (sorted(value) if name == "rules" else value):
                yield f"{action_id}: {name} is {_text(found)}, expected {_text(value)}"
    undecided = dict(_undecided(decisions))
    if undecided != expected.get("undecided", {}):
        yield f"undecided are {_text(undecided)}, expected {_text(expected.get('undecided', {}))}"


def _leaves(decisions: Sequence[Decision]) -> Iterator[tuple[str, Decision]]:
    """Applicable actions below the cards without applicable children; a card is no leaf of itself."""
    for decision in decisions:
        for child in decision.children:
            if child.applies and not child.children:
                yield child.action_id, child
        yield from _leaves([child for child in decision.children if child.applies])


def _undecided(decisions: Sequence[Decision]) -> Iterator[tuple[str, str]]:
    for decision in decisions:
        if decision.verdict in (Verdict.UNKNOWN, Verdict.FAILED):
            yield decision.action_id, decision.verdict.value
        yield from _undecided(decision.children)


def _attribute(decision: Decision, name: str) -> Any:
    if name == "rules":
        return sorted(decision.rule)
    if name == "resource":
        return None if decision.resource is None else decision.resource["resourceType"]
    return getattr(decision, name)


def _define_differences(
    pathway: Pathway, decisions: Sequence[Decision], defines: Mapping[str, Any]
) -> Iterator[str]:
    for name, value in defines.items():
        library, _, define = name.partition(".")
        if library not in pathway.libraries:
            yield f"no library {library}"
            continue
        definition = pathway.libraries[library].definition(define)
        found = to_plain(definition.evaluate(decisions[0].application.scope), definition.result_type)
        if type(found) is not type(value) or found != value:
            yield f"{name} is {_text(found)}, expected {_text(value)}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _text(value: Any) -> str:
    return write_json(value).decode()
