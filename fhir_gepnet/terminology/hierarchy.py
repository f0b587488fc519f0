"""Codes of a CodeSystem that is at hand whole: all of them, or those that a filter selects.

Source: FHIR R4 CodeSystem (§4.8: content, hierarchyMeaning, the filters that every system has) and
ValueSet.compose.include.filter. Only what the nesting of concepts decides is done here: ``is-a`` and
its kin, and lists of codes. Everything else needs a terminology server and is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnresolvedReferenceError, Where

Json = Mapping[str, Any]

_REMEDY = "add a complete expansion to the value set, or list the concepts"
_OTHER_PARENTS = frozenset({"parent", "child", "subsumedBy"})
"""Properties by which a system names further parents, beside the nesting."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A code system whose content is complete.

    Attributes:
        canonical: ``url|version``.
        children: code -> codes nested directly in it.
        nested_is_a: whether nesting means "is a", and nothing else says it.
    """

    canonical: str
    children: Mapping[str, tuple[str, ...]]
    nested_is_a: bool

    def codes(self) -> frozenset[str]:
        """All codes."""
        return frozenset(self.children)

    def below(self, code: str) -> frozenset[str]:
        """All codes nested in a code, at any depth, without itself."""
        found: set[str] = set()
        waiting = list(self.children[code])
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting.extend(self.children[each])
        return frozenset(found)


def hierarchy_of(code_system: Json, canonical: str) -> Hierarchy:
    """The concepts of a complete CodeSystem.

    Raises:
        ArtifactError: a concept without a code.
    """
    at = Where(canonical, "concept")
    children: dict[str, tuple[str, ...]] = {}
    other_parents = False
    waiting = list(code_system.get("concept", ()))
    while waiting:
        concept = waiting.pop()
        inner = concept.get("concept", ())
        waiting.extend(inner)
        code = code_of(concept, at)
        children[code] = children.get(code, ()) + tuple(code_of(each, at) for each in inner)
        other_parents |= any(each.get("code") in _OTHER_PARENTS for each in concept.get("property", ()))
    return Hierarchy(canonical, children, code_system.get("hierarchyMeaning") == "is-a" and not other_parents)


def code_of(concept: Json, at: Where) -> str:
    """The code of a concept.

    Raises:
        ArtifactError: it has none.
    """
    code = concept.get("code")
    if not isinstance(code, str) or not code:
        raise ArtifactError(
            at, f"{at.artifact} lists a concept without a code", "give it its code, or remove it"
        )
    return code


Select = Callable[[Hierarchy, str], frozenset[str]]


def _listed(system: Hierarchy, value: str) -> frozenset[str]:
    return frozenset(code.strip() for code in value.split(",")) & system.codes()


_FILTERS: dict[str, Select] = {
    "is-a": lambda system, code: system.below(code) | {code},
    "descendent-of": lambda system, code: system.below(code),
    "is-not-a": lambda system, code: system.codes() - system.below(code) - {code},
    "=": _listed,
    "in": _listed,
    "not-in": lambda system, value: system.codes() - _listed(system, value),
}
_BY_NESTING = frozenset({"is-a", "descendent-of", "is-not-a"})


def filtered(system: Hierarchy, filters: Sequence[Json], at: Where) -> frozenset[str]:
    """Codes that every one of the filters selects.

    Raises:
        UnresolvedReferenceError: a filter that the nesting of concepts does not decide.
    """
    return frozenset.intersection(*(_selected(system, each, at) for each in filters))


def _selected(system: Hierarchy, one: Json, at: Where) -> frozenset[str]:
    name, operator, value = one.get("property"), one.get("op"), one.get("value")
    told = f"{name} {operator} {value}"
    select = _FILTERS.get(operator) if isinstance(operator, str) else None
    if select is None or name not in ("concept", "code") or not isinstance(value, str):
        problem = (
            f"value set {at.artifact} selects codes by the filter {told}, which needs a terminology server"
        )
        raise UnresolvedReferenceError(at, problem, _REMEDY)
    if operator in _BY_NESTING and not system.nested_is_a:
        problem = (
            f"the filter {told} needs a hierarchy, and code system {system.canonical} does not nest by is-a"
        )
        raise UnresolvedReferenceError(at, problem, _REMEDY)
    if operator in _BY_NESTING and value not in system.children:
        problem = f"the filter {told} names a code that code system {system.canonical} does not have"
        raise UnresolvedReferenceError(at, problem, "mend the code")
    return select(system, value)


def needs_server(filters: Iterable[Json], at: Where, system: str) -> UnresolvedReferenceError:
    """The error of filters on a code system that is not at hand whole."""
    told = "; ".join(f"{each.get('property')} {each.get('op')} {each.get('value')}" for each in filters)
    problem = (
        f"value set {at.artifact} selects codes by the filter {told} on {system}, which is not at hand whole"
    )
    return UnresolvedReferenceError(at, problem, _REMEDY)
