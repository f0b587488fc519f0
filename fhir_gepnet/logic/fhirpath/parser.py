"""Tokens -> syntax tree: a Pratt parser (FHIRPath 2.0, chapter 6.8 "Operator precedence").

The whole text has to be one expression; nothing is skipped, guessed or repaired.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from fhir_gepnet.errors import ParseError, Where
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.lexer import Kind, Token, tokens_of
from fhir_gepnet.logic.fhirpath.syntax import (
    Binary,
    Empty,
    Index,
    Invocation,
    Literal,
    Member,
    Node,
    QuantityLiteral,
    Special,
    TypeTest,
    Unary,
    Variable,
    children_of,
)

_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<", "<=", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
_STRENGTH = {operator: level for level, operators in enumerate(_LEVELS, 1) for operator in operators}
_UNARY = len(_LEVELS) + 1
_POSTFIX = _UNARY + 1
_STRENGTH |= {".": _POSTFIX, "[": _POSTFIX}

# Keywords that the grammar also allows as names of elements and functions.
_NAMES_AMONG_KEYWORDS = {"as", "contains", "in", "is"}
_KEYWORDS = {"and", "or", "xor", "implies", "div", "mod", "true", "false"} | _NAMES_AMONG_KEYWORDS
_SPECIAL = {"$this", "$index", "$total"}

CALENDAR_UNITS = {
    plural: unit
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for plural in (unit, unit + "s")
}
"""Spelling -> calendar unit, singular."""

MAXIMUM_DEPTH = 60
"""Parentheses, arguments and prefixes inside each other; keeps recursion far from Python's limit."""
MAXIMUM_STEPS = 150
"""Depth of the whole tree: each step of a chain becomes a call inside a call."""


def parse(text: str, where: Where | None = None) -> Node:
    """The syntax tree of one expression.

    Args:
        text: FHIRPath 2.0.
        where: address of the artefact and element that hold the text, for messages.

    Raises:
        ParseError: with the line and a caret under the column.
    """
    source = Source(text, where) if where else Source(text)
    parser = _Parser(source, tokens_of(source))
    tree = parser.expression(0)
    end = parser.next()
    if end.kind is not Kind.END:
        raise parser.unexpected(end, "nothing may follow here: remove it, or join it with an operator")
    _refuse_depth(tree, source)
    return tree


def _refuse_depth(tree: Node, source: Source) -> None:
    """A tree that later recursions could not follow is refused here, without recursion."""
    level = [tree]
    for _ in range(MAXIMUM_STEPS):
        level = [child for node in level for child in children_of(node)]
        if not level:
            return
    raise ParseError(
        source.at(level[0].offset),
        f"more than {MAXIMUM_STEPS} operations in one chain",
        "split the expression",
    )


@dataclass(slots=True)
class _Parser:
    source: Source
    tokens: list[Token]
    position: int = 0
    depth: int = 0

    def peek(self) -> Token:
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.tokens[self.position]
        if token.kind is not Kind.END:
            self.position += 1
        return token

    def unexpected(self, token: Token, remedy: str) -> ParseError:
        what = repr(token.text) if token.kind is not Kind.END else token.kind.value
        return ParseError(self.source.at(token.offset), f"{what} cannot stand here", remedy)

    def takes(self, symbol: str) -> bool:
        token = self.peek()
        if token.kind is Kind.SYMBOL and token.text == symbol:
            self.position += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.takes(symbol):
            raise self.unexpected(self.peek(), f"write {symbol!r} here")

    def expression(self, least: int) -> Node:
        """An expression whose operators bind at least as strongly as ``least``."""
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise ParseError(
                self.source.at(self.peek().offset),
                f"more than {MAXIMUM_DEPTH} expressions inside each other",
                "split the expression",
            )
        tree = self.prefix()
        while True:
            token = self.peek()
            strength = _strength(token)
            if strength < least or strength == 0:
                break
            self.position += 1
            tree = _INFIX.get(token.text, _binary)(self, tree, token, strength)
        self.depth -= 1
        return tree

    def prefix(self) -> Node:
        token = self.next()
        read = _PREFIX.get(token.kind)
        if read is None:
            raise self.unexpected(token, "an expression has to stand here")
        return read(self, token)

    def arguments(self) -> tuple[Node, ...]:
        """What stands between parentheses; the opening one has been taken."""
        if self.takes(")"):
            return ()
        found = [self.expression(1)]
        while self.takes(","):
            found.append(self.expression(1))
        self.expect(")")
        return tuple(found)

    def name(self) -> Token:
        token = self.next()
        if token.kind is Kind.DELIMITED or (
            token.kind is Kind.IDENTIFIER
            and (token.text not in _KEYWORDS or token.text in _NAMES_AMONG_KEYWORDS)
        ):
            return token
        raise self.unexpected(token, "the name of an element or function has to stand here")

    def type_name(self) -> str:
        name = self.name().text
        while self.takes("."):
            name += "." + self.name().text
        return name


