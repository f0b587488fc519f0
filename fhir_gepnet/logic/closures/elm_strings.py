"""Closures of the String chapter. Positions are zero-based; outside is null."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.budget import account_of, held, held_text
from fhir_gepnet.logic.closures.elm_arithmetic import binary, unary
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.patterns import Pieces, compiled, pieces_of, replaced
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Concatenate")
def concatenate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """All parts joined; null when one is null."""
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        texts = [part(frame) for part in parts]
        return None if None in texts else held_text(frame, "".join(texts))

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
        account = account_of(frame)
        if account is not None:
            account.hold_text(sum(map(len, given)) + len(between) * len(given))
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
        return None if value is None else held(frame, split_at(value, separator(frame)))

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
    (text,) = operands

    def run(frame: Frame) -> Any:
        value = text(frame)
        return None if value is None else list(held(frame, value))

    return run


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
            return None if text is None else compiled(text)

        return per_patient
    try:
        pattern = compiled(written.detail)
    except ValueError:
        problem = "the pattern is no regular expression of RE2"
        raise TypeMismatchError(form.at, problem, "mend it; RE2 has no look-around") from None
    return lambda frame: pattern


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
        given, searched, by = text(frame), pattern(frame), substitution(frame)
        if given is None or searched is None or by is None:
            return None
        return replaced(searched, given, _pieces(by, searched), account_of(frame))

    return run


def _pieces(substitution: str, pattern: Any) -> Pieces:
    """``$1`` is a group; ``\\`` before a character is that character: ``\\$`` a dollar sign."""
    pieces: list[str | int] = []
    for part in _ESCAPED.split(substitution):
        if len(part) == 2 and part[0] == "\\":
            pieces.append(part[1:])
        else:
            pieces += pieces_of(part, _GROUP, pattern)
    return pieces


_ESCAPED = re.compile(r"(\\.)", re.DOTALL)
_GROUP = re.compile(r"\$([0-9]{1,2})")


@closes("elm.SplitOnMatches")
def split_on_matches(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A text cut at every match of a pattern."""
    return binary(operands[0], _patterns(form, operands), lambda text, pattern: pattern.split(text))
