"""Asking again under other data: a definition forced, a condition answered, a result added, dates renewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.engine.alternatives import alternatives_of
from fhir_gepnet.engine.apply import apply
from fhir_gepnet.engine.compare import compare
from fhir_gepnet.engine.explain import decisions_json
from fhir_gepnet.engine.facts import date_keys
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import Definition, Libraries, to_plain
from fhir_gepnet.logic.scope import Scope

if TYPE_CHECKING:
    from fhir_gepnet.engine.missing_needs import Need
    from fhir_gepnet.engine.result import Invocation, Result

MEMBERS = ("verdict", "status", "tier")
"""What of a decision counts as changed."""

Json = dict[str, Any]


class Variant(NamedTuple):
    """One alternative: what is shown, and what is changed to try it.

    Attributes:
        of: what has the value: a definition, a condition, or the key of the need.
        value: as the report shows it.
        forced: see ``forced.force``.
        added: resources that the record gets.
    """

    of: str
    value: Any
    forced: Mapping[str, Any]
    added: tuple[Json, ...] = ()


@dataclass(slots=True)
class WhatIf:
    """One result, ready to be asked for again."""

    result: Result
    asked: Invocation
    _before: list[Json] = field(default_factory=list)

    @property
    def libraries(self) -> Libraries:
        """The compiled logic."""
        return self.asked.content.libraries

    @property
    def record(self) -> PatientRecord:
        """The patient's data as they are."""
        return self.asked.record

    def again(self, record: PatientRecord | None = None, forced: Mapping[str, Any] | None = None) -> Result:
        """The result for other data, or with values given."""
        content, known, now, plan, parameters, context, _, given, budget = self.asked
        return apply(
            content,
            record or known,
            now=now,
            plan=plan,
            parameters=parameters,
            context=context,
            budget=budget,
            forced={**(given or {}), **(forced or {})},
        )

    def changes(self, variant: Variant) -> Json:
        """Which decisions a variant changes; see ``compare``."""
        record = self.record.varied({}, variant.added) if variant.added else None
        if not self._before:
            # Asked again, because with unknown="omit" the result has no unknown decisions.
            self._before.extend(decisions_json(self.again().decisions))
        after = decisions_json(self.again(record, variant.forced).decisions)
        return compare(self._before, after, MEMBERS)

    def renewed(self, resources: Sequence[Json]) -> Result:
        """The result if these resources were of today."""
        moment = self.asked.now.isoformat()
        changed = {id(resource): _of_today(resource, moment) for resource in resources}
        return self.again(self.record.varied(changed))


def _of_today(resource: Json, moment: str) -> Json:
    renewed = dict(resource)
    for key in date_keys(resource["resourceType"]):
        held = resource.get(key)
        if isinstance(held, str):
            renewed[key] = moment[: len(held)] if len(held) <= len("2026-11-23") else moment
        elif isinstance(held, dict):
            renewed[key] = {"start": moment, "end": moment}
    return renewed


def variants_of(need: Need, what_if: WhatIf) -> Iterator[Variant]:
    """The finite alternatives of a need: declared answers, else values of its definition, else yes and no."""
    wanted = need.wanted
    if wanted.answers and wanted.resource_type == "Observation" and wanted.codes:
        for key, value in wanted.answers:
            yield Variant(wanted.key, value, {}, (_observation(need, key, value, what_if),))
        return
    for text in need.conditions:
        for answer in (True, False):
            yield Variant(text, answer, {text: answer})
    for definition in need.definitions:
        scope = what_if.result.decisions[0].application.scope
        present = plain_value(definition, scope)
        name = f"{definition.library.partition('|')[0]}.{definition.name}"
        for value in alternatives_of(definition, scope.parameters):
            if value != present and value not in need.unknown:
                yield Variant(name, value, {name: value})


def plain_value(definition: Definition, scope: Scope) -> Any:
    """The plain value of a definition in one application."""
    return to_plain(definition.evaluate(scope), definition.result_type)


def _observation(need: Need, key: str, value: Any, what_if: WhatIf) -> Json:
    """A final result of today with this answer."""
    system, code = need.wanted.codes[0]
    name = "valueCodeableConcept" if key == "valueCoding" else key
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": what_if.result.subject},
        "effectiveDateTime": what_if.asked.now.isoformat(),
        name: {"coding": [value]} if key == "valueCoding" else value,
    }