def _strength(token: Token) -> int:
    if token.kind is Kind.SYMBOL or token.kind is Kind.IDENTIFIER:
        return _STRENGTH.get(token.text, 0)
    return 0


def _binary(parser: _Parser, left: Node, token: Token, strength: int) -> Node:
    return Binary(token.text, left, parser.expression(strength + 1), token.offset)


def _step(parser: _Parser, left: Node, token: Token, strength: int) -> Node:
    following = parser.next()
    if following.kind is Kind.SPECIAL:
        parser.position -= 1
        raise parser.unexpected(following, "it stands alone or first, not after a dot")
    parser.position -= 1
    return _member_or_invocation(parser, left, parser.name())


def _index(parser: _Parser, left: Node, token: Token, strength: int) -> Node:
    position = parser.expression(1)
    parser.expect("]")
    return Index(left, position, token.offset)


def _type_test(parser: _Parser, left: Node, token: Token, strength: int) -> Node:
    return TypeTest(token.text, left, parser.type_name(), token.offset)


_INFIX: dict[str, Callable[[_Parser, Node, Token, int], Node]] = {
    ".": _step,
    "[": _index,
    "is": _type_test,
    "as": _type_test,
}


def _member_or_invocation(parser: _Parser, source: Node | None, name: Token) -> Node:
    if parser.takes("("):
        return Invocation(source, name.text, parser.arguments(), name.offset)
    return Member(source, name.text, name.offset)


def _name_first(parser: _Parser, token: Token) -> Node:
    if token.kind is Kind.IDENTIFIER and token.text in ("true", "false"):
        return Literal("Boolean", token.text == "true", token.offset)
    parser.position -= 1
    return _member_or_invocation(parser, None, parser.name())


def _string(parser: _Parser, token: Token) -> Node:
    return Literal("String", token.text, token.offset)


def _number(parser: _Parser, token: Token) -> Node:
    following = parser.peek()
    if following.kind is Kind.STRING:
        parser.next()
        return QuantityLiteral(Decimal(token.text), following.text, False, token.offset)
    if following.kind is Kind.IDENTIFIER and following.text in CALENDAR_UNITS:
        parser.next()
        return QuantityLiteral(Decimal(token.text), following.text, True, token.offset)
    if token.kind is Kind.DECIMAL:
        return Literal("Decimal", Decimal(token.text), token.offset)
    # The comparison of lengths keeps int() from reading a text of thousands of digits.
    if len(token.text) > 18 or int(token.text) > 2_147_483_648:
        raise ParseError(
            parser.source.at(token.offset), "the integer is larger than 2147483647", "write it as a decimal"
        )
    return Literal("Integer", int(token.text), token.offset)


def _date(parser: _Parser, token: Token) -> Node:
    return Literal("Date", token.text[1:], token.offset)


def _date_time(parser: _Parser, token: Token) -> Node:
    return Literal("DateTime", token.text[1:], token.offset)


def _time(parser: _Parser, token: Token) -> Node:
    return Literal("Time", token.text[2:], token.offset)


def _variable(parser: _Parser, token: Token) -> Node:
    return Variable(token.text, token.offset)


def _special(parser: _Parser, token: Token) -> Node:
    if token.text not in _SPECIAL:
        raise parser.unexpected(token, f"the grammar knows {', '.join(sorted(_SPECIAL))}")
    return Special(token.text[1:], token.offset)


def _symbol(parser: _Parser, token: Token) -> Node:
    if token.text == "(":
        inner = parser.expression(1)
        parser.expect(")")
        return inner
    if token.text == "{":
        parser.expect("}")
        return Empty(token.offset)
    if token.text in ("+", "-"):
        return Unary(token.text, parser.expression(_UNARY), token.offset)
    raise parser.unexpected(token, "an expression has to stand here")


_PREFIX: dict[Kind, Callable[[_Parser, Token], Node]] = {
    Kind.IDENTIFIER: _name_first,
    Kind.DELIMITED: _name_first,
    Kind.STRING: _string,
    Kind.INTEGER: _number,
    Kind.DECIMAL: _number,
    Kind.DATE: _date,
    Kind.DATE_TIME: _date_time,
    Kind.TIME: _time,
    Kind.VARIABLE: _variable,
    Kind.SPECIAL: _special,
    Kind.SYMBOL: _symbol,
}
