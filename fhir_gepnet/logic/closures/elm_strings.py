"""Closures of the String chapter. Positions are zero-based; outside is null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2  # type: ignore[import-untyped]

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.closures.elm_arithmetic import binary, unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Concatenate")
def concatenate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """All parts joined; null when one is null."""
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        texts = [part(frame) for part in parts]
        return None if None in texts else "".join(texts)

    return run


@closes("elm.Combine")
def combine(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Texts of a list joined by a separator, nulls left out; null of null and of an empty list."""
    source = operands[0]
    separator = operands[1] if len(operands) > 1 else None

    def run(frame: Frame) -> Any:
        texts = source(frame)
        between = separator(frame) if separator else ""
        if texts is None or between is None:
            return None
        given = [text for text in texts if text is not None]
        return between.join(given) if given else None

    return run


def split_at(text: str, separator: str | None) -> list[str]:
    """A text cut at every separator; in one piece without one."""
    return text.split(separator) if separator else [text]


@closes("elm.Split")
def split(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text cut at every separator; null of null."""
    text, separator = operands

    def run(frame: Frame) -> Any:
        value = text(frame)
        return None if value is None else split_at(value, separator(frame))

    return run


@closes("elm.Upper", "elm.Lower")
def letters(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Upper or lower case."""
    return unary(operands[0], str.upper if form.operator == "elm.Upper" else str.lower)


@closes("elm.StartsWith", "elm.EndsWith")
def affix(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a text starts or ends with another."""
    test: Callable[[str, str], bool] = str.startswith if form.operator == "elm.StartsWith" else str.endswith
    return binary(operands[0], operands[1], test)


@closes("elm.PositionOf", "elm.LastPositionOf")
def position(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Where a pattern stands in a text, -1 when it does not. Operands: pattern, text."""
    find = str.find if form.operator == "elm.PositionOf" else str.rfind
    return binary(operands[0], operands[1], lambda pattern, text: find(text, pattern))


@closes("elm.Length")
def length(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number of characters."""
    return unary(operands[0], len)


@closes("elm.Substring")
def substring(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Part of a text; null when the start is outside."""
    text, first = operands[0], operands[1]
    count = operands[2] if len(operands) > 2 else None

    def run(frame: Frame) -> Any:
        value, begin = text(frame), first(frame)
        size = count(frame) if count else None
        if value is None or begin is None or not 0 <= begin < max(len(value), 1):
            return None
        return value[begin:] if size is None else value[begin : begin + max(size, 0)]

    return run


@closes("elm.Indexer")
def indexer(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Element or character at a position; null outside."""
    return binary(operands[0], operands[1], lambda held, at: held[at] if 0 <= at < len(held) else None)


@closes("elm.ToChars")
def characters(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Characters of a text."""
    return unary(operands[0], list)


def _patterns(form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    """The compiled pattern of a form whose second operand is one; a constant is compiled while loading.

    The engine is RE2: its time cannot explode, whatever the pattern and the text. Python's own
    backtracks, so that one pattern and one text can stop a server for hours.

    Raises:
        TypeMismatchError: a constant that is no regular expression (or uses what RE2 has not).
    """
    written = form.operands[1]
    if written.operator != "elm.Literal" or written.detail is None:
        read = operands[1]

        def per_patient(frame: Frame) -> Any:
            text = read(frame)
            return None if text is None else _compiled(text)

        return per_patient
    try:
        pattern = _compiled(written.detail)
    except ValueError:
        problem = "the pattern is no regular expression of RE2"
        raise TypeMismatchError(form.at, problem, "mend it; RE2 has no look-around") from None
    return lambda frame: pattern


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    try:
        return re2.compile(text)
    except re2.error as error:
        raise ValueError("a pattern is no regular expression") from error


@closes("elm.Matches")
def matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether the whole text matches a pattern."""
    return binary(
        operands[0], _patterns(form, operands), lambda text, pattern: pattern.fullmatch(text) is not None
    )


@closes("elm.ReplaceMatches")
def replace_matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text with every match replaced; ``$1`` in the substitution is the first group."""
    text, substitution, pattern = operands[0], operands[2], _patterns(form, operands)

    def run(frame: Frame) -> Any:
        given, compiled, by = text(frame), pattern(frame), substitution(frame)
        if given is None or compiled is None or by is None:
            return None
        return compiled.sub(_python_groups(by), given)

    return run


def _python_groups(substitution: str) -> str:
    """CQL's ``$1`` as Python's ``\\1``; ``\\$`` is a dollar sign."""
    parts: list[str] = []
    position = 0
    while position < len(substitution):
        here, following = substitution[position], substitution[position + 1 : position + 2]
        if here == "\\" and following:
            parts.append("\\\\" if following == "\\" else following)
            position += 2
            continue
        parts.append("\\" if here == "$" and following.isdigit() else here)
        position += 1
    return "".join(parts)


@closes("elm.SplitOnMatches")
def split_on_matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text cut at every match of a pattern."""
    return binary(operands[0], _patterns(form, operands), lambda text, pattern: pattern.split(text))
