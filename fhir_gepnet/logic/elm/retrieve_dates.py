"""The date filter of a retrieve, as a condition on each resource.

Source: ELM r1, Retrieve.dateRange. A translator puts there what the author wrote as
``where X.period during range``, so it means the same: a resource is in when its date, or all of its
period, certainly is. What has no date (an Age, a text) or none that is precise enough is not.
A range of dates is compared by the day.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_gepnet.errors import UnsupportedFeatureError, Where
from fhir_gepnet.logic.elm.properties import element_form
from fhir_gepnet.logic.elm.reader import Binding, Reading
from fhir_gepnet.logic.elm.type_operators import cast, convert
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import BOOLEAN, DATE, DATE_TIME, FHIR, ChoiceOf, Form, IntervalOf, Named, Type


@dataclass(frozen=True, slots=True)
class DateFilter:
    """The element with the date, or those with its two ends; and the expression of the range."""

    element: str | None
    low: str | None
    high: str | None
    value: Node


_POINTS = ("dateTime", "instant", "date")
_EXTENTS = {"Period": "elm.PeriodInterval", "Timing": "elm.TimingInterval"}


def within(given: DateFilter, item: Binding, reading: Reading, at: Where) -> Form:
    """Whether the item's date is in the range: true, false, or null when the data do not tell.

    Raises:
        UnsupportedFeatureError: it names no element, or one that never holds a date.
    """
    wanted = reading.read(given.value)
    if wanted.type == DATE or wanted.type == DATE_TIME:
        wanted = Form("elm.PointInterval", IntervalOf(wanted.type), (wanted,), None, at)
    if not isinstance(wanted.type, IntervalOf) or wanted.type.point not in (DATE, DATE_TIME):
        problem = f"the date range of a retrieve is a {wanted.type}"
        raise UnsupportedFeatureError(at, problem, "use an interval of dates or times")
    held = Form("elm.SlotRef", item.type, (), item.slot, at)
    if given.element:
        value = _element(held, given.element, reading, at)
        return _any_of([_condition(each, wanted, at) for each in _dates_of(value, at)], given.element, at)
    if not (given.low and given.high):
        problem = "a retrieve with a date range does not say for which element"
        raise UnsupportedFeatureError(at, problem, "filter in a where clause")
    ends = []
    for name in (given.low, given.high):
        found = _dates_of(_element(held, name, reading, at), at)
        if len(found) != 1 or isinstance(found[0].type, IntervalOf):
            raise UnsupportedFeatureError(at, f"{name} is not one date", "filter in a where clause")
        ends.append(convert(found[0], DATE_TIME, at))
    return _condition(Form("elm.EndsInterval", IntervalOf(DATE_TIME), tuple(ends), None, at), wanted, at)


def _element(held: Form, path: str, reading: Reading, at: Where) -> Form:
    for name in path.split("."):
        held = element_form(held, name, reading, at)
    return held


def _dates_of(value: Form, at: Where) -> list[Form]:
    """The value as each type that it may have and that holds a date: points and intervals."""
    if isinstance(value.type, ChoiceOf):
        found = []
        for choice in value.type.choices:
            if _name(choice) in (*_POINTS, *_EXTENTS):
                found += _dates_of(cast(value, choice, at), at)
        return found
    name = _name(value.type)
    if name in _EXTENTS:
        return [Form(_EXTENTS[name], IntervalOf(DATE_TIME), (value,), None, at)]
    if name in _POINTS:
        return [Form("elm.PrimitiveValue", DATE if name == "date" else DATE_TIME, (value,), None, at)]
    return []


def _name(of: Type) -> str:
    return of.name.removeprefix(FHIR) if isinstance(of, Named) else ""


def _condition(dated: Form, wanted: Form, at: Where) -> Form:
    if isinstance(wanted.type, IntervalOf) and wanted.type.point == DATE:
        if isinstance(dated.type, IntervalOf):
            dated = Form("elm.IntervalOfDays", IntervalOf(DATE), (dated,), None, at)
        else:
            dated = convert(dated, DATE, at)
    else:
        dated = dated if isinstance(dated.type, IntervalOf) else convert(dated, DATE_TIME, at)
    operator = "elm.IncludedInInterval" if isinstance(dated.type, IntervalOf) else "elm.InInterval"
    return Form(operator, BOOLEAN, (dated, wanted), None, at)


def _any_of(conditions: list[Form], element: str, at: Where) -> Form:
    if not conditions:
        problem = f"{element} holds no date that a retrieve could filter by"
        raise UnsupportedFeatureError(at, problem, "filter in a where clause")
    if len(conditions) == 1:
        return conditions[0]
    return Form("elm.Or", BOOLEAN, tuple(conditions), None, at)
