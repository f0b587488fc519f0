"""The trace as FHIR R4 resources: one GuidanceResponse for the run, a Provenance for all that was made.

They stand beside the RequestGroup in the Bundle, on request. Facts are references into the data
that came in, so that a system that keeps the Bundle can show what a proposal rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.decision import Verdict
from fhir_gepnet.engine.facts import Fact
from fhir_gepnet.engine.identity import identity_of
from fhir_gepnet.engine.tracing import Explained, explained, in_order

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result

Address = Callable[[dict[str, Any]], str]
AGENT = {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                              "code": "assembler"}]}, "who": {"display": "fhir_gepnet"}}  # fmt: skip


def trace_resources(
    result: Result, group: dict[str, Any], outcome: dict[str, Any] | None, address: Address
) -> list[dict[str, Any]]:
    """GuidanceResponse, then the Provenance of the RequestGroup and of each draft request.

    Args:
        result: what is explained.
        group: its RequestGroup.
        outcome: its OperationOutcome, or None when there are no issues.
        address: how the Bundle refers to a resource.
    """
    traces = list(in_order(explained(result)))
    response = _guidance_response(result, traces, group, outcome, address)
    provenances = [_provenance(result, group, (), traces, address)]
    for each in traces:
        resource = each.decision.resource
        if resource is not None and each.decision.already is None:
            provenances.append(_provenance(result, resource, (each.decision.action_id,), [each], address))
    return [response, *provenances]


def _guidance_response(
    result: Result,
    traces: Iterable[Explained],
    group: dict[str, Any],
    outcome: dict[str, Any] | None,
    address: Address,
) -> dict[str, Any]:
    verdicts = {each.decision.verdict for each in traces}
    status = "success"
    if Verdict.UNKNOWN in verdicts:
        status = "data-required"
    if Verdict.FAILED in verdicts:
        status = "failure"
    response: dict[str, Any] = {
        "resourceType": "GuidanceResponse",
        "id": identity_of("GuidanceResponse", result.subject, result.now, result.plan.canonical),
        "moduleCanonical": result.plan.canonical,
        "status": status,
        "subject": {"reference": result.subject},
    }
    if result.encounter is not None:
        response["encounter"] = {"reference": result.encounter}
    response["occurrenceDateTime"] = result.now.isoformat()
    if outcome is not None:
        response["evaluationMessage"] = [{"reference": address(outcome)}]
    response["result"] = {"reference": address(group)}
    return response


def _provenance(
    result: Result,
    target: dict[str, Any],
    path: tuple[str, ...],
    traces: list[Explained],
    address: Address,
) -> dict[str, Any]:
    """What one resource rests on; a Provenance needs its target only, so facts may be none."""
    # The target's own id keeps two drafts of one action id, in a plan used twice, apart.
    identifier = identity_of("Provenance", result.subject, result.now, result.plan.canonical,
                             (*path, target["id"]))  # fmt: skip
    reasons = [
        {"text": f"{each.decision.action_id}: {traced.because.expression} = {_word(traced.because.value)}"}
        for each in traces
        for traced in each.conditions
        if each.decision.applies
    ]
    entities = [
        {"role": "source", "what": _what(fact)}
        for fact in _distinct(
            fact for each in traces for traced in each.conditions for fact in traced.grounds.facts
        )
    ]
    provenance: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": identifier,
        "target": [{"reference": address(target)}],
        "recorded": result.now.isoformat(),
        "policy": [result.plan.canonical],
    }
    if reasons:
        provenance["reason"] = reasons
    provenance["agent"] = [AGENT]
    if entities:
        provenance["entity"] = entities
    return provenance


def _what(fact: Fact) -> dict[str, Any]:
    what: dict[str, Any] = {"type": fact.reference.partition("/")[0]}
    if "/" in fact.reference:
        what = {"reference": fact.reference, **what}
    told = ", ".join(part for part in (fact.code, fact.date) if part)
    return {**what, "display": told} if told else what


def _distinct(facts: Iterable[Fact]) -> Iterator[Fact]:
    return iter({fact.reference: fact for fact in facts}.values())


def _word(value: bool | None) -> str:
    return {True: "true", False: "false", None: "null"}[value]
