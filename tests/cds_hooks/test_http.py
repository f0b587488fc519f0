"""Addresses, methods, sizes, media types, caching, origins: what surrounds the cards."""

from __future__ import annotations

from typing import Any

import pytest
from service_under_test import (
    ADDRESS,
    CONFIGURATION,
    NOW,
    cards_in,
    client_of,
    fixed_clock,
    hook_request,
    outcome_in,
    result_of,
    validator,
)

from cds_hooks.config import Configuration, configuration_from
from fhir_gepnet.errors import InvocationError
from fhir_gepnet.json_io import read_json, write_json

JSON = "application/json"
WHOLE = write_json(hook_request())

ERRORS = [
    ("R7 broken JSON", "POST", ADDRESS, WHOLE[:-1], JSON, 400),
    ("R7 empty body", "POST", ADDRESS, b"", JSON, 400),
    ("R7 no object", "POST", ADDRESS, b"[1]", JSON, 400),
    ("T2 trailing comma", "POST", ADDRESS, b'{"hook": "patient-view",}', JSON, 400),
    ("T2 NaN", "POST", ADDRESS, b'{"hook": NaN}', JSON, 400),
    ("T2 no UTF-8", "POST", ADDRESS, b'{"hook": "\xff"}', JSON, 400),
    ("T2 nested too deeply", "POST", ADDRESS, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON, 400),
    ("R7 unknown service", "POST", "/cds-services/other", WHOLE, JSON, 404),
    ("D1 trailing slash", "GET", "/cds-services/", None, None, 404),
    ("unknown address", "GET", "/", None, None, 404),
    ("no feedback yet", "POST", ADDRESS + "/feedback", b"{}", JSON, 404),
    ("R7 GET on a service", "GET", ADDRESS, None, None, 405),
    ("POST on discovery", "POST", "/cds-services", WHOLE, JSON, 405),
    ("R11 too large", "POST", ADDRESS, b" " * 5_000_001, JSON, 413),
    ("R7 form", "POST", ADDRESS, WHOLE, "application/x-www-form-urlencoded", 415),
    ("R7 text", "POST", ADDRESS, WHOLE, "text/plain", 415),
    ("R7 no media type", "POST", ADDRESS, WHOLE, None, 415),
]


@pytest.mark.parametrize(
    ("method", "address", "body", "media_type", "status"),
    [row[1:] for row in ERRORS],
    ids=[r[0] for r in ERRORS],
)
def test_f4_errors_are_operation_outcomes(
    method: str, address: str, body: bytes | None, media_type: str | None, status: int
) -> None:
    answer = client_of().open(address, method=method, data=body, content_type=media_type)
    (issue,) = outcome_in(answer, status)
    assert "Traceback" not in issue["diagnostics"]
    assert "location" not in answer.headers, "no redirect"


def test_r7_the_allowed_methods_are_named() -> None:
    assert client_of().get(ADDRESS).headers["Allow"] == "OPTIONS, POST"


def test_r7_compressed_bodies_are_refused() -> None:
    headers = {"Content-Encoding": "gzip"}
    outcome_in(client_of().post(ADDRESS, data=WHOLE, content_type=JSON, headers=headers), 415)


@pytest.mark.parametrize("media_type", [JSON, JSON + "; charset=utf-8", "application/fhir+json"])
def test_r7_media_types_of_json(media_type: str) -> None:
    cards_in(client_of().post(ADDRESS, data=WHOLE, content_type=media_type))


def test_r11_the_limit_is_inclusive_and_configured() -> None:
    client = client_of(configuration=Configuration(body_limit=len(WHOLE), clock=fixed_clock))
    cards_in(client.post(ADDRESS, data=WHOLE, content_type=JSON))
    outcome_in(client.post(ADDRESS, data=WHOLE + b" ", content_type=JSON), 413)


class SecretError(Exception):
    """A fault whose text holds what must not leave the process."""


