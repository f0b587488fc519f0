"""What does a patient-view request cost over HTTP, beside the floor of a socket and a JSON parser?

    python benchmarks/hook_request.py [--seconds 8]

One run measures, interleaved and on the same 100 resources: the floor (`floor_socket.py`: a Python socket
loop, orjson, a dummy evaluation), the service with an empty pathway, and the service with gepnet-2018. It
checks every answer before it times anything, and prints CPU milliseconds per request of the whole
server process, wall p50 and p99 of one keep-alive connection, and the ratio to the floor: the median over
rounds of the ratio within one round, because on a shared host the speed drifts from round to round.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import PEERS, ROOT, Server, free_port, peer_packages, running
from fhir_gepnet.json_io import read_json, read_json_file, write_json

REQUEST = ROOT / "examples" / "requests" / "midgut-progression.json"
HEADERS = {"Content-Type": "application/json"}
ROUNDS = 9


def as_floor_request(request: dict[str, Any]) -> dict[str, Any]:
    """The same resources under the three keys that the floor's dummy evaluation reads."""
    kept: dict[str, list[dict[str, Any]]] = {
        "observations": [],
        "conditions": [],
        "medications": [],
        "others": [],
    }
    patient: Any = None
    for value in request["prefetch"].values():
        for entry in (value or {}).get("entry", []):
            resource = entry["resource"]
            kept[_floor_key(resource)].append(entry)
        if value and value["resourceType"] == "Patient":
            patient = value
    bundles = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": found} for key, found in kept.items()
    }
    return request | {"prefetch": {"patient": patient, **bundles}}


def _floor_key(resource: dict[str, Any]) -> str:
    kind = resource["resourceType"]
    if kind == "Observation":
        return "observations"
    if kind == "Condition" and "clinicalStatus" in resource:
        return "conditions"
    if kind == "MedicationRequest" and "medicationCodeableConcept" in resource:
        return "medications"
    return "others"


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    """One request on a kept connection; anything but 200 ends the benchmark."""
    connection.request("POST", path, body, HEADERS)
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        sys.exit(f"{path} answered {response.status}: {answer[:300]!r}")
    return answer


def measure(server: Server, path: str, body: bytes, seconds: float) -> tuple[float, list[float]]:
    """CPU milliseconds per request of the server, and the wall milliseconds of each request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    walls = []
    before = server.cpu_seconds()
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        post(connection, path, body)
        walls.append((time.perf_counter() - start) * 1000)
    cpu = (server.cpu_seconds() - before) * 1000 / len(walls)
    connection.close()
    return cpu, walls


def serve_command(port: int, pathways: Path) -> list[str]:
    """The service as its user starts it, one worker."""
    return [sys.executable, "-m", "fhir_gepnet", "serve", "--port", str(port), "--pathways", str(pathways)]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One server under test and what it must answer before it is timed."""

    name: str
    command: list[str]
    port: int
    ready: str
    path: str
    body: bytes
    cards: int
    suggests: bool


def candidates(request: dict[str, Any]) -> list[Candidate]:
    """The floor, the service without logic, the service with the pathway: same resources each."""
    body, floor_body = write_json(request), write_json(as_floor_request(request))
    floor, empty, whole = free_port(), free_port(), free_port()
    floor_command = [sys.executable, str(PEERS / "floor_socket.py"), str(floor), "work"]
    empty_command = serve_command(empty, ROOT / "benchmarks" / "empty-pathway")
    whole_command = serve_command(whole, ROOT / "plandefinitions")
    service = "/cds-services/gepnet-2018"
    return [
        Candidate("floor", floor_command, floor, "", "/", floor_body, 3, True),
        Candidate(
            "empty pathway", empty_command, empty, "/health/ready", "/cds-services/empty", body, 0, False
        ),
        Candidate("gepnet-2018", whole_command, whole, "/health/ready", service, body, 2, True),
    ]


def check(candidate: Candidate, server: Server) -> None:
    """The answer must be right before its speed means anything; 200 warm-up requests follow."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    cards = read_json(post(connection, candidate.path, candidate.body))["cards"]
    if len(cards) != candidate.cards:
        sys.exit(f"{candidate.name}: {len(cards)} cards, {candidate.cards} expected")
    if candidate.suggests and not any("suggestions" in card for card in cards):
        sys.exit(f"{candidate.name}: no card has a suggestion")
    for _ in range(200):
        post(connection, candidate.path, candidate.body)
    connection.close()


def main() -> None:
    """Print one line per server with its ratio to the floor, then the goals."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--seconds", type=float, default=8, help="time per server, over all rounds")
    seconds = options.parse_args().seconds
    if not (PEERS / "floor_socket.py").exists():
        sys.exit("floor_socket.py is not at hand; set FHIR_GEPNET_PEERS to the folder that holds it")

    request = read_json_file(REQUEST)
    resources = sum(len(value.get("entry", [0])) for value in request["prefetch"].values() if value)
    print(f"{resources} resources, {len(write_json(request)):,} bytes, one keep-alive connection")
    tested = candidates(request)
    cpu: dict[str, list[float]] = {candidate.name: [] for candidate in tested}
    wall: dict[str, list[float]] = {candidate.name: [] for candidate in tested}
    with ExitStack() as stack:
        peers = {"PYTHONPATH": f"{peer_packages('orjson')}:{ROOT}"}
        servers = [
            stack.enter_context(running(one.name, one.command, one.port, one.ready, **peers))
            for one in tested
        ]
        for candidate, server in zip(tested, servers, strict=True):
            check(candidate, server)
        for _ in range(ROUNDS):
            for candidate, server in zip(tested, servers, strict=True):
                spent, walls = measure(server, candidate.path, candidate.body, seconds / ROUNDS)
                cpu[candidate.name].append(spent)
                wall[candidate.name] += walls

    print(
        f"{'server':<16}{'CPU ms':>8}{'x floor':>9}{'p50 ms':>8}{'p99 ms':>8}{'requests':>10}{'ready s':>9}"
    )
    for server in servers:
        spent, walls = statistics.median(cpu[server.name]), sorted(wall[server.name])
        ratios = [one / floor for one, floor in zip(cpu[server.name], cpu["floor"], strict=True)]
        p50, p99 = walls[len(walls) // 2], walls[int(len(walls) * 0.99)]
        line = f"{server.name:<16}{spent:>8.3f}{statistics.median(ratios):>9.2f}{p50:>8.2f}{p99:>8.2f}"
        print(f"{line}{len(walls):>10}{server.ready_seconds:>9.2f}")
    print("goals: gepnet-2018 at most 6 x floor, ready within 3 s")


if __name__ == "__main__":
    main()
