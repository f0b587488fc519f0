"""When the actions of a result are to happen: timing and relations resolved to dates.

Source: FHIR R4 PlanDefinition.action.timing[x] and relatedAction, ActionRelationshipType. An offset
that is a Duration is exact, one that is a Range gives a window; without one the window is open at
one side. ``before`` counts from the start, ``after`` from the end of the related action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.engine.occurrences import Span, occurrences
from fhir_gepnet.engine.placing import Placed, every, placed
from fhir_gepnet.errors import InvocationError
from fhir_gepnet.fhir.dates import DateTime, compare, from_datetime, parse_date_time
from fhir_gepnet.fhir.duration import NO_TIME, duration_of, moved
from fhir_gepnet.fhir.period import ends_of

if TYPE_CHECKING:
    from fhir_gepnet.engine.result import Result


class Window(NamedTuple):
    """When an action, or one occurrence of it, is to happen.

    Attributes:
        action: its id in the result.
        start, end: ISO texts, the first and the last moment; None where it is open or not known.
        basis: what it was worked out from: ``timingTiming``, ``after-end cycle-1``, ``anchor``, ``known``.
        times: how often within the window.
        note: what could not be worked out, or worked in; None when there is nothing of the kind.
    """

    action: str
    start: str | None
    end: str | None
    basis: str
    times: int = 1
    note: str | None = None


@dataclass(slots=True)
class _Plan:
    """State of one resolution: spans by action id; an empty tuple while under way shows a circle."""

    actions: Mapping[str, Placed]
    anchor: DateTime
    known: Mapping[str, DateTime]
    birth: DateTime | None
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)


def windows_of(
    result: Result, anchor: date | datetime | str, known: Mapping[str, date | datetime | str]
) -> tuple[Window, ...]:
    """The windows in the order of the actions; see ``Result.windows``."""
    actions = {action.id: action for action in every(placed(result.decisions))}
    for identifier in known:
        if identifier not in actions:
            raise InvocationError(f"known: there is no applicable action {identifier} in this result")
    offset = from_datetime(result.now).offset
    application = result.application
    birth = None if application is None else application.scope.record.patient.get("birthDate")
    plan = _Plan(
        actions,
        _moment(anchor, "anchor", offset),
        {identifier: _moment(value, identifier, offset) for identifier, value in known.items()},
        parse_date_time(birth, offset) if isinstance(birth, str) else None,
    )
    targets = {target for action in actions.values() for target, _ in _relations(action)}
    return tuple(
        Window(action.id, _text(span.start), _text(span.end), span.basis, span.times, span.note)
        for action in actions.values()
        if action.id in targets or action.id in known or _relations(action) or _timing(action) is not None
        for span in _resolve(action.id, plan)
    )


def _moment(value: date | datetime | str, name: str, offset: int) -> DateTime:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise InvocationError(f"{name}: the datetime has no time zone")
        return from_datetime(value)
    moment = parse_date_time(value if isinstance(value, str) else value.isoformat(), offset)
    if moment is None or moment.depth < 3:
        raise InvocationError(f"{name}: this is no full date; write YYYY-MM-DD")
    return moment


def _text(moment: DateTime | None) -> str | None:
    return None if moment is None else moment.text


def _relations(action: Placed) -> list[tuple[str, dict[str, Any]]]:
    """(id of the related action in the result, relatedAction)."""
    related = action.decision.output.get("relatedAction", ())
    return [(action.prefix + each["actionId"], each) for each in related]


def _timing(action: Placed) -> tuple[str, Any] | None:
    output = action.decision.output
    return next(((name, output[name]) for name in TIMINGS if name in output), None)


def _resolve(identifier: str, plan: _Plan) -> tuple[Span, ...]:
    if identifier in plan.spans:
        return plan.spans[identifier]
    plan.spans[identifier] = ()
    if identifier in plan.known:
        moment = plan.known[identifier]
        spans: tuple[Span, ...] = (Span(moment, moment, "known"),)
    else:
        action = plan.actions[identifier]
        base = _base(action, plan)
        timing = _timing(action)
        if timing is None:
            spans = (base,)
        else:
            name, value = timing
            spans = tuple(TIMINGS[name](value, base, name, plan))
            spans = spans or (Span(None, None, name, 1, "it names no dates"),)
    plan.spans[identifier] = spans
    return spans


def _base(action: Placed, plan: _Plan) -> Span:
    """Where an action stands by its relations; the anchor when it has none."""
    found = [_related(target, related, plan) for target, related in _relations(action)]
    if not found:
        return Span(plan.anchor, plan.anchor, "anchor")
    start = _latest([span.start for span in found])
    end = _earliest([span.end for span in found])
    notes = [span.note for span in found if span.note is not None]
    if start is not None and end is not None and compare(start, end) == 1:
        notes.append("its relations contradict each other")
    basis = ", ".join(span.basis for span in found)
    return Span(start, end, basis, 1, "; ".join(notes) or None)


def _related(target: str, related: Mapping[str, Any], plan: _Plan) -> Span:
    relationship = related["relationship"]
    basis = f"{relationship} {target}"
    if target not in plan.actions:
        return Span(None, None, basis, 1, f"action {target} is not in this result")
    spans = _resolve(target, plan)
    if not spans:
        return Span(None, None, basis, 1, f"action {target} waits for this one: the relations go in a circle")
    first, last = spans[0].start, spans[-1].end
    if relationship == "concurrent":
        return Span(first, last, basis)
    at_end, direction = RELATIONS[relationship]
    edge = last if at_end else first
    if edge is None:
        return Span(None, None, basis, 1, f"the {'end' if at_end else 'start'} of action {target} is open")
    return _offset(edge, direction, related, basis)


RELATIONS: Mapping[str, tuple[bool, int]] = {
    "before-start": (False, -1),
    "before": (False, -1),
    "before-end": (True, -1),
    "concurrent-with-start": (False, 0),
    "concurrent-with-end": (True, 0),
    "after-start": (False, 1),
    "after": (True, 1),
    "after-end": (True, 1),
}
"""Relationship -> whether it counts from the related action's end, and in which direction."""


