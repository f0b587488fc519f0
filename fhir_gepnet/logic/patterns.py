"""Regular expressions of formulas: both languages run them on RE2, and nowhere else.

Python's own engine backtracks: one pattern and one text can stop a process for hours. RE2's time is
linear in the text; it has no look-around and no references back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from fhir_gepnet.logic.budget import Account

Pieces = Sequence[str | int]
"""A substitution, cut up: texts, and numbers of groups."""


def _options(dot_is_any: bool) -> Any:
    options = re2.Options()
    options.log_errors = False  # RE2 would write the pattern to stderr, and it may hold a patient's data
    options.dot_nl = dot_is_any
    return options


_OPTIONS = {dot_is_any: _options(dot_is_any) for dot_is_any in (False, True)}


@lru_cache(maxsize=1024)
def compiled(text: str, dot_is_any: bool = False) -> Any:
    """A compiled pattern, with the methods of Python's.

    Args:
        dot_is_any: whether ``.`` stands for a line feed too.

    Raises:
        ValueError: no regular expression of RE2; the message does not repeat it.
    """
    try:
        return re2.compile(text, _OPTIONS[dot_is_any])
    except (re2.error, UnicodeError):
        raise ValueError("a pattern is no regular expression of RE2") from None


def pieces_of(substitution: str, group: re.Pattern[str], pattern: Any) -> list[str | int]:
    """A substitution cut at what stands for a group.

    Args:
        group: finds a group in the substitution: its first group is the number or name.

    Raises:
        ValueError: it names a group that the pattern has not.
    """
    pieces: list[str | int] = []
    end = 0
    for found in group.finditer(substitution):
        pieces.append(substitution[end : found.start()])
        name = found[1]
        number = int(name) if name.isdecimal() and len(name) < 4 else pattern.groupindex.get(name, -1)
        if not 0 <= number <= pattern.groups:
            raise ValueError("the substitution names a group that the pattern has not")
        pieces.append(number)
        end = found.end()
    return [*pieces, substitution[end:]]


def replaced(pattern: Any, text: str, pieces: Pieces, account: Account | None) -> str:
    """The text with every match replaced.

    Raises:
        BudgetExceededError: the result would be longer than a text may be.
    """
    parts: list[str] = []
    end = length = 0
    for found in pattern.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        new = [piece if isinstance(piece, str) else found[piece] or "" for piece in pieces]
        parts += new
        length += sum(map(len, new))
        if account is not None:
            account.spend(4 + len(pieces))
            account.fit_text(length)
    parts.append(text[end:])
    result = "".join(parts)
    if account is not None:
        account.hold_text(len(result))
    return result
