"""The envelope, line by line: which requests are answered, which are refused and what the refusal names."""

from __future__ import annotations

from typing import Any

import pytest
from service_under_test import ADDRESS, HERE, cards_in, client_of, hook_request, outcome_in, validator

from fhir_gepnet.json_io import read_json_file, write_json

ROWS = read_json_file(HERE / "envelope.json")


def test_the_table_was_found() -> None:
    assert len(ROWS) > 30


def changed(row: dict[str, Any]) -> dict[str, Any]:
    request = hook_request()
    for path in row.get("remove", ()):
        holder, name = holder_of(request, path)
        del holder[name]
    for path, value in row.get("set", {}).items():
        holder, name = holder_of(request, path)
        holder[name] = value
    return request


def holder_of(request: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *way, name = path.split(".")
    for step in way:
        request = request[step]
    return request, name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_request(row: dict[str, Any]) -> None:
    request = changed(row)
    answer = client_of().post(ADDRESS, data=write_json(request), content_type="application/json")
    assert validator("request").is_valid(request) is (row["status"] == 200)
    if row["status"] == 200:
        assert len(cards_in(answer)) == 1
        return
    issues = outcome_in(answer, row["status"])
    assert [issue.get("expression", [""])[0] for issue in issues] == [row["element"]]
    assert row.get("says", row["element"]) in issues[0]["diagnostics"]


def test_every_problem_is_named_at_once() -> None:
    request = hook_request(hookInstance=None, prefetch=[1])
    del request["context"]
    issues = outcome_in(client_of().post(ADDRESS, json=request), 400)
    assert {issue["expression"][0] for issue in issues} == {"hookInstance", "context", "prefetch"}


def test_r2_the_same_instance_twice_gets_the_same_answer() -> None:
    client = client_of()
    first, second = (client.post(ADDRESS, json=hook_request()) for _ in range(2))
    assert first.data == second.data


def test_another_instance_gets_other_uuids_and_the_same_words() -> None:
    client = client_of()
    first = cards_in(client.post(ADDRESS, json=hook_request()))
    second = cards_in(client.post(ADDRESS, json=hook_request(hookInstance="another")))
    assert first[0]["uuid"] != second[0]["uuid"]
    assert first[0]["detail"] == second[0]["detail"]
