"""Closures of the String chapter. Positions are zero-based; outside is null."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import UnsupportedFeatureError
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


def _split(text: str, separator: str | None) -> list[str]:
    return text.split(separator) if separator else [text]


@closes("elm.Split")
def split(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text cut at every separator; null of null."""
    text, separator = operands

    def run(frame: Frame) -> Any:
        value = text(frame)
        return None if value is None else _split(value, separator(frame))

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


def _linear_time_engine(form: Form) -> Any:
    """The regular expression engine whose time cannot explode.

    Python's own engine backtracks, so one pattern and one text can stop a server for hours.
    """
    try:
        return importlib.import_module("re2")
    except ImportError:
        raise UnsupportedFeatureError(
            form.at,
            f"{form.operator} needs the package google-re2, which is not installed",
            "install google-re2, or rewrite with Contains, StartsWith, PositionOf",
        ) from None


@closes("elm.Matches")
def matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether the whole text matches a pattern."""
    engine = _linear_time_engine(form)
    return binary(operands[0], operands[1], lambda text, pattern: engine.fullmatch(pattern, text) is not None)


@closes("elm.ReplaceMatches")
def replace_matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text with every match replaced; ``$1`` in the substitution is the first group."""
    engine = _linear_time_engine(form)
    text, pattern, substitution = operands

    def run(frame: Frame) -> Any:
        given = [operand(frame) for operand in (text, pattern, substitution)]
        if None in given:
            return None
        return engine.sub(given[1], _python_groups(given[2]), given[0])

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
    engine = _linear_time_engine(form)
    return binary(operands[0], operands[1], lambda text, pattern: engine.split(pattern, text))
