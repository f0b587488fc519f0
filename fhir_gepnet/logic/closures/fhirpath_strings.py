"""Back end of FHIRPath 2.0 chapter 5.6 "String manipulation"."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import Where
from fhir_gepnet.logic.budget import account_of
from fhir_gepnet.logic.closures.fhirpath_computes import computes
from fhir_gepnet.logic.closures.fhirpath_items import unfit
from fhir_gepnet.logic.closures.registry import Build, closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.patterns import compiled, pieces_of, replaced
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

computes("fhirpath.upper")(str.upper)
computes("fhirpath.lower")(str.lower)
computes("fhirpath.trim")(str.strip)
computes("fhirpath.length")(len)
computes("fhirpath.indexOf")(str.find)
computes("fhirpath.lastIndexOf")(str.rfind)
computes("fhirpath.startsWith")(str.startswith)
computes("fhirpath.endsWith")(str.endswith)
computes("fhirpath.toChars", grows=True)(list)


@computes("fhirpath.contains")
def contains(text: str, part: str) -> bool:
    """``contains(part)``"""
    return part in text


@closes("fhirpath.substring")
def substring(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``substring(start [, length])``: empty when it begins outside; an empty length is none (§5.6.2)."""
    text_of, start_of, *length_of = operands

    def cut(frame: Frame) -> str | None:
        text, start = text_of(frame), start_of(frame)
        length = length_of[0](frame) if length_of else None
        if text is None or start is None or not 0 <= start < len(text):
            return None
        found: str = text[start:] if length is None else text[start : start + max(length, 0)]
        return found

    return cut


@closes("fhirpath.replace")
def replace(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``replace(pattern, substitution)``: an empty pattern puts it around every character."""

    def changed(frame: Frame) -> str | None:
        values = [operand(frame) for operand in operands]
        if None in values:
            return None
        text, pattern, substitution = values
        account = account_of(frame)
        if account is not None:
            account.hold_text(len(text) + text.count(pattern) * max(0, len(substitution) - len(pattern)))
        return text.replace(pattern, substitution)  # type: ignore[no-any-return]

    return changed


@computes("fhirpath.split", grows=True)
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
        if not texts or between is None:
            return None
        account = account_of(frame)
        if account is not None:
            account.hold_text(sum(map(len, texts)) + len(between) * len(texts))
        return between.join(texts)

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


@computes("fhirpath.encode", grows=True)
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


@computes("fhirpath.escape", grows=True)
def escape(text: str, how: str) -> str | None:
    """``escape('html' | 'json')``"""
    run = _ESCAPE.get(how)
    return None if run is None else run(text)


@computes("fhirpath.unescape")
def unescape(text: str, how: str) -> str | None:
    """``unescape('html' | 'json')``"""
    run = _UNESCAPE.get(how)
    return None if run is None else run(text)


def pattern_of(text: str, at: Where) -> Any:
    """A compiled pattern.

    Raises:
        EvaluationError: no regular expression of RE2.
    """
    try:
        return compiled(text, dot_is_any=True)
    except ValueError:
        raise unfit(at, "this is no regular expression of RE2", "mend it; RE2 has no look-around") from None


def _with_pattern(run: Callable[..., Any]) -> Build:
    """The pattern is the second operand; a literal one is compiled when the expression is."""

    def build(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
        source, pattern, *others = operands
        at = form.at
        written = form.operands[1]
        if written.operator == "fhirpath.literal" and written.detail is not None:
            pattern_of(written.detail, at)

        def match(frame: Frame) -> Any:
            values = [operand(frame) for operand in (source, pattern, *others)]
            if any(value is None for value in values):
                return None
            text, wanted, *rest = values
            try:
                return run(pattern_of(wanted, at), text, *rest, frame)
            except ValueError:
                problem = "the substitution names a group that the pattern does not have"
                raise unfit(at, problem, "mend the number or name after $") from None

        return match

    return build


_group = re.compile(r"\\?\$\{?((?<!\{)\d+|(?<=\{)\w+(?=\}))\}?")


def _replace_matches(pattern: Any, text: str, substitution: str, frame: Frame) -> str:
    """``$1`` and ``${name}`` stand for groups; an empty pattern changes nothing."""
    if not pattern.pattern:
        return text
    return replaced(pattern, text, pieces_of(substitution, _group, pattern), account_of(frame))


closes("fhirpath.matches")(_with_pattern(lambda pattern, text, frame: bool(pattern.search(text))))
closes("fhirpath.matchesFull")(_with_pattern(lambda pattern, text, frame: bool(pattern.fullmatch(text))))
closes("fhirpath.replaceMatches")(_with_pattern(_replace_matches))
