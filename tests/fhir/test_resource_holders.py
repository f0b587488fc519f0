"""Bundles, references, codes, choices and periods: the small rooms."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_gepnet.fhir.bundle import gather, has_next_link, outcome_in
from fhir_gepnet.fhir.choice import chosen
from fhir_gepnet.fhir.coding import Code, Concept, code_of, concept_of, equivalent_codes, equivalent_concepts
from fhir_gepnet.fhir.period import ends_of
from fhir_gepnet.fhir.reference import type_and_id

OUTCOME = {"resourceType": "OperationOutcome", "issue": []}


def bundle(*resources: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": resource} for resource in resources]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (OUTCOME, True),
        (bundle({"resourceType": "Patient"}, OUTCOME), True),
        (bundle(bundle(OUTCOME)), True),
        ([None, OUTCOME], True),
        (bundle(), False),
        ({"resourceType": "Bundle"}, False),
        ({"resourceType": "Bundle", "entry": [None]}, False),
        ({"resourceType": "Patient"}, False),
        (None, False),
        ("text", False),
    ],
)
def test_outcome_in(value: object, found: bool) -> None:
    assert (outcome_in(value) is not None) is found


def test_has_next_link() -> None:
    assert has_next_link({"link": [{"relation": "self"}, {"relation": "next", "url": "x"}]}) is True
    assert has_next_link({"link": [{"relation": "self"}, None]}) is False
    assert has_next_link({}) is False
    assert has_next_link(None) is False


def test_resources_are_gathered_once_with_their_addresses() -> None:
    first, second = {"resourceType": "Basic", "id": "1"}, {"resourceType": "Basic"}
    held = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": first},
            {"fullUrl": "urn:uuid:1", "resource": second},
            {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Basic", "id": "1"}},
            None,
        ],
    }
    gathered = gather({"key": held})
    assert gathered.by_type == {"Basic": [first, second]}
    assert gathered.by_type["Basic"][0] is first
    assert gathered.addresses == {("Basic", "1"): first, "urn:uuid:1": first}
    assert gather(None).by_type == {}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/1", ("Patient", "1")),
        ("https://x.example/a/fhir/Patient/1", ("Patient", "1")),
        ("Patient/1/_history/2", ("Patient", "1")),
        ("#1", None),
        ("urn:uuid:1", None),
        ("Patient?name=x", None),
        ("Patient", None),
        ("patient/1", None),
        ("", None),
    ],
)
def test_type_and_id(reference: str, expected: tuple[str, str] | None) -> None:
    assert type_and_id(reference) == expected


def test_codes_from_json() -> None:
    assert code_of({"system": "s", "code": "a", "version": "1", "display": "A"}) == Code("a", "s", "1", "A")
    assert code_of({"display": "A"}) is None
    assert code_of(None) is None
    assert concept_of({"text": "t", "coding": [{"code": "a"}, {"display": "x"}]}) == Concept(
        (Code("a"),), "t"
    )
    assert concept_of({"text": "t"}) == Concept((), "t")
    assert concept_of(None) is None


def test_equivalence_looks_at_code_and_system() -> None:
    one, other = Code("a", "s", "1", "A"), Code("a", "s", "2", "other")
    assert equivalent_codes(one, other) is True
    assert equivalent_codes(one, Code("a", "t")) is False
    assert equivalent_codes(one, Code("a")) is False
    assert equivalent_concepts(Concept((Code("b", "s"), one)), Concept((other,))) is True
    assert equivalent_concepts(Concept(()), Concept((one,))) is False


def test_chosen_reads_the_type_from_the_key() -> None:
    assert chosen({"valueQuantity": {"value": 1}}, "Observation", "value") == ({"value": 1}, "Quantity")
    assert chosen({"valueBoolean": False}, "Observation", "value") == (False, "boolean")
    assert chosen({"value": 1}, "Observation", "value") is None
    assert chosen({"valueInteger": 0}, "Observation.Component", "value") == (0, "integer")


def test_ends_of_a_period() -> None:
    start, end = ends_of({"start": "2026-11", "end": "junk"}, 60)
    assert start is not None
    assert (start.text, start.offset, end) == ("2026-11", 60, None)
