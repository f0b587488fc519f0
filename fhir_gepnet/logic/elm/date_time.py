"""ELM chapter Date and Time Operators."""

from __future__ import annotations

from fhir_gepnet.logic.elm.reader import Reading, builds, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    TIME,
    Form,
    IntervalOf,
    Type,
)

_CONSTRUCTORS: dict[str, tuple[Type, tuple[str, ...]]] = {
    "Date": (DATE, ("year", "month", "day")),
    "DateTime": (
        DATE_TIME,
        ("year", "month", "day", "hour", "minute", "second", "millisecond", "timezoneOffset"),
    ),
    "Time": (TIME, ("hour", "minute", "second", "millisecond")),
}


@builds(*_CONSTRUCTORS)
def constructor(node: Node, reading: Reading) -> Form:
    """Date, DateTime and Time selectors. Detail: names of the components, one per operand."""
    of, names = _CONSTRUCTORS[node["type"]]
    given = tuple(name for name in names if node.get(name))
    operands = tuple(reading.read(node[name]) for name in given)
    return Form(f"elm.{node['type']}", of, operands, given, reading.at(node))


_OF_THE_SCOPE: dict[str, Type] = {"Now": DATE_TIME, "Today": DATE, "TimeOfDay": TIME}


@builds(*_OF_THE_SCOPE)
def moment_of_evaluation(node: Node, reading: Reading) -> Form:
    """Now, Today, TimeOfDay: fixed for the whole application, in the zone of ``scope.now``."""
    return Form(f"elm.{node['type']}", _OF_THE_SCOPE[node["type"]], (), None, reading.at(node))


_PARTS: dict[str, Type] = {
    "DateFrom": DATE,
    "TimeFrom": TIME,
    "TimezoneOffsetFrom": DECIMAL,
    "TimezoneFrom": DECIMAL,
}


@builds(*_PARTS)
def part(node: Node, reading: Reading) -> Form:
    """A part of a DateTime."""
    return Form(
        f"elm.{node['type']}", _PARTS[node["type"]], operands_of(node, reading), None, reading.at(node)
    )


@builds("DateTimeComponentFrom")
def component(node: Node, reading: Reading) -> Form:
    """One component. Detail: its name in lower case."""
    name = node["precision"].lower()
    return Form("elm.DateTimeComponentFrom", INTEGER, operands_of(node, reading), name, reading.at(node))


@builds("DurationBetween", "DifferenceBetween")
def between(node: Node, reading: Reading) -> Form:
    """Whole periods, or boundaries crossed. Detail: the precision as ELM writes it."""
    operator = f"elm.{node['type']}"
    return Form(operator, INTEGER, operands_of(node, reading), node["precision"], reading.at(node))


_MOMENT_OR_INTERVAL = ("After", "Before", "SameAs", "SameOrAfter", "SameOrBefore")


@builds(*_MOMENT_OR_INTERVAL)
def order(node: Node, reading: Reading) -> Form:
    """Order of moments or of intervals; detail: the precision in lower case or None.

    A point beside an interval is taken as the interval of that one point.
    """
    operands = operands_of(node, reading)
    if any(isinstance(operand.type, IntervalOf) for operand in operands):
        operands = tuple(as_interval(operand) for operand in operands)
    precision = node.get("precision")
    return Form(
        f"elm.{node['type']}", BOOLEAN, operands, precision.lower() if precision else None, reading.at(node)
    )


def as_interval(form: Form) -> Form:
    """A point as the closed interval of itself; null stays null."""
    if isinstance(form.type, IntervalOf):
        return form
    return Form("elm.PointInterval", IntervalOf(form.type), (form,), None, form.at)
