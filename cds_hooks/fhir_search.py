"""Search over the loaded artefacts: parameters, their meaning, and what is asked about the answer.

Source: FHIR R4 §3.1.1 (search) and the search parameters of the canonical resources.

| type | values | modifiers |
| --- | --- | --- |
| token | code, or ``system|code`` | ``:not`` |
| uri | the whole address; ``url`` also as ``url|version`` | ``:above``, ``:below`` |
| string | start of the text, case and accents ignored | ``:exact``, ``:contains`` |
| any of them | ``true`` or ``false`` | ``:missing`` |

Commas separate alternatives, repeated parameters must all hold, and a backslash takes a comma, a bar or a
dollar sign literally.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_hooks.responses import Problem, RefusedError

Matches = Callable[[Any, str], bool]
"""Whether one value of an element is what one alternative of a parameter asks for."""

DEFAULT_COUNT = 50
MOST_COUNT = 200
SUMMARIES = ("true", "false", "text", "data", "count")
UNESCAPED_COMMA = re.compile(r"(?<!\\),")
ESCAPED = re.compile(r"\\([,|$\\])")
ABOUT_THE_ANSWER = ("_count", "_elements", "_offset", "_summary", "_total")


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()


def _coding(value: Any, wanted: str) -> bool:
    """Whatever holds a code, against ``code``, ``system|code``, ``system|`` or ``|code``."""
    system, bar, code = wanted.rpartition("|")
    for each in value.get("coding", [value]) if isinstance(value, dict) else [{"code": value}]:
        found = each.get("code", each.get("value"))
        same_system = not bar or (each.get("system") or "") == system
        if same_system and (found == code or (bar and system and not code)):
            return True
    return False


KINDS: dict[tuple[str, str], Matches] = {
    ("token", ""): _coding,
    ("token", "not"): _coding,
    ("uri", ""): lambda value, wanted: value == wanted,
    ("uri", "below"): lambda value, wanted: value == wanted or value.startswith(wanted.rstrip("/") + "/"),
    ("uri", "above"): lambda value, wanted: value == wanted or wanted.startswith(value.rstrip("/") + "/"),
    ("string", ""): lambda value, wanted: _folded(value).startswith(_folded(wanted)),
    ("string", "contains"): lambda value, wanted: _folded(wanted) in _folded(value),
    ("string", "exact"): lambda value, wanted: value == wanted,
}
PARAMETERS = {
    "_id": ("token", "id"),
    "url": ("uri", "url"),
    "version": ("token", "version"),
    "name": ("string", "name"),
    "title": ("string", "title"),
    "status": ("token", "status"),
    "identifier": ("token", "identifier"),
    "publisher": ("string", "publisher"),
    "description": ("string", "description"),
    "type": ("token", "type"),
}
"""Search parameter -> its type and its element."""
BY_TYPE = {"type": ("PlanDefinition", "Library")}
"""Parameters that only some types have."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter of a search: alternatives, one of which must hold.

    Attributes:
        name: as sent, with its modifier.
        element: the element that is looked at.
        modifier: "" for none.
        matches: how one value is compared.
        alternatives: unescaped, in the order sent.
        values: alternatives as sent, for the link to this search.
    """

    name: str
    element: str
    modifier: str
    matches: Matches
    alternatives: tuple[str, ...]
    values: str

    def holds(self, resource: dict[str, Any]) -> bool:
        """Whether a resource fulfils the criterion."""
        found = resource.get(self.element)
        if self.modifier == "missing":
            return (found is None) is (self.alternatives[0] == "true")
        values = found if isinstance(found, list) else [] if found is None else [found]
        for wanted in self.alternatives:
            if self.element == "url" and self.modifier == "" and "|" in wanted:
                address, _, version = wanted.rpartition("|")
                if found == address and resource.get("version") == version:
                    return True
            elif any(self.matches(value, wanted) for value in values):
                return self.modifier != "not"
        return self.modifier == "not"


@dataclass(frozen=True, slots=True)
class Search:
    """One search request, read.

    Attributes:
        criteria: all must hold.
        count: entries of a page.
        offset: entries before the page.
        summary: see ``fhir_summary.part_of``; ``count`` wants the total only.
        elements: names of ``_elements``.
        ignored: parameters that nobody here knows.
    """

    criteria: tuple[Criterion, ...] = ()
    count: int = DEFAULT_COUNT
    offset: int = 0
    summary: str = "false"
    elements: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] = field(default=(), compare=False)


def parameters_of(resource_type: str) -> list[str]:
    """Names of the search parameters of a type, in order."""
    return [name for name in PARAMETERS if resource_type in BY_TYPE.get(name, (resource_type,))]


def read_search(resource_type: str, pairs: Iterable[tuple[str, str]], *, strict: bool) -> Search:
    """Read the parameters of a search.

    Args:
        resource_type: the type that is searched.
        pairs: name and value as sent, decoded; ``_format`` and ``_pretty`` left out.
        strict: refuse what is unknown (``Prefer: handling=strict``); otherwise it is ignored, and
            the answer says so.

    Raises:
        RefusedError: 400 with one issue per parameter that cannot be carried out.
    """
    known = parameters_of(resource_type)
    criteria: list[Criterion] = []
    problems: list[Problem] = []
    about: dict[str, Any] = {}
    ignored: list[str] = []
    shown: list[tuple[str, str]] = []
    for name, value in pairs:
        plain, _, modifier = name.partition(":")
        if name in ABOUT_THE_ANSWER:
            problems += _read_about(name, value, about)
            if name not in ("_offset", "_count"):
                shown.append((name, value))
        elif plain not in known:
            ignored.append(plain)
        elif value:
            found = _criterion(name, plain, modifier, value)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                criteria.append(found)
                shown.append((name, value))
    if strict:
        problems += [_unknown(name, resource_type) for name in ignored]
    if problems:
        raise RefusedError(400, problems)
    return Search(tuple(criteria), **about, ignored=tuple(ignored), shown=tuple(shown))


def _criterion(name: str, plain: str, modifier: str, value: str) -> Criterion | Problem:
    kind, element = PARAMETERS[plain]
    matches = KINDS.get((kind, modifier))
    if modifier == "missing":
        if value not in ("true", "false"):
            return Problem("value", f"{plain}:missing takes true or false", plain)
        matches = KINDS[kind, ""]
    if matches is None:
        return Problem("not-supported", f"{plain} takes no such modifier", plain)
    alternatives = tuple(ESCAPED.sub(r"\1", each) for each in UNESCAPED_COMMA.split(value))
    return Criterion(name, element, modifier, matches, alternatives, value)


def _read_about(name: str, value: str, about: dict[str, Any]) -> Sequence[Problem]:
    """Take in a parameter about the answer; gives what is wrong with it."""
    if name in ("_count", "_offset"):
        if not (value.isascii() and value.isdigit()) or len(value) > 9:
            return [Problem("value", f"{name} takes a whole number", name)]
        number = int(value)
        about[name[1:]] = min(number, MOST_COUNT) if name == "_count" else number
    elif name == "_summary":
        if value not in SUMMARIES:
            return [Problem("value", f"_summary takes {', '.join(SUMMARIES)}", name)]
        about["summary"] = value
    elif name == "_elements":
        about["elements"] = frozenset(each.strip() for each in value.split(",") if each.strip())
    elif value not in ("accurate", "estimate", "none"):
        return [Problem("value", "_total takes accurate, estimate or none", name)]
    return []


def _unknown(name: str, resource_type: str) -> Problem:
    known = ", ".join(parameters_of(resource_type))
    return Problem("not-supported", f"{resource_type} is searched by {known}; leave out the others")
