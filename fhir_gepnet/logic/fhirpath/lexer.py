"""Text of a FHIRPath expression -> tokens (FHIRPath 2.0, chapter 12 "Lexical elements")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from fhir_gepnet.errors import ParseError
from fhir_gepnet.logic.fhirpath.address import Source


class Kind(Enum):
    """What a token is; the value is how a message calls it."""

    IDENTIFIER = "a name"
    DELIMITED = "a name in backticks"
    STRING = "a string"
    INTEGER = "an integer"
    DECIMAL = "a decimal"
    DATE = "a date"
    DATE_TIME = "a date and time"
    TIME = "a time"
    VARIABLE = "a variable"
    SPECIAL = "$this, $index or $total"
    SYMBOL = "an operator"
    END = "the end of the expression"


class Token(NamedTuple):
    """``text`` is as written, but for strings and names in backticks: these are unescaped."""

    kind: Kind
    text: str
    offset: int


MAXIMUM_LENGTH = 100_000

_PATTERN = re.compile(
    r"""
      (?P<space>     [ \t\r\n]+ | //[^\r\n]* | /\*.*?\*/ )
    | (?P<time>      @T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)? )
    | (?P<date_time> @\d{4}(?:-\d\d(?:-\d\d)?)?T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)? )
    | (?P<date>      @\d{4}(?:-\d\d(?:-\d\d)?)? )
    | (?P<decimal>   \d+\.\d+ )
    | (?P<integer>   \d+ )
    | (?P<string>    '(?:[^'\\]|\\.)*' )
    | (?P<delimited> `(?:[^`\\]|\\.)*` )
    | (?P<variable>  %(?:[A-Za-z_][A-Za-z0-9_]*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`) )
    | (?P<special>   \$[A-Za-z]+ )
    | (?P<identifier>[A-Za-z_][A-Za-z0-9_]* )
    | (?P<symbol>    <= | >= | != | !~ | [-+*/&|<>=~.,()\[\]{}] )
    """,
    # ASCII: \d is 0-9 only, as in the grammar.
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_UNTERMINATED = {
    "'": ("the string is not closed", "close it with '"),
    "`": ("the name is not closed", "close it with `"),
    "/": ("the comment is not closed", "close it with */"),
    "@": ("this is no date or time", "write @2026-11-23, @2026-11-23T12:00:00Z or @T12:00"),
    "%": ("a variable without a name", "write %name or %`name`"),
    "!": ("'!' is no operator", "write != or !~, or the function not()"),
}


def tokens_of(source: Source) -> list[Token]:
    """All tokens with ``END`` last; white space and comments are left out.

    Raises:
        ParseError: a character that cannot stand there, a string or comment without its end.
    """
    if len(source.text) > MAXIMUM_LENGTH:
        raise ParseError(source.where, "the expression is too long", f"at most {MAXIMUM_LENGTH} characters")
    return list(_tokens(source))


def _tokens(source: Source) -> Iterator[Token]:
    text, offset = source.text, 0
    while offset < len(text):
        match = _PATTERN.match(text, offset)
        if match is None or (text.startswith("/*", offset) and match.lastgroup != "space"):
            problem, remedy = _UNTERMINATED.get(
                text[offset], ("this character cannot stand here", "remove it or quote it")
            )
            raise ParseError(source.at(offset), problem, remedy)
        name = match.lastgroup or ""
        if name != "space":
            written = match.group()
            yield Token(Kind[name.upper()], _READ.get(name, _as_written)(source, written, offset), offset)
        offset = match.end()
    yield Token(Kind.END, "", len(text))


def _as_written(source: Source, written: str, offset: int) -> str:
    return written


def _quoted(source: Source, written: str, offset: int) -> str:
    """The text between the quotes, unescaped."""

    def unescape(match: re.Match[str]) -> str:
        escape = match.group(1)
        if len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape in _ESCAPED:
            return _ESCAPED[escape]
        raise ParseError(
            source.at(offset + 1 + match.start()),
            f"\\{escape} is no escape sequence",
            r"use \' \" \` \\ \/ \f \n \r \t or \u with four hexadecimal digits",
        )

    return _ESCAPE.sub(unescape, written[1:-1])


def _variable(source: Source, written: str, offset: int) -> str:
    return _quoted(source, written[1:], offset + 1) if written[1] in "'`" else written[1:]


_READ = {"string": _quoted, "delimited": _quoted, "variable": _variable}