def test_s4_a_fault_is_500_and_never_an_empty_list(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Any) -> Any:
        raise SecretError("canary-in-a-fault")

    answer = client_of(fail).post(ADDRESS, json=hook_request())
    (issue,) = outcome_in(answer, 500)
    assert issue["code"] == "exception"
    assert "canary" not in answer.get_data(as_text=True) + caplog.text
    assert "fault=SecretError at=" in caplog.text


def test_s2_nothing_to_say_is_an_empty_list() -> None:
    answer = client_of(lambda record: result_of()).post(ADDRESS, json=hook_request())
    assert answer.data == b'{"cards":[]}'


def test_s1_an_answer_is_private_json() -> None:
    answer = client_of().post(ADDRESS, json=hook_request())
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_d1_to_d8_discovery() -> None:
    answer = client_of().get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSON
    document = read_json(answer.data)
    validator("discovery").validate(document)
    (service,) = document["services"]
    assert service["id"] == "reminder"
    assert service["title"] == "A reminder"
    assert len(service["prefetch"]) == 4


def test_d5_every_listed_id_can_be_called() -> None:
    client = client_of()
    for service in read_json(client.get("/cds-services").data)["services"]:
        cards_in(client.post(f"/cds-services/{service['id']}", json=hook_request()))


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_d14_conditional_get(form: str) -> None:
    client = client_of()
    whole = client.get("/cds-services")
    assert "max-age" in whole.headers["Cache-Control"]
    answer = client.get("/cds-services", headers={"If-None-Match": form.format(whole.headers["ETag"])})
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == whole.headers["ETag"]


def test_d14_another_tag_gets_the_whole() -> None:
    assert client_of().get("/cds-services", headers={"If-None-Match": '"other"'}).status_code == 200


def test_health() -> None:
    assert read_json(client_of().get("/health/live").data) == {"status": "live"}
    ready = read_json(client_of().get("/health/ready").data)
    assert ready["status"] == "ready"
    assert ready["services"][0]["plan"] == "https://example.org/fhir/PlanDefinition/reminder|1.2.0"


ORIGIN = "https://sandbox.example.org"
OPEN = Configuration(allowed_origins=(ORIGIN,), clock=fixed_clock)


@pytest.mark.parametrize("address", ["/cds-services", ADDRESS])
def test_t3_preflight(address: str) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Headers": "authorization, content-type"}
    answer = client_of(configuration=OPEN).options(address, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_t3_answers_and_refusals_are_marked_for_the_listed_origin() -> None:
    client = client_of(configuration=OPEN)
    for answer in (
        client.post(ADDRESS, json=hook_request(), headers={"Origin": ORIGIN}),
        client.post(ADDRESS, json={}, headers={"Origin": ORIGIN}),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil", ORIGIN + ":8443"])
def test_t3_other_origins_learn_nothing(origin: str) -> None:
    for configuration in (OPEN, CONFIGURATION):
        answer = client_of(configuration=configuration).get("/cds-services", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_now_is_the_clock_in_the_configured_zone() -> None:
    now = Configuration(zone="America/New_York", clock=fixed_clock).now()
    assert now == NOW
    assert now.isoformat() == "2026-11-23T07:00:00-05:00"


def test_configuration_from_the_environment() -> None:
    configuration = configuration_from(
        {
            "FHIR_GEPNET_PATHWAYS": "somewhere",
            "FHIR_GEPNET_ZONE": "Europe/Paris",
            "FHIR_GEPNET_BODY_LIMIT": "1000",
            "FHIR_GEPNET_ALLOWED_ORIGINS": f"{ORIGIN}, http://localhost:3000",
        }
    )
    assert str(configuration.pathways) == "somewhere"
    assert configuration.zone == "Europe/Paris"
    assert configuration.body_limit == 1000
    assert configuration.allowed_origins == (ORIGIN, "http://localhost:3000")
    assert configuration_from({}) == Configuration()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZONE", "Mars/Olympus"),
        ("BODY_LIMIT", "5 MB"),
        ("BODY_LIMIT", "0"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://a.example/path"),
    ],
)
def test_configuration_that_cannot_be(name: str, value: str) -> None:
    with pytest.raises(InvocationError):
        configuration_from({f"FHIR_GEPNET_{name}": value})
