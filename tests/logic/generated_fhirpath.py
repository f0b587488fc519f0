"""FHIRPath expressions out of a grammar, whole, nearly whole, and damaged: for fuzzing.

No generator of a library: these make some hundred thousand expressions a minute. Everything comes from
the ``Random`` that is handed in, so that a number finds its expression again.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.fhirpath import functions
from fhir_gepnet.logic.fhirpath.functions import known_functions

TABLES = sorted((Path(__file__).parent / "fhirpath" / "tables").glob("*.json"))
WRITTEN: list[str] = sorted({row["expression"] for table in TABLES for row in read_json_file(table)})
"""The expressions of our own tables, valid and refused ones."""

TYPES = (
    "Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "Patient",
    "Observation", "FHIR.string", "System.Integer", "FHIR.Quantity", "code", "dateTime", "Coding",
    "Bundle", "Reference", "Any",
)  # fmt: skip
ELEMENTS = (
    "Patient", "Observation", "Bundle", "name", "given", "family", "value", "code", "coding", "system",
    "entry", "resource", "birthDate", "effective", "active", "extension", "id", "use", "status",
    "component", "contact", "referenceRange", "low", "meta", "period", "start", "display", "text", "unit",
    "`div`", "telecom", "subject", "nonsense",
)  # fmt: skip
LITERALS = (
    "true", "false", "0", "1", "2", "-1", "2147483647", "1.5", "0.1", "-3.25", "100.000000001", "''",
    "'a'", "'abc'", "'2020-01-01'", "'1'", "'1.5'", "'true'", "'[a-z]+'", "'(a|b)*c'", "@2020", "@2020-02",
    "@2020-02-29", "@2020-01-01T", "@2020-01-01T10", "@2020-01-01T10:30:15.5Z",
    "@2020-12-31T23:59:59.999+14:00", "@T10", "@T23:59:59.999", "4 days", "1 year", "3 months", "5 'mg'",
    "5.5 'mg/dL'", "1 '1'", "0 'Cel'", "36 'h'", "1 'banana'", "{}", "99999999999999999999.99999999",
    "0.00000001", "@0001-01-01", "@9999-12-31", "10 'wk'", "'\\u0041\\n'", "4 weeks",
)  # fmt: skip
VARIABLES = ("%resource", "%context", "%ucum", "%sct", "%loinc", "%`vs-x`", "%nobody", "%rootResource")
OPERATORS = (
    "+", "-", "*", "/", "div", "mod", "&", "|", "=", "!=", "~", "!~", "<", "<=", ">", ">=", "and", "or",
    "xor", "implies", "in", "contains",
)  # fmt: skip
NAMES = tuple(sorted(known_functions() | set(functions.NOT_CARRIED_OUT)))
ARITY = {name: (found.least, min(found.most, 4)) for name, found in functions._functions.items()}
OVER_ITEMS = ("where", "select", "all", "exists", "repeat", "repeatAll", "aggregate", "iif", "sort", "trace")

ON_TEXT = (
    "contains", "startsWith", "endsWith", "indexOf", "substring", "upper", "lower", "replace", "matches",
    "matchesFull", "replaceMatches", "length", "toChars", "trim", "split", "encode", "decode", "escape",
    "unescape",
)  # fmt: skip
ON_NUMBERS = (
    "abs",
    "ceiling",
    "exp",
    "floor",
    "ln",
    "log",
    "power",
    "round",
    "sqrt",
    "truncate",
    "lowBoundary",
)
HELD = {
    "text": ("''", "'a'", "'abc'", "'a,b'", "'aXbX'", "name.first().family", "id", "'[a-c]+'", "'5'"),
    "number": ("0", "1", "2", "1.5", "-0.25", "100", "2147483647", "99999999.5", "0.00000001"),
    "whole": ("0", "1", "2", "-1", "1000"),
    "truth": ("true", "false", "{}", "active", "name.exists()"),
    "moment": ("@2020", "@2020-02-29", "@2020-01-01T10:00:00Z", "@T10:30", "birthDate", "now()", "today()"),
    "amount": ("5 'mg'", "0.005 'g'", "1 'kg'", "4 days", "1 month", "2 'wk'", "3", "1 '{score}'"),
}
MAKES = {
    "text": (
        "{}.upper()",
        "{}.substring(1)",
        "{}.toString()",
        "({} + 'x')",
        "{}.replace('a', 'bb')",
        "({} & 'y')",
    ),
    "number": ("{}.abs()", "({} + 1)", "({} * 2.5)", "{}.round(2)", "({} div 3)", "{}.toDecimal()", "(-{})"),
    "whole": ("({} + 1)", "({} - 3)", "{}.abs()", "{}.toString().length()"),
    "truth": ("{}.not()", "({} and true)", "({} or {{}})", "({} implies false)", "{}.exists()"),
    "moment": ("({} + 1 month)", "({} - 30 days)", "{}.lowBoundary()", "{}.highBoundary(8)", "iif(true, {})"),
    "amount": ("({} * 2)", "({0} + {0})", "(-{})", "iif(true, {})", "{}.abs()"),
}
_ANY_KIND = ("text", "number", "truth", "moment", "amount", "items")
_TRUTH, _NUMBERS = ("truth",), ("number", "number", "amount", "moment")
KIND_OF_OPERATOR = dict.fromkeys(("and", "or", "xor", "implies"), _TRUTH) | dict.fromkeys(
    ("+", "-", "*", "/", "div", "mod"), _NUMBERS
)

Write = Callable[[Random, int], str]


def whole(random: Random, depth: int = 4) -> str:
    """An expression that the grammar allows; names and types may still be wrong."""
    if depth <= 0:
        return random.choice(_LEAVES)(random, 0)
    return random.choice(_BRANCHES)(random, depth - 1)


def nearly_whole(random: Random) -> str:
    """An expression of the grammar with one small thing wrong."""
    return _damaged(whole(random), random, 1)


def damaged(random: Random, texts: Sequence[str] = WRITTEN) -> str:
    """A written or generated expression with several things wrong."""
    text = random.choice(texts) if random.random() < 0.7 else whole(random)
    return _damaged(text, random, random.randint(1, 6))


def _literal(random: Random, depth: int) -> str:
    return random.choice(LITERALS)


def _element(random: Random, depth: int) -> str:
    return random.choice(ELEMENTS)


def _special(random: Random, depth: int) -> str:
    return random.choice(("$this", "$this", "$index", "$total"))


def _variable(random: Random, depth: int) -> str:
    return random.choice(VARIABLES)


def _binary(random: Random, depth: int) -> str:
    operator = random.choice(OPERATORS)
    kind = random.choice(KIND_OF_OPERATOR.get(operator, _ANY_KIND))
    return f"{_of(kind, random, depth)} {operator} {_of(kind, random, depth - 1)}"


def _parentheses(random: Random, depth: int) -> str:
    return f"({whole(random, depth)})"


def _several(random: Random, depth: int) -> str:
    return f"({' | '.join(whole(random, 0) for _ in range(random.randint(2, 4)))})"


def _unary(random: Random, depth: int) -> str:
    return random.choice("+-") + whole(random, depth)


def _index(random: Random, depth: int) -> str:
    return f"{whole(random, depth)}[{whole(random, depth - 2)}]"


def _type_test(random: Random, depth: int) -> str:
    return f"{whole(random, depth)} {random.choice(('is', 'as'))} {random.choice(TYPES)}"


def _path(random: Random, depth: int) -> str:
    return ".".join(random.choice(ELEMENTS) for _ in range(random.randint(2, 4)))


def _call(random: Random, depth: int) -> str:
    name = random.choice(OVER_ITEMS) if random.random() < 0.3 else random.choice(NAMES)
    least, most = ARITY.get(name, (0, 1))
    count = random.randint(least, most) if random.random() < 0.97 else random.randint(0, 3)
    if name in ("ofType", "is", "as") and random.random() < 0.95:
        arguments = [random.choice(TYPES)] * count
    else:
        kind = "text" if name in ON_TEXT else "whole" if name in ("skip", "take", "round") else "items"
        arguments = [_of(kind, random, depth - 1 if depth > 1 else 0) for _ in range(count)]
    call = f"{name}({', '.join(arguments)})"
    kind = "text" if name in ON_TEXT else "number" if name in ON_NUMBERS else "items"
    return call if random.random() < 0.1 else f"{_operand(_of(kind, random, depth))}.{call}"


def _of(kind: str, random: Random, depth: int) -> str:
    """An expression that is often of the kind; the wrong kind is part of the test."""
    if random.random() < 0.15 or kind == "items":
        return whole(random, depth)
    if depth > 0 and random.random() < 0.5:
        return random.choice(MAKES[kind]).format(_operand(_of(kind, random, depth - 1)))
    return random.choice(HELD[kind])


def _operand(text: str) -> str:
    return text if text.isidentifier() or text.endswith((")", "'")) else f"({text})"


_LEAVES: tuple[Write, ...] = (_literal, _literal, _element, _element, _special, _variable, _several)
_BRANCHES: tuple[Write, ...] = (
    _call, _call, _call, _call, _binary, _binary, _path, _parentheses, _unary, _index, _type_test,
    _several, _literal, _element,
)  # fmt: skip

_ANYTHING = (
    string.printable + "äß€\u2028\x00\U0001f600\u0660\ufeff", "(", ")", "[", "]", "{", "}", "'", "`", "\\",
    "/*", "*/", "//", "@", "%", "$", ".", ",", "!", "~", "|", "\\u00", "@T", "T", "1e9", "0x1", "..", "''",
    "9" * 40, "(" * 70, ")" * 70, "-" * 70, ".a" * 160, "and", "is", "'\\x'",
)  # fmt: skip


def _piece(random: Random) -> str:
    held = random.choice(_ANYTHING)
    return random.choice(held) if held is _ANYTHING[0] else held


def _insert(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + _piece(random) + text[at:]


def _remove(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + text[at + random.randint(1, 4) :]


def _replace(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + _piece(random) + text[at + 1 :]


def _repeat(text: str, random: Random) -> str:
    start = random.randint(0, len(text))
    end = random.randint(start, min(len(text), start + 12))
    return text[:end] + text[start:end] * random.choice((1, 1, 2, 30)) + text[end:]


def _swap(text: str, random: Random) -> str:
    words = text.split(" ")
    one, other = random.randrange(len(words)), random.randrange(len(words))
    words[one], words[other] = words[other], words[one]
    return " ".join(words)


def _splice(text: str, random: Random) -> str:
    other = random.choice(WRITTEN)
    return text[: random.randint(0, len(text))] + other[random.randint(0, len(other)) :]


def _cut(text: str, random: Random) -> str:
    return text[: random.randint(0, len(text))]


_DAMAGES = (_insert, _insert, _remove, _remove, _replace, _replace, _repeat, _swap, _splice, _cut)


def _damaged(text: str, random: Random, times: int) -> str:
    for _ in range(times):
        text = random.choice(_DAMAGES)(text, random)
    return text[:2000]
