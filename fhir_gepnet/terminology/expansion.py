"""Value sets expanded from what was given, without any server.

Source: FHIR R4 ValueSet (§4.9: compose, expansion, rules of include and exclude). What cannot be
expanded here is an error of the artefact, never an empty set: an answer "not in" from half a value
set would be wrong without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnresolvedReferenceError, Where
from fhir_gepnet.terminology.hierarchy import Hierarchy, code_of, filtered, hierarchy_of, needs_server
from fhir_gepnet.terminology.value_set import ValueSet

Codes = frozenset[tuple[str, str]]
Json = Mapping[str, Any]
Versions = Mapping[str, str]
"""System -> version that a library binds it to (CQL 1.5 §2.3.2: ``valueset ... codesystems``)."""

_UNUSABLE_EXPANSIONS = (
    "http://hl7.org/fhir/StructureDefinition/valueset-toocostly",
    "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
)


class Terminology:
    """ValueSets and CodeSystems by canonical; each value set is expanded once, when first asked for."""

    __slots__ = ("_code_systems", "_expanded", "_hierarchies", "_value_sets")

    def __init__(self, value_sets: Iterable[Json] = (), code_systems: Iterable[Json] = ()) -> None:
        """Take resources as parsed JSON; of two with the same url and version the first counts.

        Raises:
            ArtifactError: a resource without a url.
        """
        self._value_sets = _by_url(value_sets, "ValueSet")
        self._code_systems = _by_url(code_systems, "CodeSystem")
        self._expanded: dict[tuple[str, str, tuple[tuple[str, str], ...]], ValueSet] = {}
        self._hierarchies: dict[str, Hierarchy] = {}

    def canonicals(self) -> tuple[str, ...]:
        """``url|version`` of every value set given, in order."""
        return tuple(_canonical(one) for versions in self._value_sets.values() for one in versions.values())

    def value_set(self, canonical: str, at: Where, systems: Versions | None = None) -> ValueSet:
        """The expansion of a value set.

        Args:
            canonical: ``url`` or ``url|version``; without a version there must be only one.
            at: who asks, for the message.
            systems: version that each code system must have, where the asker says one.

        Raises:
            UnresolvedReferenceError: not given, or cannot be expanded from what was given, or says that it is
                of another version of a code system.
        """
        return self._expansion(_resolved(self._value_sets, canonical, at, "value set"), systems or {}, ())

    def code_system_codes(self, canonical: str, at: Where) -> Codes:
        """All codes of a complete CodeSystem (the whole tree).

        Raises:
            UnresolvedReferenceError: not given, or its content is not complete.
        """
        hierarchy = self._hierarchy(canonical, at)
        url = canonical.partition("|")[0]
        return frozenset((url, code) for code in hierarchy.codes())

    def _hierarchy(self, canonical: str, at: Where) -> Hierarchy:
        resource = _resolved(self._code_systems, canonical, at, "code system")
        name = _canonical(resource)
        if resource.get("content") != "complete":
            raise UnresolvedReferenceError(
                at,
                f"code system {name} is needed whole, but its content is not 'complete'",
                "list the concepts in the value set, or add an expansion to it",
            )
        if name not in self._hierarchies:
            self._hierarchies[name] = hierarchy_of(resource, name)
        return self._hierarchies[name]

    def _expansion(self, resource: Json, systems: Versions, importing: tuple[str, ...]) -> ValueSet:
        url, version = resource["url"], resource.get("version", "")
        key = (url, version, tuple(sorted(systems.items())))
        found = self._expanded.get(key)
        if found is None:
            codes = _codes_of_expansion(resource)
            if codes is None:
                codes = self._codes_of_compose(resource, systems, importing)
            else:
                _refuse_other_versions(resource, systems)
            found = self._expanded[key] = ValueSet(url, version, codes)
        return found

    def _codes_of_compose(self, resource: Json, systems: Versions, importing: tuple[str, ...]) -> Codes:
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
            at = Where(name, f"compose.include[{position}]")
            codes |= self._codes_of_part(include, at, systems, importing)
        for position, exclude in enumerate(compose.get("exclude", ())):
            at = Where(name, f"compose.exclude[{position}]")
            codes -= self._codes_of_part(exclude, at, systems, importing)
        return frozenset(codes)

    def _codes_of_part(self, part: Json, at: Where, systems: Versions, importing: tuple[str, ...]) -> Codes:
        """Codes of one include or exclude: in its system (or concepts) and in every value set it names."""
        system = part.get("system")
        groups: list[Codes] = []
        concepts, filters = part.get("concept"), part.get("filter")
        if concepts and filters:
            raise UnresolvedReferenceError(
                at,
                f"value set {at.artifact} has concepts and a filter in one part",
                "keep one of them (vsd-3)",
            )
        version = _bound_version(part, systems, at)
        if concepts:
            if not system:
                raise UnresolvedReferenceError(
                    at, f"value set {at.artifact} lists concepts without a system", "name the system"
                )
            groups.append(frozenset((system, code_of(concept, at)) for concept in concepts))
        elif filters:
            groups.append(self._filtered(system, version, filters, at))
        elif system:
            groups.append(self.code_system_codes(f"{system}|{version}" if version else system, at))
        for canonical in part.get("valueSet", ()):
            imported = _resolved(self._value_sets, canonical, at, "value set")
            groups.append(self._expansion(imported, systems, importing).codes)
        if not groups:
            raise UnresolvedReferenceError(
                at,
                f"value set {at.artifact} has a part with neither system nor value set",
                "name a system with concepts, or a value set",
            )
        return frozenset.intersection(*groups)

    def _filtered(self, system: Any, version: str, filters: Any, at: Where) -> Codes:
        if not system or system not in self._code_systems:
            raise needs_server(filters, at, system or "no system")
        hierarchy = self._hierarchy(f"{system}|{version}" if version else system, at)
        return frozenset((system, code) for code in filtered(hierarchy, filters, at))


def _bound_version(part: Json, systems: Versions, at: Where) -> str:
    """Version of the part's system: its own, else the one that the library binds, else ""."""
    own, bound = part.get("version", ""), systems.get(part.get("system", ""), "")
    if own and bound and own != bound:
        raise UnresolvedReferenceError(
            at,
            f"value set {at.artifact} takes {part.get('system')} in version {own}, the library wants {bound}",
            "bind the value set to the version that it is made of",
        )
    return str(own or bound)


def _refuse_other_versions(resource: Json, systems: Versions) -> None:
    """An expansion that says its version of a system must say the one that is bound; silence is accepted."""
    name = _canonical(resource)
    used: set[tuple[str, str]] = set()
    for parameter in resource["expansion"].get("parameter", ()):
        url, _, version = str(parameter.get("valueUri") or parameter.get("valueString") or "").partition("|")
        if parameter.get("name") in ("version", "system-version", "used-codesystem") and version:
            used.add((url, version))
    waiting = list(resource["expansion"].get("contains", ()))
    while waiting:
        item = waiting.pop()
        waiting.extend(item.get("contains", ()))
        if item.get("version"):
            used.add((item.get("system", ""), item["version"]))
    for url, version in sorted(used):
        if systems.get(url, version) != version:
            raise UnresolvedReferenceError(
                Where(name, "expansion"),
                f"value set {name} has {url} in version {version}, the library wants {systems[url]}",
                "expand it from the version that the library binds, or bind the other one",
            )


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


def _canonical(resource: Json) -> str:
    version = resource.get("version")
    return f"{resource['url']}|{version}" if version else str(resource["url"])
