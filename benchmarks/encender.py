"""npm encender beside us: the one $apply of a package registry that runs without a server.

It is installed once into the cache folder, with the versions below. It knows the language label ``text/cql``
only, so conditions are relabelled for it; it cannot run FHIRPath conditions or several libraries of a plan.
"""

from __future__ import annotations

import base64
import shutil
import statistics
import subprocess
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.servers import peer_folder
from fhir_gepnet.json_io import read_json, write_json

PACKAGES = ("encender@0.7.1", "cql-execution@3.3.2", "cql-exec-fhir@2.2.0")
SCRIPT = Path(__file__).with_name("encender.mjs")
RUNS, WARM_UP = 20, 2
LONGEST = 300
ELM = "application/elm+json"


class AbsentError(Exception):
    """It cannot be run here; says why."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What encender answered and took.

    Attributes:
        ids: sorted ids of all actions in the RequestGroup.
        median: wall milliseconds per application.
        worst: the longest of them.
        cpu: CPU milliseconds of its process per application, worker threads included.
    """

    ids: list[str]
    median: float
    worst: float
    cpu: float


def installed() -> Path:
    """The folder with the packages, installed when they are not there yet.

    Raises:
        AbsentError: no Node, or they cannot be installed.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise AbsentError("Node is not installed")
    folder = peer_folder(*PACKAGES)
    if not (folder / "node_modules" / "encender").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=LONGEST, check=False)
        if done.returncode != 0:
            raise AbsentError(f"npm cannot install {', '.join(PACKAGES)}")
    return folder


def timed(plan: dict[str, Any], artifacts: tuple[dict[str, Any], ...], bundle: dict[str, Any]) -> Timed:
    """Apply a plan in encender.

    Args:
        plan: the PlanDefinition.
        artifacts: everything that it refers to.
        bundle: the patient's data.

    Raises:
        AbsentError: encender is not there, or cannot run this plan.
    """
    patient = [entry["resource"] for entry in bundle["entry"]]
    (subject,) = [each["id"] for each in patient if each["resourceType"] == "Patient"]
    asked = {
        "plan": _relabelled(plan),
        "resources": [*patient, *artifacts],
        "elm": {each["id"]: _elm(each) for each in artifacts if each["resourceType"] == "Library"},
        "subject": f"Patient/{subject}",
        "warmUp": WARM_UP,
        "runs": RUNS,
    }
    command = ["node", "--no-warnings", str(SCRIPT), str(installed())]
    done = subprocess.run(command, input=write_json(asked), capture_output=True, timeout=LONGEST, check=False)
    if done.returncode != 0:
        last = done.stderr.decode().strip().splitlines()
        raise AbsentError(next((line for line in last if "Error" in line), "it stopped without a word"))
    answer = read_json(done.stdout)
    wall = [float(each) for each in answer["wall"]]
    return Timed(answer["ids"], statistics.median(wall), max(wall), float(answer["cpu"]))


def _relabelled(plan: dict[str, Any]) -> dict[str, Any]:
    copy = deepcopy(plan)
    for action in copy["action"]:
        for condition in action.get("condition", ()):
            condition["expression"]["language"] = "text/cql"
    return copy


def _elm(library: dict[str, Any]) -> Any:
    (data,) = [each["data"] for each in library["content"] if each["contentType"] == ELM]
    return read_json(base64.b64decode(data))
