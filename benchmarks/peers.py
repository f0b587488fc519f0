"""npm engines in Node, where ``scripts/install_peers`` put them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benchmarks.servers import ROOT
from fhir_gepnet.json_io import read_json, write_json


def npm_peers() -> str:
    """The folder with the peers' node_modules; installs them the first time."""
    done = subprocess.run([ROOT / "scripts" / "install_peers"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout.strip()


def cql_execution(request: dict[str, Any]) -> dict[str, Any]:
    """What ``scripts/cql_execution.mjs`` answers to one request.

    Raises:
        RuntimeError: Node or the engine broke.
    """
    command = ["node", str(ROOT / "scripts" / "cql_execution.mjs")]
    text = write_json(request)
    done = subprocess.run(command, cwd=npm_peers(), input=text, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode()[-2000:])
    (answer,) = read_json(done.stdout)
    found: dict[str, Any] = answer
    return found
