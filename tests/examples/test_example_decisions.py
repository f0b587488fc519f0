"""Every example against the table of decisions written by hand, from the record and through the service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cds_hooks.app import create_app
from cds_hooks.config import Configuration
from cds_hooks.prefetch_values import record_from
from cds_hooks.services import Service, load_services
from fhir_gepnet import Decision, PatientRecord, load_pathway
from fhir_gepnet.engine.pathway import Pathway
from fhir_gepnet.json_io import read_json, read_json_file

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "plandefinitions" / "gepnet-2018"
TABLE = read_json_file(Path(__file__).with_name("expected.json"))
NOW = datetime.fromisoformat(TABLE["now"])
DECISIONS: dict[str, Any] = TABLE["decisions"]
REQUESTS = sorted((ROOT / "examples" / "requests").glob("*.json"))


@cache
def pathway() -> Pathway:
    return load_pathway(FOLDER)


@cache
def service() -> Service:
    (only,) = load_services(FOLDER)
    return only


def clock() -> datetime:
    return NOW


def leaves(decisions: Sequence[Decision]) -> Iterator[tuple[str, str | None]]:
    """Id and status of what applies below the cards and has nothing beneath it."""
    for decision in decisions:
        for child in decision.children:
            if child.applies and not child.children:
                yield child.action_id, child.status
        yield from leaves([child for child in decision.children if child.applies])


def decided(record: PatientRecord) -> tuple[list[str], dict[str, str | None]]:
    decisions = pathway().apply(record, now=NOW).decisions
    return [decision.action_id for decision in decisions if decision.applies], dict(leaves(decisions))


@cache
def application() -> Flask:
    return create_app(Configuration(pathways=FOLDER, clock=clock))


def post(name: str) -> Any:
    client = application().test_client()
    body = (ROOT / "examples" / "requests" / f"{name}.json").read_bytes()
    answer = client.post("/cds-services/gepnet-2018", data=body, content_type="application/json")
    assert answer.status_code == 200, answer.get_data()
    return read_json(answer.get_data())


def test_the_table_names_every_request() -> None:
    assert len(REQUESTS) == 9
    assert {path.stem for path in REQUESTS} == DECISIONS.keys()


@pytest.mark.parametrize("path", REQUESTS, ids=[path.stem for path in REQUESTS])
def test_request_is_decided_as_the_table_says(path: Path) -> None:
    request = read_json_file(path)
    record, _ = record_from(request["prefetch"], service().templates, request["context"]["patientId"])
    expected = DECISIONS[path.stem]
    assert decided(record) == (expected["cards"], expected["actions"])


@pytest.mark.parametrize("name", sorted(DECISIONS.keys() - {"midgut-progression-without-ki67"}))
def test_whole_record_is_decided_like_the_request(name: str) -> None:
    bundle = read_json_file(ROOT / "examples" / "patients" / f"{name}.json")
    searches = [template.resource_type for template in service().templates]
    record = PatientRecord.of(bundle, complete=searches)
    assert decided(record) == (DECISIONS[name]["cards"], DECISIONS[name]["actions"])


@pytest.mark.parametrize("name", sorted(DECISIONS))
def test_service_answers_one_card_per_group(name: str) -> None:
    assert len(post(name)["cards"]) == len(DECISIONS[name]["cards"])


def test_without_the_result_there_are_more_cards_and_no_suggestion_of_therapy() -> None:
    whole, without = post("midgut-progression")["cards"], post("midgut-progression-without-ki67")["cards"]
    assert len(without) > len(whole)
    options, gaps = whole[0], without[1]
    assert len(options["suggestions"]) == 2
    assert "suggestions" not in without[0]
    assert "Ki-67" in gaps["detail"]
