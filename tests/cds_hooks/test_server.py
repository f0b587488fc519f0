"""The real server in its own process: it says where it is, answers, stops; or says why it does not start."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from service_under_test import ROOT

from fhir_gepnet.json_io import read_json, write_json

SECOND = ROOT / "tests" / "data" / "second-pathway"
PROGRAM = """
import sys
from pathlib import Path
from cds_hooks.config import Configuration
from cds_hooks.server import serve
serve("127.0.0.1", int(sys.argv[1]), configuration=Configuration(pathways=Path(sys.argv[2])), workers=2)
"""


def start(pathways: Path) -> tuple[subprocess.Popen[str], int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-c", PROGRAM, str(port), str(pathways)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": ""}, **pipes), port


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    started = time.monotonic()
    process, port = start(SECOND)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        # The promise is 3 seconds on an idle machine; here others compute too.
        assert time.monotonic() - started < 15
        yield line, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def call(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_prints_its_discovery_address_on_a_line(server: tuple[str, int]) -> None:
    line, port = server
    assert line == f"http://127.0.0.1:{port}/cds-services\n"


def test_it_answers(server: tuple[str, int]) -> None:
    _, port = server
    status, body = call(port, "GET", "/cds-services")
    assert status == 200
    assert read_json(body)["services"][0]["id"] == "influenza-reminder"
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-01-01"}
    request = {
        "hook": "patient-view",
        "hookInstance": "h",
        "context": {"userId": "Practitioner/d1", "patientId": "p1"},
        "prefetch": {"patient": patient, "immunization": None},
    }
    for _ in range(20):
        status, body = call(port, "POST", "/cds-services/influenza-reminder", write_json(request))
        assert status == 200
        assert read_json(body)["cards"]


def test_errors_arrive_through_the_server(server: tuple[str, int]) -> None:
    _, port = server
    for expected, method, path, body in (
        (400, "POST", "/cds-services/influenza-reminder", b"{"),
        (404, "POST", "/cds-services/other", b"{}"),
        (405, "GET", "/cds-services/influenza-reminder", None),
        (413, "POST", "/cds-services/influenza-reminder", b" " * 5_000_001),
    ):
        status, content = call(port, method, path, body)
        assert status == expected
        assert read_json(content)["resourceType"] == "OperationOutcome"


def test_r11_a_body_without_a_length_is_limited_too(server: tuple[str, int]) -> None:
    _, port = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    chunks = (b" " * 100_000 for _ in range(60))
    headers = {"Content-Type": "application/json"}
    try:
        connection.request("POST", "/cds-services/influenza-reminder", chunks, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_a_pathway_that_does_not_compile_does_not_start(tmp_path: Path) -> None:
    shutil.copytree(SECOND, tmp_path / "broken")
    file = tmp_path / "broken" / "plandefinition" / "influenza-reminder.json"
    file.write_text(file.read_text().replace("Patient.birthDate <=", "Patient.birthDay <="))
    process, _ = start(tmp_path)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert re.search(r"does not start: (.|\n)*Patient\.birthDay", errors)
    assert "Traceback" not in errors
