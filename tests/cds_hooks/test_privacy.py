"""A mark in every member of a request: it may come back in a card's resource, never in a log or an error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from service_under_test import ADDRESS, client_of, hook_request, report

from fhir_gepnet.json_io import write_json

CANARY = "canary"


def marked_request() -> dict[str, Any]:
    """A request of which every text can be marked."""
    return hook_request(
        fhirAuthorization={
            "access_token": "t",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "s",
            "subject": "s",
        },
        extension={"org.example": {"note": "n"}},
        prefetch={
            "patient": {"resourceType": "Patient", "id": "p1", "name": [{"family": "f", "given": ["g"]}]},
            "condition": {
                "resourceType": "Bundle",
                "type": "searchset",
                "link": [{"relation": "self", "url": "https://ehr.example.org"}],
                "entry": [
                    {
                        "fullUrl": "https://ehr.example.org/Condition/1",
                        "resource": {
                            "resourceType": "Condition",
                            "id": "1",
                            "subject": {"reference": "Patient/p1"},
                            "code": {"coding": [{"system": "http://s", "code": "c", "display": "d"}]},
                        },
                    }
                ],
            },
            "own-key": {"resourceType": "Basic", "id": "2"},
        },
    )


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all texts and numbers."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from places(value, (*path, name))
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from places(value, (*path, position))
    else:
        yield path


def with_value(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    request = marked_request()
    holder: Any = request
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return request


PLACES = list(places(marked_request()))


def test_the_places_were_found() -> None:
    assert len(PLACES) > 20


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_no_value_in_logs_or_errors(path: tuple[Any, ...], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = client_of()
    statuses = set()
    for value in (f"{CANARY}-text", {CANARY: [CANARY]}, [CANARY, {CANARY: 1}]):
        answer = client.post(
            ADDRESS, data=write_json(with_value(path, value)), content_type="application/json"
        )
        statuses.add(answer.status_code)
        if answer.status_code != 200:
            assert CANARY not in answer.get_data(as_text=True)
    assert 500 not in statuses
    assert CANARY not in caplog.text


@pytest.mark.parametrize("place", ["member", "context", "prefetch"])
def test_no_name_of_a_member_in_logs_or_errors(place: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = marked_request()
    (request if place == "member" else request[place])[CANARY] = {"resourceType": CANARY, "entry": CANARY}
    answer = client_of().post(ADDRESS, json=request)
    assert answer.status_code == 200
    assert CANARY not in caplog.text


def test_one_log_line_with_counts_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "cds_hooks")
    client_of().post(ADDRESS, json=marked_request())
    (record,) = caplog.records
    line = record.getMessage()
    for part in ("service=reminder", "status=200", "resources=3", "complete=1", "cards=1"):
        assert part in line
    for secret in ("p1", "Practitioner", "5e1a3c1e"):
        assert secret not in line


def test_a_fault_on_a_marked_patient_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(record: Any) -> Any:
        return report(record).decisions[record.patient["name"][0]["family"]]

    request = with_value(("prefetch", "patient", "name", 0, "family"), CANARY)
    answer = client_of(fail).post(ADDRESS, json=request)
    assert answer.status_code == 500
    assert CANARY not in caplog.text + answer.get_data(as_text=True)
