"""Back end of FHIRPath 2.0 chapter 5.6 "String manipulation"."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import ExpressionError, Where
from fhir_gepnet.logic.closures.fhirpath_computes import computes
from fhir_gepnet.logic.closures.fhirpath_items import unfit
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

MAXIMUM_MATCHED = 20_000
"""Characters that a regular expression is run on: matching can take more than linear time."""

computes("fhirpath.upper")(str.upper)
computes("fhirpath.lower")(str.lower)
computes("fhirpath.trim")(str.strip)
computes("fhirpath.length")(len)
computes("fhirpath.indexOf")(str.find)
computes("fhirpath.lastIndexOf")(str.rfind)
computes("fhirpath.startsWith")(str.startswith)
computes("fhirpath.endsWith")(str.endswith)
computes("fhirpath.toChars")(list)


@computes("fhirpath.contains")
def contains(text: str, part: str) -> bool:
    """``contains(part)``"""
    return part in text


@computes("fhirpath.substring")
def substring(text: str, start: int, length: int | None = None) -> str | None:
    """``substring(start [, length])``: empty when it begins outside the text."""
    if not 0 <= start < len(text):
        return None
    return text[start:] if length is None else text[start : start + max(length, 0)]


@computes("fhirpath.replace")
def replace(text: str, pattern: str, substitution: str) -> str:
    """``replace(pattern, substitution)``: an empty pattern puts it around every character."""
    return text.replace(pattern, substitution)


@computes("fhirpath.split")
def split(text: str, separator: str) -> list[str]:
    """``split(separator)``: an empty separator gives the characters."""
    return text.split(separator) if separator else list(text)


@closes("fhirpath.join")
def join(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``join([separator])``: empty for no strings."""
    source, *separator = operands

    def joined(frame: Frame) -> str | None:
        texts = source(frame)
        between = separator[0](frame) if separator else ""
        return None if not texts or between is None else between.join(texts)

    return joined


_ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "urlbase64": base64.urlsafe_b64encode,
    "hex": binascii.hexlify,
}
_DECODE: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "urlbase64": lambda text: base64.b64decode(text, altchars=b"-_", validate=True),
    "hex": bytes.fromhex,
}
_JSON_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}
_JSON_CHARACTERS = {escape: character for character, escape in _JSON_ESCAPES.items()} | {"\\/": "/"}
_json_special = re.compile('["\\\\\x00-\x1f]')
_json_escape = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


@computes("fhirpath.encode")
def encode(text: str, how: str) -> str | None:
    """``encode('base64' | 'urlbase64' | 'hex')``; empty for another format."""
    run = _ENCODE.get(how)
    return None if run is None else run(text.encode()).decode()


@computes("fhirpath.decode")
def decode(text: str, how: str) -> str | None:
    """``decode(…)``: empty for another format and for text that is not in it."""
    run = _DECODE.get(how)
    if run is None:
        return None
    try:
        return run(text).decode()
    except ValueError:
        return None


def _escape_json(text: str) -> str:
    return _json_special.sub(lambda found: _JSON_ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def _unescape_json(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        escape = found[0]
        return (
            chr(int(escape[2:], 16))
            if escape[1] == "u" and len(escape) == 6
            else _JSON_CHARACTERS.get(escape, escape)
        )

    return _json_escape.sub(character, text)


_ESCAPE: dict[str, Callable[[str], str]] = {"html": html.escape, "json": _escape_json}
_UNESCAPE: dict[str, Callable[[str], str]] = {"html": html.unescape, "json": _unescape_json}


@computes("fhirpath.escape")
def escape(text: str, how: str) -> str | None:
    """``escape('html' | 'json')``"""
    run = _ESCAPE.get(how)
    return None if run is None else run(text)


@computes("fhirpath.unescape")
def unescape(text: str, how: str) -> str | None:
    """``unescape('html' | 'json')``"""
    run = _UNESCAPE.get(how)
    return None if run is None else run(text)


@lru_cache(maxsize=1024)
def pattern_of(text: str) -> re.Pattern[str] | str:
    """A compiled pattern, or why it is refused."""
    if _repeats_repetition(text):
        return "a repetition inside a repetition may take for ever"
    try:
        return re.compile(text, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        return f"this is no regular expression: {error}"


_group_part = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\(|\)|[*+]|\{\d*,?\d*\}|.", re.DOTALL)


def _repeats_repetition(text: str) -> bool:
    """Whether an unbounded repetition stands inside a group that is itself repeated: ``(a+)+``."""
    inside = [False]
    closed: bool | None = None
    for match in _group_part.finditer(text):
        part = match[0]
        unbounded = part in ("*", "+") or (part[0] == "{" and part.endswith(",}"))
        if unbounded:
            if closed:
                return True
            inside[-1] = True
        closed = None
        if part == "(":
            inside.append(False)
        elif part == ")" and len(inside) > 1:
            closed = inside.pop()
            inside[-1] = inside[-1] or closed
    return False


def _refused(at: Where, why: str) -> ExpressionError:
    return unfit(at, why, "write a simpler pattern")


def _with_pattern(run: Callable[..., Any]) -> Build:
    """The pattern is the second operand; a literal one is compiled when the expression is."""

    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        source, pattern, *others = operands
        at = form.at
        written = form.operands[1]
        if written.operator == "fhirpath.literal" and written.detail is not None:
            known = pattern_of(written.detail)
            if isinstance(known, str):
                raise _refused(at, known)

        def match(frame: Frame) -> Any:
            values = [operand(frame) for operand in (source, pattern, *others)]
            if any(value is None for value in values):
                return None
            text, wanted, *rest = values
            compiled = pattern_of(wanted)
            if isinstance(compiled, str):
                raise _refused(at, compiled)
            if len(text) > MAXIMUM_MATCHED:
                raise unfit(at, f"the text is longer than {MAXIMUM_MATCHED} characters", "match a part of it")
            try:
                return run(compiled, text, *rest)
            except (re.error, IndexError):
                problem = "the substitution names a group that the pattern does not have"
                raise unfit(at, problem, "mend the number or name after $") from None

        return match

    return build


def _replace_matches(pattern: re.Pattern[str], text: str, substitution: str) -> str:
    """``$1`` and ``${name}`` stand for groups; an empty pattern changes nothing."""
    if not pattern.pattern:
        return text
    return pattern.sub(
        re.sub(r"\\?\$(\d+|\{\w+\})", _group_reference, substitution.replace("\\", r"\\")), text
    )


def _group_reference(found: re.Match[str]) -> str:
    return rf"\g<{found[1].strip('{}')}>"


closes("fhirpath.matches")(_with_pattern(lambda pattern, text: pattern.search(text) is not None))
closes("fhirpath.matchesFull")(_with_pattern(lambda pattern, text: pattern.fullmatch(text) is not None))
closes("fhirpath.replaceMatches")(_with_pattern(_replace_matches))
