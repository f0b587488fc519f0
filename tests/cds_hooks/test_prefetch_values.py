"""What may stand under a prefetch key, and what the service makes of it: data, completeness, or 412."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from service_under_test import ADDRESS, HERE, cards_in, client_of, hook_request, outcome_in

from fhir_gepnet.json_io import read_json_file, write_json

ROWS = read_json_file(HERE / "prefetch_values.json")["rows"]


def test_the_table_was_found() -> None:
    assert len(ROWS) > 35


def request_of(row: dict[str, Any]) -> dict[str, Any]:
    request = hook_request()
    for key in [row["key"], *row.get("without", ())]:
        request["prefetch"].pop(key, None)
    if "value" in row:
        request["prefetch"][row["key"]] = copy.deepcopy(row["value"])
    return request


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_value(row: dict[str, Any]) -> None:
    answer = client_of().post(ADDRESS, data=write_json(request_of(row)), content_type="application/json")
    if "status" in row:
        issues = outcome_in(answer, row["status"])
        assert [issue["expression"][0] for issue in issues] == row["names"]
        return
    detail = cards_in(answer)[0]["detail"]
    assert detail.partition("\n")[0] == f"complete: {row['complete']}; data: {row['data']}"


@pytest.mark.parametrize("prefetch", [None, {}], ids=["no prefetch", "empty prefetch"])
def test_f3_nothing_at_all(prefetch: dict[str, Any] | None) -> None:
    issues = outcome_in(client_of().post(ADDRESS, json=hook_request(prefetch=prefetch)), 412)
    assert [issue["expression"][0] for issue in issues] == ["prefetch.patient", "prefetch.condition"]


def test_the_request_is_not_changed() -> None:
    from service_under_test import NEEDS

    from cds_hooks.prefetch import templates_for
    from cds_hooks.prefetch_values import record_from
    from fhir_gepnet.errors import Where

    for row in ROWS:
        if "status" in row:
            continue
        prefetch = request_of(row)["prefetch"]
        before = copy.deepcopy(prefetch)
        record_from(prefetch, templates_for(NEEDS, Where("test")), "p1")
        assert prefetch == before, row["id"]
