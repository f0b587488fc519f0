"""Emitters of FHIRPath operators that give one value, and calls of the closures of all that only compute.

What is said in ``fhirpath_walks.py`` holds here: an operand may be evaluated where the closures stop
before it, never the other way round.
"""

from __future__ import annotations

from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.fhirpath.indexing import element_and_text
from fhir_gepnet.logic.form import BOOLEAN, DECIMAL, INTEGER, STRING, Form, ListOf
from fhir_gepnet.logic.source.fhirpath_walks import WALKED, each
from fhir_gepnet.logic.source.logical import conjunction, test_conjunction
from fhir_gepnet.logic.source.registry import emits, tests
from fhir_gepnet.logic.source.writer import Writer

LITERAL = "fhirpath.literal"

COMPUTED = tuple(
    f"fhirpath.{name}"
    for name in (
        "add", "subtract", "multiply", "divide", "div", "mod", "negate", "concatenate", "sum", "avg", "min",
        "max", "abs", "ceiling", "floor", "truncate", "round", "sqrt", "exp", "ln", "log", "power",
        "toBoolean", "toInteger", "toDecimal", "toString", "toDate", "toDateTime", "toTime", "toQuantity",
        "convertsToBoolean", "convertsToInteger", "convertsToDecimal",
        "convertsToString", "convertsToDate", "convertsToDateTime", "convertsToTime", "convertsToQuantity",
        "indexOf", "lastIndexOf", "contains", "startsWith", "endsWith", "substring", "upper", "lower",
        "trim", "length", "toChars", "replace", "split", "join", "encode", "decode", "escape", "unescape",
        "matches", "matchesFull", "replaceMatches", "lowBoundary", "highBoundary", "precision",
        "comparable", "tail", "index", "skip", "take", "intersect", "exclude", "union", "combine", "in",
        "distinct", "isDistinct", "subsetOf", "supersetOf", "allTrue", "anyTrue", "allFalse", "anyFalse",
        "equivalent", "not_equivalent", "xor", "implies", "truth", "decimal", "quantity", "date_time",
        "quantity_value", "quantity_unit", "describe", "expect", "expect_all", "member", "companion",
        "tuple_element", "children", "descendants", "extension", "hasValue", "getValue", "resolve",
        "of_type_described", "of_system_type", "is", "type", "conformsTo",
    )
)  # fmt: skip
"""Operators that evaluate each operand once: written in place, the operator itself by its closure."""


@emits(*COMPUTED)
def computed(form: Form, writer: Writer) -> str:
    """A call of the operator's closure on operands that are evaluated here."""
    varying = [operand for operand in form.operands if operand.operator != LITERAL]
    if not any(operand.operands for operand in varying):
        return writer.closed(form)
    numbers = iter(range(1, len(varying) + 1))
    operands = tuple(
        operand
        if operand.operator == LITERAL
        else Form("fhirpath.slot", operand.type, (), next(numbers), operand.at)
        for operand in form.operands
    )
    alone = Form(form.operator, form.type, operands, form.detail, form.at)
    run = writer.constant(close(alone, writer.module.program))
    return f"{run}([{', '.join(['scope', *writer.operands(varying)])}])"


_COMPARISONS = {
    "fhirpath.less": "<",
    "fhirpath.less_or_equal": "<=",
    "fhirpath.greater": ">",
    "fhirpath.greater_or_equal": ">=",
}


@emits(*_COMPARISONS)
def comparison(form: Form, writer: Writer) -> str:
    """Numbers and texts by Python; everything else by the closure."""
    kinds = {operand.type for operand in form.operands}
    if kinds <= {INTEGER, DECIMAL} or kinds == {STRING}:
        return _of_two(form, _COMPARISONS[form.operator], writer)
    return computed(form, writer)


def _of_two(form: Form, sign: str, writer: Writer) -> str:
    """``left sign right``, null beside null."""
    left, right = form.operands
    if right.operator == LITERAL and right.detail is not None:
        constant = writer.constant(right.detail)
        return writer.unless_null(left, lambda value: f"({value} {sign} {constant})")
    one, other = (writer.kept(each) for each in map(writer.kept, writer.operands(form.operands)))
    return f"(None if {one} is None or {other} is None else {one} {sign} {other})"


@emits("fhirpath.equal")
def equal(form: Form, writer: Writer) -> str:
    """``=`` as a truth."""
    left, right = form.operands
    of_item = _of_item(form)
    if of_item is not None:
        number, key, text = of_item
        value = writer.local()
        item, constant = writer.names[number], writer.constant(text)
        return f"({value} == {constant} if type({value} := {item}.get({writer.word(key)})) is str else None)"
    if isinstance(left.type, ListOf) or isinstance(right.type, ListOf):
        return _of_lists(form, writer)
    if left.type == right.type and left.type in (STRING, BOOLEAN):
        return _of_two(form, "==", writer)
    return computed(form, writer)


