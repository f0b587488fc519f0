"""Value sets expanded from what was given, without any server.

Source: FHIR R4 ValueSet (§4.9: compose, expansion, rules of include and exclude). What cannot be
expanded here is an error of the artefact, never an empty set: an answer "not in" from half a value
set would be wrong without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnresolvedReferenceError, Where
from fhir_gepnet.terminology.value_set import ValueSet

Codes = frozenset[tuple[str, str]]
Json = Mapping[str, Any]

_UNUSABLE_EXPANSIONS = (
    "http://hl7.org/fhir/StructureDefinition/valueset-toocostly",
    "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
)


class Terminology:
    """ValueSets and CodeSystems by canonical; each value set is expanded once, when first asked for."""

    __slots__ = ("_code_systems", "_expanded", "_value_sets")

    def __init__(self, value_sets: Iterable[Json] = (), code_systems: Iterable[Json] = ()) -> None:
        """Take resources as parsed JSON; of two with the same url and version the first counts.

        Raises:
            ArtifactError: a resource without a url.
        """
        self._value_sets = _by_url(value_sets, "ValueSet")
        self._code_systems = _by_url(code_systems, "CodeSystem")
        self._expanded: dict[tuple[str, str], ValueSet] = {}

    def canonicals(self) -> tuple[str, ...]:
        """``url|version`` of every value set given, in order."""
        return tuple(_canonical(one) for versions in self._value_sets.values() for one in versions.values())

    def value_set(self, canonical: str, at: Where) -> ValueSet:
        """The expansion of a value set.

        Args:
            canonical: ``url`` or ``url|version``; without a version there must be only one.
            at: who asks, for the message.

        Raises:
            UnresolvedReferenceError: not given, or cannot be expanded from what was given.
        """
        return self._expansion(_resolved(self._value_sets, canonical, at, "value set"), ())

    def code_system_codes(self, canonical: str, at: Where) -> Codes:
        """All codes of a complete CodeSystem (the whole tree).

        Raises:
            UnresolvedReferenceError: not given, or its content is not complete.
        """
        resource = _resolved(self._code_systems, canonical, at, "code system")
        if resource.get("content") != "complete":
            raise UnresolvedReferenceError(
                at,
                f"code system {_canonical(resource)} is needed whole, but its content is not 'complete'",
                "list the concepts in the value set, or add an expansion to it",
            )
        return frozenset((resource["url"], code) for code in _concept_codes(resource))

    def _expansion(self, resource: Json, importing: tuple[str, ...]) -> ValueSet:
        key = (resource["url"], resource.get("version", ""))
        found = self._expanded.get(key)
        if found is None:
            codes = _codes_of_expansion(resource)
            if codes is None:
                codes = self._codes_of_compose(resource, importing)
            found = self._expanded[key] = ValueSet(*key, codes)
        return found

    def _codes_of_compose(self, resource: Json, importing: tuple[str, ...]) -> Codes:
        name = _canonical(resource)
        if name in importing:
            raise UnresolvedReferenceError(
                Where(name, "compose"),
                f"value set {name} imports itself by way of {', '.join(importing)}",
                "break the circle",
            )
        compose = resource.get("compose")
        includes = compose.get("include") if isinstance(compose, Mapping) else None
        if not isinstance(compose, Mapping) or not isinstance(includes, list) or not includes:
            raise UnresolvedReferenceError(
                Where(name),
                f"value set {name} has no usable expansion and nothing in compose.include",
                "add a complete expansion, or list the concepts in compose.include",
            )
        importing = (*importing, name)
        codes: set[tuple[str, str]] = set()
        for position, include in enumerate(includes):
            codes |= self._codes_of_part(include, Where(name, f"compose.include[{position}]"), importing)
        for position, exclude in enumerate(compose.get("exclude", ())):
            codes -= self._codes_of_part(exclude, Where(name, f"compose.exclude[{position}]"), importing)
        return frozenset(codes)

    def _codes_of_part(self, part: Json, at: Where, importing: tuple[str, ...]) -> Codes:
        """Codes of one include or exclude: in its system (or concepts) and in every value set it names."""
        system = part.get("system")
        groups: list[Codes] = []
        if part.get("filter"):
            raise UnresolvedReferenceError(
                at,
                f"value set {at.artifact} selects codes by a filter, which needs a terminology server",
                "add a complete expansion to the value set, or list the concepts",
            )
        concepts = part.get("concept")
        if concepts:
            if not system:
                raise UnresolvedReferenceError(
                    at, f"value set {at.artifact} lists concepts without a system", "name the system"
                )
            groups.append(frozenset((system, _code(concept, at)) for concept in concepts))
        elif system:
            version = part.get("version")
            groups.append(self.code_system_codes(f"{system}|{version}" if version else system, at))
        for canonical in part.get("valueSet", ()):
            imported = _resolved(self._value_sets, canonical, at, "value set")
            groups.append(self._expansion(imported, importing).codes)
        if not groups:
            raise UnresolvedReferenceError(
                at,
                f"value set {at.artifact} has a part with neither system nor value set",
                "name a system with concepts, or a value set",
            )
        return frozenset.intersection(*groups)


def _by_url(resources: Iterable[Json], resource_type: str) -> dict[str, dict[str, Json]]:
    """url -> version -> resource."""
    found: dict[str, dict[str, Json]] = {}
    for position, resource in enumerate(resources):
        url = resource.get("url")
        if not isinstance(url, str) or not url:
            raise ArtifactError(
                Where(f"{resource_type} number {position + 1} ({resource.get('id', 'without id')})"),
                f"a {resource_type} has no url, so nothing can refer to it",
                "give it its canonical url",
            )
        found.setdefault(url, {}).setdefault(resource.get("version", ""), resource)
    return found


def _resolved(given: Mapping[str, Mapping[str, Json]], canonical: str, at: Where, what: str) -> Json:
    url, _, version = canonical.partition("|")
    versions = given.get(url, {})
    if version and version in versions:
        return versions[version]
    if not version and len(versions) == 1:
        return next(iter(versions.values()))
    if not versions:
        raise UnresolvedReferenceError(
            at, f"{what} {canonical} is not among the artefacts", f"add the {what}, or mend the canonical"
        )
    raise UnresolvedReferenceError(
        at,
        f"{what} {canonical} is there in version {', '.join(sorted(versions)) or 'none'} only"
        if version
        else f"{what} {canonical} is there in versions {', '.join(sorted(versions))}",
        "refer to a version that is there, as url|version",
    )


def _codes_of_expansion(resource: Json) -> Codes | None:
    """Codes of a complete expansion; None when there is none, or it says that it is not all."""
    expansion = resource.get("expansion")
    if not isinstance(expansion, Mapping):
        return None
    for extension in expansion.get("extension", ()):
        if extension.get("url") in _UNUSABLE_EXPANSIONS and extension.get("valueBoolean") is not False:
            return None
    codes: set[tuple[str, str]] = set()
    count = 0
    waiting = list(expansion.get("contains", ()))
    while waiting:
        item = waiting.pop()
        waiting.extend(item.get("contains", ()))
        count += 1
        # An abstract entry only groups the others; it cannot be recorded.
        if item.get("code") is not None and item.get("abstract") is not True:
            codes.add((item.get("system", ""), item["code"]))
    if expansion.get("offset", 0) > 0 or expansion.get("total", 0) > count:
        return None
    return frozenset(codes)


def _concept_codes(code_system: Json) -> Iterable[str]:
    at = Where(_canonical(code_system), "concept")
    waiting = list(code_system.get("concept", ()))
    while waiting:
        concept = waiting.pop()
        waiting.extend(concept.get("concept", ()))
        yield _code(concept, at)


def _code(concept: Json, at: Where) -> str:
    code = concept.get("code")
    if not isinstance(code, str) or not code:
        raise ArtifactError(
            at, f"{at.artifact} lists a concept without a code", "give it its code, or remove it"
        )
    return code


def _canonical(resource: Json) -> str:
    version = resource.get("version")
    return f"{resource['url']}|{version}" if version else str(resource["url"])
