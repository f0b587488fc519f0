"""Start a server under test, wait until it answers, and read what it cost: CPU of its whole process tree."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
PEERS = Path(os.environ.get("FHIR_GEPNET_PEERS", ROOT.parent / "shared" / "peers"))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its name, port, process and the seconds from start to the first answer."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """User and system time of the process and its descendants so far (Linux: /proc)."""
        return sum(_ticks(pid) for pid in _tree(self.process.pid)) / TICKS


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            children = (task / "children").read_text().split()
        except FileNotFoundError:
            continue  # a thread that ended since the folder was listed
        for child in children:
            yield from _tree(int(child))


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(name: str, command: list[str], port: int, path: str, **environment: str) -> Iterator[Server]:
    """Run a command until the block ends; ready when a GET of the path gets any answer."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | environment)
        try:
            yield Server(name, port, process, _wait(process, log, port, path) - started)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(process: subprocess.Popen[bytes], log: IO[bytes], port: int, path: str) -> float:
    give_up = time.perf_counter() + 30
    while time.perf_counter() < give_up:
        if process.poll() is not None:
            log.seek(0)
            sys.exit(f"the server stopped before it answered:\n{log.read().decode()}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.connect()
            if path:
                connection.request("GET", path)
                connection.getresponse().read()
            return time.perf_counter()
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    sys.exit("the server did not answer within 30 seconds")


def peer_folder(*names: str) -> Path:
    """Where ``peer_packages`` puts these packages, whether they are there or not; kept between runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "fhir_gepnet" / "benchmarks" / "-".join(names)


def peer_packages(*names: str) -> str:
    """A folder with packages that only peers need, installed once outside the repository."""
    folder = peer_folder(*names)
    if not folder.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--target", str(folder), *names], check=True)
    return str(folder)
