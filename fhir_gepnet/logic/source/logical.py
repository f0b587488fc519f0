"""Emitters of the Logical, Nullological and Conditional chapters, and of FHIRPath's and, or and not.

What follows from truth being one of ``True``, ``False`` and ``None``: with ``a`` not false,
``a and b`` of CQL is ``b and a`` of Python. A value that may be something else (a text where
the record should hold a boolean) is first read as the closures read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.source.registry import emits, finishes, tests
from fhir_gepnet.logic.source.writer import Writer

MANY = 8
"""Parts of a chain that are written as one expression; longer chains become functions."""


def _truth(form: Form, writer: Writer, otherwise: bool) -> str:
    """The value as a truth; what is no truth counts as ``otherwise``."""
    value = writer.emit(form)
    if writer.module.knowledge.is_truth(form):
        return value
    first, again = writer.twice(value)
    if otherwise:
        return f"({again} if {first} is None or {again} is False else True)"
    return f"(None if {first} is None else {again} is True)"


@emits("elm.And", "fhirpath.and")
def conjunction(form: Form, writer: Writer) -> str:
    """And: stops at the first false."""
    return _chain(form, writer, _and)


@emits("elm.Or", "fhirpath.or")
def disjunction(form: Form, writer: Writer) -> str:
    """Or: stops at the first true."""
    return _chain(form, writer, _or)


Join = Callable[[Form, Sequence[Form], Writer], str]


def _chain(form: Form, writer: Writer, join: Join) -> str:
    if len(form.operands) > MANY:
        return writer.split_off(form)
    return join(form.operands[0], form.operands[1:], writer)


def _and(first: Form, rest: Sequence[Form], writer: Writer) -> str:
    """``first`` and all of the rest; the rest is not evaluated when ``first`` is false."""
    left = _truth(first, writer, True)
    if not rest:
        return left
    known = writer.never_null(first)
    right, lines = writer.apart(lambda: _and(rest[0], rest[1:], writer), deeper=1)
    if not lines:
        if known:
            return f"({left} and {right})"
        one, again = writer.twice(left)
        return f"({one} is not False and {right} and {again})"
    value = writer.local()
    writer.line(f"{value} = {left}")
    with writer.block(f"if {value} is not False:"):
        writer.lines += lines
        writer.line(f"{value} = {right}" if known else f"{value} = {right} and {value}")
    return value


def _or(first: Form, rest: Sequence[Form], writer: Writer) -> str:
    """``first`` or one of the rest; the rest is not evaluated when ``first`` is true."""
    left = _truth(first, writer, False)
    if not rest:
        return left
    known = writer.never_null(first)
    right, lines = writer.apart(lambda: _or(rest[0], rest[1:], writer), deeper=1)
    if not lines and known:
        return f"({left} or {right})"
    if not lines and all(map(writer.never_null, rest)):
        one, again = writer.twice(left)
        return f"({one} or {right} or {again})"
    value = writer.local()
    if not lines:
        one, again = writer.twice(left)
        return f"({one} or ({value} if ({value} := {right}) or {again} is False else None))"
    writer.line(f"{value} = {left}")
    with writer.block(f"if not {value}:"):
        writer.lines += lines
        if known:
            writer.line(f"{value} = {right}")
        else:
            other = writer.kept(right)
            writer.line(f"{value} = {other} if {other} or {value} is False else None")
    return value


@finishes("elm.And", "fhirpath.and")
def last_conjunction(form: Form, writer: Writer) -> None:
    """A chain of And at the end of a function."""
    _last_chain(form, writer, "False", True, conjunction)


@finishes("elm.Or", "fhirpath.or")
def last_disjunction(form: Form, writer: Writer) -> None:
    """A chain of Or at the end of a function."""
    _last_chain(form, writer, "True", False, disjunction)


def _last_chain(
    form: Form, writer: Writer, decides: str, otherwise: bool, short: Callable[[Form, Writer], str]
) -> None:
    if len(form.operands) <= MANY:
        writer.give(short(form, writer))
        return
    answer = writer.local()
    writer.line(f"{answer} = {otherwise}")
    for operand in form.operands:
        value = writer.kept(_truth(operand, writer, otherwise))
        with writer.block(f"if {value} is {decides}:"):
            writer.give(decides)
        if not writer.never_null(operand):
            writer.line(f"if {value} is None: {answer} = None")
    writer.give(answer)


@tests("elm.And")
def test_conjunction(form: Form, writer: Writer) -> str:
    """Whether all parts are true; after an unknown part the others are evaluated all the same."""
    if len(form.operands) > MANY or not all(map(writer.never_null, form.operands[:-1])):
        return conjunction(form, writer)
    return _conditions(form.operands, writer, "and", "if {}:")


@tests("elm.Or", "fhirpath.or")
def test_disjunction(form: Form, writer: Writer) -> str:
    """Whether a part is true."""
    if len(form.operands) > MANY:
        return disjunction(form, writer)
    return _conditions(form.operands, writer, "or", "if not {}:")


def _conditions(operands: Sequence[Form], writer: Writer, word: str, head: str) -> str:
    first = writer.test(operands[0])
    if len(operands) == 1:
        return first
    rest, lines = writer.apart(lambda: _conditions(operands[1:], writer, word, head), deeper=1)
    if not lines:
        return f"({first} {word} {rest})"
    value = writer.local()
    writer.line(f"{value} = {first}")
    with writer.block(head.format(value)):
        writer.lines += lines
        writer.line(f"{value} = {rest}")
    return value


@emits("elm.Not", "fhirpath.not")
def negation(form: Form, writer: Writer) -> str:
    """Not."""
    (operand,) = form.operands
    if writer.module.knowledge.is_truth(operand):
        return writer.unless_null(operand, lambda value: f"(not {value})")
    return writer.unless_null(operand, lambda value: f"({value} is False)")


@tests("elm.Not", "fhirpath.not")
def test_negation(form: Form, writer: Writer) -> str:
    """Whether the operand is false."""
    (operand,) = form.operands
    if writer.never_null(operand) and writer.module.knowledge.is_truth(operand):
        return f"(not {writer.test(operand)})"
    return f"({writer.emit(operand)} is False)"


@emits("elm.IsTrue")
def is_true(form: Form, writer: Writer) -> str:
    """Certainly true."""
    return f"({writer.emit(form.operands[0])} is True)"


@tests("elm.IsTrue")
def test_is_true(form: Form, writer: Writer) -> str:
    """Whether the operand is true."""
    return writer.test(form.operands[0])


@emits("elm.IsFalse")
def is_false(form: Form, writer: Writer) -> str:
    """Certainly false."""
    return f"({writer.emit(form.operands[0])} is False)"


@emits("elm.IsNull")
def is_null(form: Form, writer: Writer) -> str:
    """Test for null."""
    return f"({writer.emit(form.operands[0])} is None)"


@emits("elm.Coalesce")
def coalesce(form: Form, writer: Writer) -> str:
    """First operand that is not null."""
    if len(form.operands) > MANY:
        return writer.split_off(form)
    return _first_known(form.operands[0], form.operands[1:], writer)


def _first_known(first: Form, rest: Sequence[Form], writer: Writer) -> str:
    value = writer.emit(first)
    if not rest or writer.never_null(first):
        return value
    other, lines = writer.apart(lambda: _first_known(rest[0], rest[1:], writer), deeper=1)
    if not lines:
        one, again = writer.twice(value)
        return f"({other} if {one} is None else {again})"
    found = writer.local()
    writer.line(f"{found} = {value}")
    with writer.block(f"if {found} is None:"):
        writer.lines += lines
        writer.line(f"{found} = {other}")
    return found


@finishes("elm.Coalesce")
def last_coalesce(form: Form, writer: Writer) -> None:
    """Coalesce at the end of a function."""
    *firsts, last = form.operands
    for operand in firsts:
        value = writer.kept(writer.emit(operand))
        with writer.block(f"if {value} is not None:"):
            writer.give(value)
    writer.tail(last)


@tests("elm.Coalesce")
def test_coalesce(form: Form, writer: Writer) -> str:
    """Coalesce to false changes nothing where only true counts."""
    first, *others = form.operands
    if all(other.operator == "elm.Literal" and other.detail is False for other in others):
        return writer.test(first)
    value = coalesce(form, writer)
    return value if writer.module.knowledge.is_truth(form) else f"({value} is True)"


@emits("elm.Case")
def case(form: Form, writer: Writer) -> str:
    """Result of the first condition that is true."""
    if len(form.operands) > 2 * MANY + 1:
        return writer.split_off(form)
    return _case(form.operands, writer)


def _case(operands: Sequence[Form], writer: Writer) -> str:
    if len(operands) == 1:
        return writer.emit(operands[0])
    condition = writer.test(operands[0])
    result, result_lines = writer.apart(lambda: writer.emit(operands[1]), deeper=1)
    other, other_lines = writer.apart(lambda: _case(operands[2:], writer), deeper=1)
    if not result_lines and not other_lines:
        return f"({result} if {condition} else {other})"
    value = writer.local()
    with writer.block(f"if {condition}:"):
        writer.lines += result_lines
        writer.line(f"{value} = {result}")
    with writer.block("else:"):
        writer.lines += other_lines
        writer.line(f"{value} = {other}")
    return value


@finishes("elm.Case")
def last_case(form: Form, writer: Writer) -> None:
    """Case at the end of a function: every branch returns."""
    *pairs, otherwise = form.operands
    for condition, result in zip(pairs[::2], pairs[1::2], strict=True):
        with writer.block(f"if {writer.test(condition)}:"):
            writer.tail(result)
    writer.tail(otherwise)


@emits("elm.Bind")
def bind(form: Form, writer: Writer) -> str:
    """A value that is read several times, then what reads it."""
    value, body = form.operands
    writer.line(f"s{form.detail} = {writer.emit(value)}")
    with writer.holding(form.detail):
        return writer.emit(body)
