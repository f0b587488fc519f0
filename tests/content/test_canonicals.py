"""Whatever an artefact names is there; profiles are kept, not only claimed."""

from __future__ import annotations

import re

import pytest
from pathway_folder import (
    BASE,
    HERE,
    VERSION,
    Json,
    actions,
    definitions,
    files,
    plans,
    resource_in,
    resources,
    walk,
)

from fhir_gepnet.json_io import read_json_file

EVERYTHING = {resource["url"]: resource for resource in map(resource_in, files()) if "url" in resource}
PROFILES: dict[str, Json] = read_json_file(HERE / "profiles.json")
LIBRARY = "GepnetDecisions"
# Path of a dynamicValue -> CQL type of the define; others take text.
TYPES = {"option-rank": "Integer", "occurrencePeriod.end": "DateTime"}


def canonicals(resource: Json) -> list[str]:
    """Versioned names that the resource gives of artefacts."""
    found = list(resource.get("library", ()))
    named = (action.get("definitionCanonical") for action in actions(resource))
    return [*found, *(each for each in named if each)]


def test_every_canonical_resolves() -> None:
    named = 0
    for resource in [*plans(), *({**each, "action": []} for each in resources("ActivityDefinition"))]:
        for canonical in canonicals(resource):
            url, _, version = canonical.partition("|")
            assert EVERYTHING[url]["version"] == version == VERSION, f"{resource['id']} names {canonical}"
            named += 1
    assert named > 30


def test_every_plan_and_activity_is_used() -> None:
    named = {canonical.partition("|")[0] for plan in plans() for canonical in canonicals(plan)}
    for resource in [*plans(), *resources("ActivityDefinition")]:
        if resource["id"] != "gepnet-2018":
            assert resource["url"] in named, f"nothing leads to {resource['id']}"


def expressions() -> list[tuple[str, str, str, str]]:
    """(artefact, place, define, expected CQL type) of every formula."""
    found = []
    for resource in [*plans(), *resources("ActivityDefinition")]:
        for place, element in walk(resource):
            if "language" not in element:
                continue
            assert element["language"] == "text/cql-identifier"
            found.append((resource["id"], place, element["expression"]))
    typed = []
    for identifier, place, define in found:
        expected = "Boolean"
        if ".dynamicValue" in place or place.startswith("dynamicValue"):
            path = path_of(identifier, place)
            expected = next((each for part, each in TYPES.items() if part in path), "String")
        typed.append((identifier, place, define, expected))
    return typed


def path_of(identifier: str, place: str) -> str:
    element: Json = next(
        each for each in [*plans(), *resources("ActivityDefinition")] if each["id"] == identifier
    )
    return next(str(each["path"]) for at, each in walk(element) if at == place.rpartition(".")[0])


def test_formulas_were_found() -> None:
    assert len(expressions()) > 300
    assert {expected for *_, expected in expressions()} == {"Boolean", "String", "Integer", "DateTime"}


def test_every_define_exists_with_its_type() -> None:
    known = definitions(LIBRARY)
    missing = sorted({define for _, _, define, _ in expressions()} - set(known))
    assert missing == [], "defines that the plans use and the CQL does not have"
    for identifier, place, define, expected in expressions():
        expected_list = "rule-id" in path_of(identifier, place) if "dynamicValue" in place else False
        name = known[define].get("resultTypeName", "")
        assert (name == "") is expected_list, f"{identifier} at {place}: {define}"
        assert expected_list or name.endswith("}" + expected), f"{identifier} at {place}: {define}"


def test_extensions_are_defined_and_allowed_where_they_stand() -> None:
    ours = {each["url"]: each for each in resources("StructureDefinition")}
    assert len(ours) >= 5
    used = set()
    for plan in plans():
        for place, element in walk(plan):
            for extension in element.get("extension", ()):
                if not extension["url"].startswith(BASE):
                    continue
                definition = ours[extension["url"]]
                context = re.sub(r"\[\d+\]", "", f"PlanDefinition.{place}").strip(".")
                allowed_at = {each["expression"] for each in definition["context"]}
                assert context in allowed_at, f"{plan['id']} at {place}"
                value = definition["differential"]["element"][-1]
                key = next(key for key in extension if key != "url")
                assert key.lower() == "value" + value["type"][0]["code"]
                allowed = value["short"].split(" | ")
                assert len(allowed) == 1 or extension[key] in allowed
                used.add(extension["url"])
        for action in actions(plan):
            for dynamic_value in action.get("dynamicValue", ()):
                for url in re.findall(r"extension\('([^']+)'\)", dynamic_value["path"]):
                    assert url in ours
    for requirement in EVERYTHING[f"{BASE}/Library/GepnetGaps"]["dataRequirement"]:
        used |= {each["url"] for each in requirement["extension"]}
    written_by_the_engine = {f"{BASE}/StructureDefinition/{name}" for name in ("topic", "proposal-state")}
    assert used == set(ours) - written_by_the_engine, "every extension is used somewhere"


def test_local_codes_are_in_the_code_system() -> None:
    system = EVERYTHING[f"{BASE}/CodeSystem/gepnet"]
    displays = {concept["code"]: concept["display"] for concept in system["concept"]}
    used = 0
    for resource in [*plans(), *resources("ActivityDefinition")]:
        for place, element in walk(resource):
            if element.get("system") == system["url"]:
                assert displays[element["code"]] == element["display"], f"{resource['id']} at {place}"
                used += 1
    assert used > 60


@pytest.mark.parametrize("plan", plans(), ids=lambda plan: str(plan["id"]))
def test_keeps_the_profiles_that_it_claims(plan: Json) -> None:
    claimed = [profile for profile in plan["meta"]["profile"] if profile in PROFILES]
    assert len(claimed) == 1, "one CPG profile each"
    rules = PROFILES[claimed[0]]
    assert plan["type"]["coding"][0]["code"] == rules.get("type", "clinical-protocol")
    assert len(plan["library"]) == 1
    for action in plan["action"]:
        for element in rules["required"]:
            assert action.get(element), f"{action['id']}.{element}"
        for element in rules["forbidden"]:
            assert element not in action, f"{action['id']}.{element}"
        assert len(action["code"]) == 1
        if "definitionCanonical" in action:
            target = EVERYTHING[action["definitionCanonical"].partition("|")[0]]
            assert target["resourceType"] in rules["definition"]
    for action in actions(plan):
        assert not {"input", "output", "relatedAction"} & set(action)
