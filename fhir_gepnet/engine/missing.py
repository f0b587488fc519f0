"""The missing-data report: what is absent, stale or unusable, who waits for it, what it would change.

Computed on request. Three kinds of action wait for data: those whose verdict is unknown, those
whose option-status is ``needs-data``, and those that apply and declare an input (a gap). What they
wait for is read from the trace: data elements that the folder declares
(``pathway/data_elements.py``) and that the action's conditions touched; for an unknown verdict
that touched none, the questions to the record behind the innermost null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.missing_needs import Need, declared_needs, derived_needs
from fhir_gepnet.engine.tracing import Explained, explained_by, invocation_of, titles_of
from fhir_gepnet.engine.what_if import WhatIf, variants_of
from fhir_gepnet.logic.reading import Recorder
from fhir_gepnet.pathway.data_elements import DataElement, data_elements_of

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

NEEDS_DATA = "needs-data"
"""The option-status of an option that waits for data."""

Json = dict[str, Any]


@dataclass(slots=True)
class _Report:
    """What one report gathers: the elements of the folder, the needs by their key, who waits."""

    what_if: WhatIf
    elements: tuple[DataElement, ...]
    titles: dict[str, str]
    needs: dict[str, Need] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    open: list[Json] = field(default_factory=list)


def missing_report(result: Result) -> Json:
    """The report as JSON; see ``Result.missing``."""
    asked = invocation_of(result)
    traces, recorder = explained_by(result)
    report = _Report(
        WhatIf(result, asked),
        data_elements_of(asked.content.resources),
        titles_of(asked.content.resources),
    )
    for path, each in _paths(traces, ""):
        _look(path, each, report, recorder)
    return {
        "plan": result.plan.canonical,
        "subject": result.subject,
        "now": result.now.isoformat(),
        "open": report.open,
        "needs": [_need(need, report) for need in report.needs.values()],
    }


def _paths(traces: Sequence[Explained], parent: str) -> Iterator[tuple[str, Explained]]:
    for each in traces:
        path = f"{parent}{each.decision.action_id}"
        yield path, each
        yield from _paths(each.children, f"{path}/")


def _look(path: str, each: Explained, report: _Report, recorder: Recorder | None) -> None:
    decision = each.decision
    own = [element for element in report.elements if _is_input(element, decision)]
    needs: list[Need] = []
    if decision.verdict is Verdict.UNKNOWN:
        needs = declared_needs(report.elements, each, own, report.what_if, report.titles)
        if not needs and recorder is not None:
            needs = derived_needs(each, recorder, report.what_if, report.titles)
    elif decision.applies and own:
        needs = declared_needs(own, each, own, report.what_if, report.titles)
        if not needs:
            return
    elif decision.applies and decision.status == NEEDS_DATA:
        needs = declared_needs(report.elements, each, (), report.what_if, report.titles)
    else:
        return
    document: Json = {"path": path, "action": decision.action_id, "plan": decision.plan}
    if decision.title is not None:
        document["title"] = decision.title
    document["verdict"] = decision.verdict.value
    if decision.status is not None:
        document["status"] = decision.status
    document["needs"] = [need.wanted.key for need in needs]
    report.open.append(document)
    for need in needs:
        report.needs.setdefault(need.wanted.key, need)
        report.waiting.setdefault(need.wanted.key, []).append(path)


def _is_input(element: DataElement, decision: Decision) -> bool:
    return any(
        action == decision.action_id and plan in ("", decision.plan) for plan, action in element.asked_by
    )


def _need(need: Need, report: _Report) -> Json:
    what_if = report.what_if
    document: Json = {"key": need.wanted.key, "text": need.wanted.text, "state": need.state}
    document["requirement"] = need.requirement
    if need.resources:
        document["found"] = list(need.resources)
    document["search"] = need.search
    document["item"] = need.item
    document["waiting"] = report.waiting[need.wanted.key]
    variants = [
        {"of": variant.of, "value": variant.value, "changes": what_if.changes(variant)}
        for variant in variants_of(need, what_if)
    ]
    if variants:
        document["alternatives"] = variants
        document["decides"] = list(
            dict.fromkeys(
                each["path"]
                for variant in variants
                for kind in ("changed", "added", "removed")
                for each in variant["changes"][kind]
            )
        )
    return document
