"""What npm cql-execution answers to the same ELM, and how its values compare with ours."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from fhir_gepnet.errors import GepnetError, Where
from fhir_gepnet.fhir.dates import parse_date_time, parse_time
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.terminology.expansion import Terminology

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhir_gepnet"
PEERS = Path(os.environ.get("FHIR_GEPNET_NPM_PEERS") or CACHE / "peers")
SCRIPT = ROOT / "scripts" / "cql_execution.mjs"


def absent() -> str:
    """Why the peer cannot be asked; empty when it can."""
    if shutil.which("node") is None:
        return "npm cql-execution needs Node"
    if not (PEERS / "node_modules" / "cql-execution").is_dir():
        return "npm cql-execution is not installed; run scripts/install_peers"
    return ""


def asked(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The peer's answers to requests as ``scripts/cql_execution.mjs`` describes them."""
    done = subprocess.run(
        ["node", str(SCRIPT)],
        cwd=PEERS,
        input=write_json(requests),
        capture_output=True,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    )
    answers: list[dict[str, Any]] = read_json(done.stdout)
    assert len(answers) == len(requests)
    return answers


def bundle_of(data: Any) -> dict[str, Any]:
    """A Bundle from a Bundle or a list of resources."""
    if isinstance(data, dict):
        return data
    entries = [{"resource": resource} for resource in data]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def codes_of(value_sets: Iterable[Any], code_systems: Iterable[Any] = ()) -> dict[str, Any]:
    """Expansions as the peer's code service takes them."""
    value_sets = list(value_sets)
    terminology = Terminology(value_sets, code_systems)
    found: dict[str, Any] = {}
    for resource in value_sets:
        held = terminology.value_set(resource["url"], Where(resource["url"]))
        codes = [{"system": system, "code": code} for system, code in sorted(held.codes)]
        found[held.url] = {held.version or "1": codes}
    return found


def elm_in(folder: Path) -> Iterator[Any]:
    """The ELM that the Library resources of a pathway carry."""
    for file in sorted((folder / "library").glob("*.json")):
        for content in read_json_file(file).get("content", ()):
            if content["contentType"] == "application/elm+json":
                yield read_json(base64.b64decode(content["data"]))


def outcome(evaluate: Any) -> Any:
    """A value, or that it broke."""
    try:
        return evaluate()
    except GepnetError as error:
        return {"error": str(error)}


_EXACT = Context(prec=60)
_MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d)?)?(T.*)?")
_TIME = re.compile(r"T?\d\d(:\d\d(:\d\d(\.\d+)?)?)?")


def normal(value: Any) -> Any:
    """A value without differences of notation.

    Numbers to eight places; moments as their components, milliseconds as 0 beside seconds; errors alike.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return number.quantize(Decimal("1E-8"), context=_EXACT).normalize(_EXACT) + 0
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {"error"}:
            return "an error"
        kept = {key: normal(item) for key, item in value.items()}
        return {key: kept[key] for key in sorted(kept) if kept[key] is not None}
    return _text(value)


def _text(value: str) -> Any:
    moment = parse_date_time(value) if _MOMENT.fullmatch(value) else None
    if moment is not None and "T" in value:
        return ("moment", moment.text.replace("+00:00", "Z"))
    time = parse_time(value.removeprefix("T")) if _TIME.fullmatch(value) and ":" in value else None
    return ("time", time.text) if time is not None else value
