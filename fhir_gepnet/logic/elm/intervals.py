"""ELM chapter Interval Operators, and the nodes that mean intervals and lists alike.

A node of both (In, Includes, Union, ...) becomes ``elm.InInterval`` or ``elm.InList`` by the
static types of its operands, so that the back end need not ask.
"""

from __future__ import annotations

from fhir_gepnet.logic.elm.date_time import as_interval
from fhir_gepnet.logic.elm.reader import Reading, builds, fit, fit_all, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node, element_type, joined, point_type
from fhir_gepnet.logic.form import (
    ANY,
    BOOLEAN,
    Form,
    IntervalOf,
    ListOf,
    Type,
)


def precision_of(node: Node) -> str | None:
    """The precision of a node in lower case, None without one."""
    precision = node.get("precision")
    return precision.lower() if precision else None


@builds("Interval")
def interval(node: Node, reading: Reading) -> Form:
    """An interval selector.

    Operands: low, high, then the expressions of lowClosed and highClosed that are not constant.
    Detail: (lowClosed, highClosed), None where an operand says it.
    """
    declared = reading.type_of(node)
    low, high = (reading.read(node[name]) if node.get(name) else None for name in ("low", "high"))
    at = reading.at(node)
    ends = [form or Form("elm.Literal", ANY, (), None, at) for form in (low, high)]
    of = point_type(declared) if isinstance(declared, IntervalOf) else joined([form.type for form in ends])
    operands = list(fit_all(ends, of))
    closed: list[bool | None] = []
    for name in ("lowClosed", "highClosed"):
        expression = node.get(f"{name}Expression")
        if not expression:
            closed.append(node.get(name, True) is not False)
            continue
        form = reading.read(expression)
        if form.operator == "elm.Literal" and isinstance(form.detail, bool):
            closed.append(form.detail)
        else:
            closed.append(None)
            operands.append(form)
    return Form("elm.Interval", IntervalOf(of), tuple(operands), tuple(closed), at)


@builds("Start", "End", "PointFrom", "Width", "Size")
def of_interval(node: Node, reading: Reading) -> Form:
    """Ends and extent of an interval."""
    operands = operands_of(node, reading)
    inferred = point_type(operands[0].type)
    return Form(f"elm.{node['type']}", reading.type_of(node, inferred), operands, None, reading.at(node))


def common_points(left: Form, right: Form) -> tuple[Form, Form]:
    """Two intervals, or an interval and a point, over the same point type."""
    types = [left.type, right.type]
    of = joined([each.point if isinstance(each, IntervalOf) else each for each in types])
    return (
        fit(left, IntervalOf(of) if isinstance(left.type, IntervalOf) else of),
        fit(right, IntervalOf(of) if isinstance(right.type, IntervalOf) else of),
    )


def _two_intervals(node: Node, reading: Reading) -> tuple[Form, Form]:
    left, right = common_points(*operands_of(node, reading))
    return as_interval(left), as_interval(right)


@builds("Overlaps", "OverlapsBefore", "OverlapsAfter", "Meets", "MeetsBefore", "MeetsAfter", "Starts", "Ends")
def relation(node: Node, reading: Reading) -> Form:
    """Relations of two intervals. Detail: the precision or None."""
    operands = _two_intervals(node, reading)
    return Form(f"elm.{node['type']}", BOOLEAN, operands, precision_of(node), reading.at(node))


@builds("Collapse", "Expand")
def over_intervals(node: Node, reading: Reading) -> Form:
    """Collapse and Expand. Operands: intervals (or for Expand one interval), then the width per step."""
    operands = operands_of(node, reading)
    of = operands[0].type
    inferred: Type = of if isinstance(of, ListOf) else ListOf(point_type(of))
    return Form(f"elm.{node['type']}", reading.type_of(node, inferred), operands, None, reading.at(node))


def _container(form: Form) -> str:
    return "Interval" if isinstance(form.type, IntervalOf) else "List"


@builds("In", "ProperIn")
def membership(node: Node, reading: Reading) -> Form:
    """``x in container``. Operands: element, container. Detail: the precision or None."""
    element, container = operands_of(node, reading)
    return _member(node["type"], element, container, node, reading)


@builds("Contains", "ProperContains")
def containment(node: Node, reading: Reading) -> Form:
    """``container contains x``: the same forms as In and ProperIn, operands turned round."""
    container, element = operands_of(node, reading)
    return _member(node["type"].replace("Contains", "In"), element, container, node, reading)


def _member(kind: str, element: Form, container: Form, node: Node, reading: Reading) -> Form:
    at = reading.at(node)
    if isinstance(container.type, IntervalOf):
        element, container = common_points(element, container)
    else:
        of = joined([element.type, element_type(container.type)])
        element, container = fit(element, of), fit(container, ListOf(of))
    return Form(f"elm.{kind}{_container(container)}", BOOLEAN, (element, container), precision_of(node), at)


@builds("Includes", "ProperIncludes", "IncludedIn", "ProperIncludedIn")
def inclusion(node: Node, reading: Reading) -> Form:
    """Inclusion of one interval or list in another; Includes is IncludedIn turned round.

    With a point on the inner side it is membership (translators before 2.0 wrote it so).
    """
    first, second = operands_of(node, reading)
    kind = node["type"]
    inner, outer = (second, first) if kind.endswith("Includes") else (first, second)
    kind = "ProperIncludedIn" if kind.startswith("Proper") else "IncludedIn"
    if isinstance(outer.type, IntervalOf) and not isinstance(inner.type, IntervalOf) and inner.type != ANY:
        return _member("ProperIn" if kind.startswith("Proper") else "In", inner, outer, node, reading)
    if isinstance(outer.type, IntervalOf) or isinstance(inner.type, IntervalOf):
        inner, outer = common_points(inner, outer)
        operator = f"elm.{kind}Interval"
    else:
        of = joined([element_type(inner.type), element_type(outer.type)])
        inner, outer = fit(inner, ListOf(of)), fit(outer, ListOf(of))
        operator = f"elm.{kind}List"
    return Form(operator, BOOLEAN, (inner, outer), precision_of(node), reading.at(node))


@builds("Union", "Intersect", "Except")
def set_operation(node: Node, reading: Reading) -> Form:
    """Union, intersection, difference of two lists or two intervals."""
    at = reading.at(node)
    operands = operands_of(node, reading)
    if any(isinstance(form.type, IntervalOf) for form in operands):
        left, right = common_points(operands[0], operands[1])
        return Form(f"elm.{node['type']}Interval", reading.type_of(node, left.type), (left, right), None, at)
    declared = reading.type_of(node)
    of = declared if isinstance(declared, ListOf) else None
    if of is None:
        elements = [element_type(form.type) for form in operands]
        of = ListOf(joined(elements) if node["type"] == "Union" else elements[0])
    target = ListOf(joined([of.element, *(element_type(form.type) for form in operands)]))
    if node["type"] == "Union":
        of = target
    return Form(f"elm.{node['type']}List", of, fit_all(operands, target), None, at)
