"""What differs between two results: decisions that came, went or changed.

Works on JSON, so that a result of last month can be compared: what ``decisions_json`` writes, a
CarePlan or a Bundle of ours (which hold only what applies; then only that is compared).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_gepnet.errors import InvocationError
from fhir_gepnet.pathway.extensions import attributes_of

COMPARED = ("verdict", "status", "tier", "rank", "priority", "proposal", "title", "description", "rule")
"""Members of a decision that are compared, in the order in which they are told."""

Json = dict[str, Any]


def compare(before: Any, after: Sequence[Json], members: Sequence[str] = COMPARED) -> Json:
    """The difference of two results.

    Args:
        before: parsed JSON: decisions, a CarePlan or a Bundle.
        after: decisions as ``decisions_json`` writes them.
        members: what of a decision is compared.

    Returns:
        ``added`` and ``removed``: path and verdict of decisions that only one result has;
        ``changed``: path, and per member that differs ``before`` and ``after``, absent as None. A
        path is the ids of the actions from the top. All in the order of the results.

    Raises:
        InvocationError: ``before`` is none of these.
    """
    if isinstance(before, list):
        old, new = dict(_by_path(before)), dict(_by_path(after))
    else:
        actions = _group_in(before).get("action", ())
        old = dict(_by_path(_of_group(actions, _addressed(before))))
        new = {path: each for path, each in _by_path(after) if each["verdict"] == "applies"}
    changed = []
    for path, decision in new.items():
        fields = _fields(old[path], decision, members) if path in old else {}
        if fields:
            changed.append({"path": path, "fields": fields})
    return {
        "added": [_named(path, each) for path, each in new.items() if path not in old],
        "removed": [_named(path, each) for path, each in old.items() if path not in new],
        "changed": changed,
    }


def comparison_text(difference: Json) -> str:
    """One line per decision that came (+), went (-) or changed (~)."""
    lines = [f"+ {each['path']}: {each['verdict']}" for each in difference["added"]]
    lines += [f"- {each['path']}: {each['verdict']}" for each in difference["removed"]]
    for each in difference["changed"]:
        told = "; ".join(
            f"{name} {_told(field['before'])} -> {_told(field['after'])}"
            for name, field in each["fields"].items()
        )
        lines.append(f"~ {each['path']}: {told}")
    return "\n".join(lines) if lines else "no difference"


def _told(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)


def _named(path: str, decision: Json) -> Json:
    named = {"path": path, "verdict": decision["verdict"]}
    return {**named, "title": decision["title"]} if "title" in decision else named


def _fields(before: Json, after: Json, members: Sequence[str]) -> Json:
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in members
        if before.get(name) != after.get(name)
    }


def _by_path(decisions: Sequence[Json], parent: str = "") -> Iterator[tuple[str, Json]]:
    seen: dict[str, int] = {}
    for decision in decisions:
        if not isinstance(decision, dict) or not {"action", "verdict"} <= decision.keys():
            raise InvocationError("the previous result holds no decisions; keep what --as decisions writes")
        path = f"{parent}{decision['action']}"
        seen[path] = seen.get(path, 0) + 1
        if seen[path] > 1:
            path = f"{path}#{seen[path]}"
        yield path, decision
        yield from _by_path(decision.get("children", ()), f"{path}/")


def _group_in(document: Any) -> Json:
    """The RequestGroup of a CarePlan or a Bundle of ours."""
    held: list[Any] = []
    if isinstance(document, dict):
        held = document.get("contained") or [each.get("resource") for each in document.get("entry") or ()]
    for resource in held:
        if isinstance(resource, dict) and resource.get("resourceType") == "RequestGroup":
            return resource
    raise InvocationError(
        "the previous result is no list of decisions, CarePlan or Bundle; keep what --as decisions writes"
    )


def _addressed(document: Json) -> dict[str, Json]:
    """What stands in a CarePlan or a Bundle of ours, by how it is referred to there."""
    contained = {f"#{each.get('id')}": each for each in document.get("contained") or ()}
    return contained | {each.get("fullUrl", ""): each["resource"] for each in document.get("entry") or ()}


def _nested(action: Mapping[str, Any], addressed: Mapping[str, Json]) -> list[Json]:
    """The decisions of the nested plan that an action refers to, when it stands apart."""
    found = addressed.get((action.get("resource") or {}).get("reference", ""), {})
    if found.get("resourceType") == "CarePlan":
        activities: Sequence[Json] = found.get("activity") or ({},)
        found = addressed.get((activities[0].get("reference") or {}).get("reference", ""), {})
    if found.get("resourceType") != "RequestGroup":
        return []
    # Without itself, because a file may hold anything, circles too.
    others = {address: each for address, each in addressed.items() if each is not found}
    return _of_group(found.get("action", ()), others)


def _of_group(actions: Sequence[Mapping[str, Any]], addressed: Mapping[str, Json]) -> list[Json]:
    """RequestGroup actions as decisions that apply, with those of plans nested in them."""
    decisions = []
    for action in actions:
        attributes = attributes_of(action)
        decision: Json = {"action": str(action.get("id", "")).rpartition(".")[2], "verdict": "applies"}
        for name in ("priority", "title", "description"):
            if name in action:
                decision[name] = action[name]
        for name in ("status", "tier", "rank"):
            if getattr(attributes, name) is not None:
                decision[name] = getattr(attributes, name)
        if attributes.rule:
            decision["rule"] = list(attributes.rule)
        children = [*_of_group(action.get("action", ()), addressed), *_nested(action, addressed)]
        if children:
            decision["children"] = children
        decisions.append(decision)
    return decisions
