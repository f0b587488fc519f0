"""Which inputs of an action a record has: present, stale or absent. Never gates the action.

Source: FHIR R4 DataRequirement; present, stale and absent are ours (the specification is silent).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fhir_gepnet.fhir.dates import DateTime, compare, from_datetime, parse_date_time
from fhir_gepnet.fhir.duration import moved
from fhir_gepnet.fhir.period import ends_of
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.pathway.model import Action, CodeFilter, DateFilter, Input


class InputState(NamedTuple):
    """One input of an action in one record.

    Attributes:
        input: what is wanted.
        state: ``present``; ``stale`` when there are such data, but none surely in the time wanted;
            ``absent`` when there are none of the codes at all.
        resources: what was found: the fresh ones, or else the stale ones.
        complete: whether the record has all there is of the type, so that absent means none.
    """

    input: Input
    state: str
    resources: tuple[dict[str, Any], ...]
    complete: bool


def input_states(action: Action, record: PatientRecord, now: datetime) -> tuple[InputState, ...]:
    """The inputs of an action in their order."""
    return tuple(_state(each, record, now) for each in action.inputs)


def _state(wanted: Input, record: PatientRecord, now: datetime) -> InputState:
    coded = [
        resource
        for resource in record.of_type(wanted.resource_type)
        if all(_has_code(resource, each) for each in wanted.codes)
    ]
    fresh = [resource for resource in coded if all(_is_dated(resource, each, now) for each in wanted.dates)]
    state = "present" if fresh else "stale" if coded else "absent"
    complete = wanted.resource_type == "Patient" or wanted.resource_type in record.complete
    return InputState(wanted, state, tuple(fresh or coded), complete)


def _has_code(resource: dict[str, Any], wanted: CodeFilter) -> bool:
    values = wanted.path(resource)
    if not wanted.codes and wanted.value_set is None:
        return bool(values)
    members = wanted.codes | (wanted.value_set.codes if wanted.value_set is not None else frozenset())
    return any(key in members or ("", key[1]) in wanted.codes for value in values for key in _keys(value))


def _keys(value: Any) -> list[tuple[str, str]]:
    """(system, code) of a CodeableConcept, a Coding or a code."""
    if isinstance(value, str):
        return [("", value)]
    if not isinstance(value, Mapping):
        return []
    codings = value.get("coding", [value])
    return [(each.get("system", ""), each["code"]) for each in codings if "code" in each]


def _is_dated(resource: dict[str, Any], wanted: DateFilter, now: datetime) -> bool:
    return any(_in_time(value, wanted, from_datetime(now)) for value in wanted.path(resource))


def _in_time(value: Any, wanted: DateFilter, now: DateTime) -> bool:
    """Whether a date, or a Period, surely touches the time wanted."""
    if isinstance(value, Mapping):
        start, end = ends_of(value, now.offset)
        end = end or now
    else:
        start = end = parse_date_time(value, now.offset) if isinstance(value, str) else None
    if wanted.duration is not None:
        return _touches(start, end, moved(now, wanted.duration, -1), now)
    if wanted.period is not None:
        return _touches(start, end, *ends_of(wanted.period, now.offset))
    return start is not None or end is not None


def _touches(
    start: DateTime | None, end: DateTime | None, low: DateTime | None, high: DateTime | None
) -> bool:
    if start is None and end is None:
        return False
    return _not_after(low, end) and _not_after(start, high)


def _not_after(left: DateTime | None, right: DateTime | None) -> bool:
    """Whether ``left`` is surely no later, by days when one of them is not more precise."""
    if left is None or right is None:
        return True
    order = compare(left, right)
    if order is None and min(left.depth, right.depth) == 3:
        order = compare(left, right, "day")
    return order is not None and order <= 0
