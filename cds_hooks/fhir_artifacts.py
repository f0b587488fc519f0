"""The loaded artefacts as FHIR resources: which there are, reading one, searching them.

Source: FHIR R4 §3.1.0.2 (read), §3.1.1 (search). Read only: content changes with a deployment, never by a
request. Nothing of a patient is kept here, so nothing of a patient can be read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from cds_hooks.fhir_requests import GENERAL, check_accept, fhir_response
from cds_hooks.fhir_search import Search, read_search
from cds_hooks.fhir_summary import SUMMARIES_OF_A_READ, SUMMARY, part_of
from cds_hooks.responses import FHIR_BY_STATUS, FHIR_JSON, FHIR_ROOT, Problem, RefusedError
from fhir_gepnet import Pathway, version_key
from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.json_io import write_json

SERVED = tuple(SUMMARY)
"""Types that can be read and searched."""


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Every artefact of every served pathway, by type and id.

    Attributes:
        by_type: type -> id -> the resource.
        tags: (type, id) -> ETag of the resource's bytes.
        pathways: (type, id) -> the pathway that holds it.
    """

    by_type: Mapping[str, Mapping[str, dict[str, Any]]]
    tags: Mapping[tuple[str, str], str]
    pathways: Mapping[tuple[str, str], Pathway]

    def named(self, resource_type: str, identifier: str) -> tuple[dict[str, Any], Pathway]:
        """An artefact by type and id.

        Raises:
            RefusedError: 404.
        """
        found = self.by_type.get(resource_type, {}).get(identifier)
        if found is None:
            raise RefusedError(404, [FHIR_BY_STATUS[404]])
        return found, self.pathways[resource_type, identifier]

    def canonical(self, resource_type: str, url: str, version: str) -> tuple[dict[str, Any], Pathway]:
        """An artefact by canonical: its version, or with "" the newest.

        Raises:
            RefusedError: 404.
        """
        found = [
            each
            for each in self.by_type.get(resource_type, {}).values()
            if each["url"] == url and (not version or each["version"] == version)
        ]
        if not found:
            text = f"no {resource_type} with this url and version is loaded; GET {FHIR_ROOT}/{resource_type}"
            raise RefusedError(404, [Problem("not-found", f"{text} lists them", "url")])
        newest = max(found, key=lambda each: version_key(each["version"]))
        return newest, self.pathways[resource_type, newest["id"]]


def artifacts_of(pathways: Sequence[Pathway]) -> Artifacts:
    """Index what is loaded. An artefact that several pathways share word for word counts once."""
    by_type: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SERVED}
    tags: dict[tuple[str, str], str] = {}
    holders: dict[tuple[str, str], Pathway] = {}
    for pathway in pathways:
        for resource in pathway.resources:
            key = resource["resourceType"], resource["id"]
            if key[0] in by_type and key not in holders:
                by_type[key[0]][key[1]] = resource
                holders[key] = pathway
                tags[key] = hashlib.sha256(write_json(resource)).hexdigest()[:32]
    return Artifacts(by_type, tags, holders)


def doubled_artifacts(pathways: Iterable[Pathway]) -> Iterator[ArtifactError]:
    """Different artefacts of one type and id: an address can lead to only one of them."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for pathway in pathways:
        for resource in pathway.resources:
            key = resource["resourceType"], resource["id"]
            if key[0] in SERVED and seen.setdefault(key, resource) != resource:
                yield ArtifactError(
                    Where(f"{resource['url']}|{resource['version']}", "id"),
                    f"two pathways hold different {key[0]} resources with the id {key[1]}",
                    "rename one of them, or serve the pathways apart",
                )


def read_view(artifacts: Artifacts) -> Callable[[str, str], Response]:
    """The view of ``GET /fhir/{type}/{id}``."""

    def read(resource_type: str, identifier: str) -> Response:
        check_accept()
        resource, _ = artifacts.named(resource_type, identifier)
        wanted = read_search(resource_type, _asked(SUMMARIES_OF_A_READ), strict=_strict())
        if wanted.summary == "count":
            raise RefusedError(400, [Problem("value", "_summary=count is for searches", "_summary")])
        tag = artifacts.tags[resource_type, identifier]
        if request.if_none_match.contains_weak(tag) and not request.query_string:
            return Response(status=304, headers={"ETag": f'W/"{tag}"'}, content_type=FHIR_JSON)
        answer = part_of(resource, wanted.summary, wanted.elements)
        return fhir_response(answer, ETag=f'W/"{tag}"')

    return read


def search_view(artifacts: Artifacts) -> Callable[[str], Response]:
    """The view of ``GET /fhir/{type}?…`` and ``POST /fhir/{type}/_search``."""

    def search(resource_type: str) -> Response:
        check_accept()
        candidates = artifacts.by_type.get(resource_type)
        if candidates is None:
            raise RefusedError(404, [FHIR_BY_STATUS[404]])
        if request.method == "POST" and request.mimetype != "application/x-www-form-urlencoded":
            text = "send the parameters of _search as application/x-www-form-urlencoded"
            raise RefusedError(415, [Problem("not-supported", text)])
        wanted = read_search(resource_type, _asked(), strict=_strict())
        found = [
            each
            for _, each in sorted(candidates.items())
            if all(criterion.holds(each) for criterion in wanted.criteria)
        ]
        return fhir_response(_bundle(resource_type, found, wanted))

    return search


def _asked(only: frozenset[str] | None = None) -> list[tuple[str, str]]:
    """The parameters of the query and of a form, but for those of every address."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return [(name, value) for name, value in pairs if name not in GENERAL and (not only or name in only)]


def _strict() -> bool:
    return "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")


def _bundle(resource_type: str, found: Sequence[dict[str, Any]], wanted: Search) -> dict[str, Any]:
    root = request.host_url.rstrip("/") + FHIR_ROOT
    links = [{"relation": "self", "url": _link(root, resource_type, wanted, wanted.offset)}]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    bundle["link"] = links
    if wanted.summary == "count" or wanted.count == 0:
        return bundle
    after, before = wanted.offset + wanted.count, max(wanted.offset - wanted.count, 0)
    if after < len(found):
        links.append({"relation": "next", "url": _link(root, resource_type, wanted, after)})
    if wanted.offset:
        links.append({"relation": "first", "url": _link(root, resource_type, wanted, 0)})
        links.append({"relation": "previous", "url": _link(root, resource_type, wanted, before)})
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": f"{root}/{resource_type}/{each['id']}",
            "resource": part_of(each, wanted.summary, wanted.elements),
            "search": {"mode": "match"},
        }
        for each in found[wanted.offset : after]
    ]
    if wanted.ignored:
        entries.append({"resource": _ignored(wanted), "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def _ignored(wanted: Search) -> dict[str, Any]:
    """Says that parameters were not used; they are not repeated, because they are the sender's text."""
    text = (
        f"{len(wanted.ignored)} of the search parameters are unknown here and were ignored; "
        "the link self has those that were used"
    )
    issue = {"severity": "warning", "code": "not-supported", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _link(root: str, resource_type: str, wanted: Search, offset: int) -> str:
    pairs = [*wanted.shown, ("_count", str(wanted.count))]
    if offset:
        pairs.append(("_offset", str(offset)))
    return f"{root}/{resource_type}?{urlencode(pairs)}"