def _of_item(form: Form) -> tuple[int, str, str] | None:
    """(slot, JSON key, text) of ``element = 'text'`` of an item in a slot."""
    for element in form.operands:
        if element.operator == "fhirpath.system" and element.operands[0].operator == "fhirpath.navigate":
            (source,) = element.operands[0].operands
            if source.operator == "fhirpath.slot":
                found = element_and_text(form, source.detail)
                if found is not None:
                    return (source.detail, *found)
    return None


def _of_lists(form: Form, writer: Writer) -> str:
    """A collection with a text: one item, and that text."""
    left, right = form.operands
    for many, constant in ((left, right), (right, left)):
        if constant.operator == LITERAL and type(constant.detail) is str:
            items = writer.kept(writer.emit(many))
            text = writer.constant(constant.detail)
            return f"((len({items}) == 1 and {items}[0] == {text}) if {items} else None)"
    return computed(form, writer)


@emits("fhirpath.not_equal")
def not_equal(form: Form, writer: Writer) -> str:
    """``!=``"""
    same = Form("fhirpath.equal", form.type, form.operands, form.detail, form.at)
    return writer.unless_null(same, lambda value: f"(not {value})")


@tests("fhirpath.equal")
def test_equal(form: Form, writer: Writer) -> str:
    """Whether ``=`` is true: what is no text equals none."""
    of_item = _of_item(form)
    if of_item is None:
        return equal(form, writer)
    number, key, text = of_item
    return f"({writer.names[number]}.get({writer.word(key)}) == {writer.constant(text)})"


@tests("fhirpath.and")
def test_and(form: Form, writer: Writer) -> str:
    """Equalities of one item break with the first of them or not at all: after an unknown one it is over."""
    slots = {_slot_of(part) for part in _parts(form)}
    if len(slots) == 1 and None not in slots:
        return f"({' and '.join(test_equal(part, writer) for part in _parts(form))})"
    if writer.never_null(form.operands[0]):
        return test_conjunction(form, writer)
    return conjunction(form, writer)


def _parts(form: Form) -> list[Form]:
    if form.operator != "fhirpath.and":
        return [form]
    return [part for operand in form.operands for part in _parts(operand)]


def _slot_of(form: Form) -> int | None:
    found = _of_item(form) if form.operator == "fhirpath.equal" else None
    return None if found is None else found[0]


def _listed(form: Form, writer: Writer) -> str:
    """The list of a collection, in a local."""
    return writer.kept(writer.emit(form))


def _is_walked(form: Form) -> bool:
    return form.operator in WALKED and isinstance(form.type, ListOf)


@emits("fhirpath.exists")
def exists(form: Form, writer: Writer) -> str:
    """``exists()``"""
    (source,) = form.operands
    if not isinstance(source.type, ListOf):
        return f"({writer.emit(source)} is not None)"
    if not _is_walked(source):
        return f"bool({writer.emit(source)})"
    found = writer.local()
    writer.line(f"{found} = False")
    each(source, writer, lambda _: writer.line(f"{found} = True"))
    return found


@emits("fhirpath.empty")
def empty(form: Form, writer: Writer) -> str:
    """``empty()``"""
    return f"(not {exists(form, writer)})"


@emits("fhirpath.count")
def count(form: Form, writer: Writer) -> str:
    """``count()``"""
    (source,) = form.operands
    if not _is_walked(source):
        return f"len({writer.emit(source)})"
    number = writer.local()
    writer.line(f"{number} = 0")
    each(source, writer, lambda _: writer.line(f"{number} += 1"))
    return number


@emits("fhirpath.first")
def first(form: Form, writer: Writer) -> str:
    """``first()``"""
    items = _listed(form.operands[0], writer)
    return f"({items}[0] if {items} else None)"


@emits("fhirpath.last")
def last(form: Form, writer: Writer) -> str:
    """``last()``"""
    (source,) = form.operands
    if not _is_walked(source):
        items = _listed(source, writer)
        return f"({items}[-1] if {items} else None)"
    item = writer.local()
    writer.line(f"{item} = None")
    each(source, writer, lambda found: writer.line(f"{item} = {found}"))
    return item


@emits("fhirpath.singleton")
def singleton(form: Form, writer: Writer) -> str:
    """At most one item; the closures tell the error of more."""
    items = _listed(form.operands[0], writer)
    writer.line(f"if len({items}) > 1: raise LookupError")
    return f"({items}[0] if {items} else None)"


@emits("fhirpath.iif")
def iif(form: Form, writer: Writer) -> str:
    """``iif(criterion, result, otherwise)``: only the one that counts is evaluated."""
    criterion, result, otherwise = form.operands
    value = writer.local()
    with writer.block(f"if {writer.test(criterion)}:"):
        writer.line(f"{value} = {writer.emit(result)}")
    with writer.block("else:"):
        writer.line(f"{value} = {writer.emit(otherwise)}")
    return value


@emits("fhirpath.never")
def never(form: Form, writer: Writer) -> str:
    """Evaluated for its errors, always empty."""
    writer.line(writer.emit(form.operands[0]))
    return "[]" if isinstance(form.type, ListOf) else "None"