def _offset(edge: DateTime, direction: int, related: Mapping[str, Any], basis: str) -> Span:
    exact, wide = related.get("offsetDuration"), related.get("offsetRange")
    if exact is None and wide is None:
        return Span(edge if direction >= 0 else None, edge if direction <= 0 else None, basis)
    low = exact or (wide or {}).get("low")
    high = exact or (wide or {}).get("high")
    near = edge if low is None else _moved(edge, low, direction or 1)
    far = None if high is None else _moved(edge, high, direction or 1)
    note = NO_TIME if near is None or (high is not None and far is None) else None
    start, end = (near, far) if direction >= 0 else (far, near)
    return Span(start, end, basis, 1, note)


def _moved(moment: DateTime, quantity: Mapping[str, Any], times: int = 1) -> DateTime | None:
    duration = duration_of(quantity)
    return None if duration is None else moved(moment, duration, times)


def _latest(moments: Sequence[DateTime | None]) -> DateTime | None:
    return _extreme(moments, 1)


def _earliest(moments: Sequence[DateTime | None]) -> DateTime | None:
    return _extreme(moments, -1)


def _extreme(moments: Sequence[DateTime | None], sign: int) -> DateTime | None:
    found: DateTime | None = None
    for moment in moments:
        if moment is not None and (found is None or compare(moment, found) == sign):
            found = moment
    return found


def _date_time(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    moment = parse_date_time(value, plan.anchor.offset)
    yield Span(moment, moment, name)


def _period(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    yield Span(*ends_of(value, plan.anchor.offset), name)


def _age(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    moment = None if plan.birth is None else _moved(plan.birth, value)
    yield Span(moment, moment, name, 1, "the date of birth is not known" if plan.birth is None else None)


def _duration(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    end = None if base.start is None else _moved(base.start, value)
    yield Span(base.start, end, _from(name, base), 1, base.note or (NO_TIME if end is None else None))


def _range(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    if base.start is None:
        yield Span(None, None, _from(name, base), 1, base.note)
        return
    span = _offset(base.start, 1, {"offsetRange": value}, _from(name, base))
    yield span._replace(note=base.note or span.note)


def _timing_schedule(value: Any, base: Span, name: str, plan: _Plan) -> Iterator[Span]:
    return occurrences(value, base, _from(name, base))


def _from(name: str, base: Span) -> str:
    return f"{name} from {base.basis}"


TIMINGS: Mapping[str, Callable[[Any, Span, str, _Plan], Iterator[Span]]] = {
    "timingDateTime": _date_time,
    "timingPeriod": _period,
    "timingAge": _age,
    "timingDuration": _duration,
    "timingRange": _range,
    "timingTiming": _timing_schedule,
}
