"""gepnet cql: every define of a translated library on one patient."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from fhir_gepnet.cli.arguments import BUDGET, FOLDER, JSON_FILE, current, moment, read_file
from fhir_gepnet.errors import ArtifactError, Where
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file, write_json_indented
from fhir_gepnet.pathway.artifacts import Artifact
from fhir_gepnet.pathway.library_content import elm_of, name_of


@click.command("cql")
@click.argument("library", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("patient", type=JSON_FILE)
@click.option("--include", type=FOLDER, help="Directory with the libraries it includes, and value sets.")
@click.option("--now", metavar="ISO", callback=moment, help="Moment of evaluation; default: the clock.")
@click.option(
    "--complete", metavar="TYPES", default="", help="Types whose search was complete: Condition,..."
)
@BUDGET
@click.option("--trace", is_flag=True, help="What every define and node gave, instead of the values.")
def cql_command(
    library: Path,
    patient: BinaryIO,
    include: Path | None,
    now: datetime | None,
    complete: str,
    steps: int,
    trace: bool,
) -> None:
    """Evaluate every define of LIBRARY (ELM JSON, or a Library resource that holds ELM) for PATIENT.

    With --trace the output is a list: of each define its verdict (true, false, null, other, failed,
    several, not reached), number of evaluations, values and the resources touched, and the same of each of
    its nodes by localId and locator.
    """
    from fhir_gepnet.logic import Budget, Recorder, load_libraries

    resource = read_json_file(library)
    elm = _elm(library, resource)
    if elm is None:
        raise ArtifactError(Where(str(library)), "the file holds no ELM", "run `gepnet translate FOLDER`")
    others = [] if include is None else _others(include, name_of(elm))
    libraries = load_libraries(
        [elm, *(found for file, each in others if (found := _elm(file, each)) is not None)],
        value_sets=[each for _, each in others if each.get("resourceType") == "ValueSet"],
        code_systems=[each for _, each in others if each.get("resourceType") == "CodeSystem"],
    )
    types = [name.strip() for name in complete.split(",") if name.strip()]
    record = PatientRecord.of(read_file(patient), complete=types)
    recorder = Recorder() if trace else None
    values = libraries[name_of(elm)].evaluate(
        record,
        now=now or current(),
        parameters=_bound(libraries, record),
        budget=Budget(steps=steps),
        recorder=recorder,
    )
    click.echo(write_json_indented(values if recorder is None else recorder.trace()), nl=False)


def _bound(libraries: Any, record: PatientRecord) -> dict[str, Any]:
    name = "Complete Searches"
    return {name: sorted(record.complete)} if name in libraries.parameters else {}


def _others(directory: Path, name: str) -> list[tuple[Path, dict[str, Any]]]:
    """Every JSON object below a directory but the library of this name."""
    found = []
    for file in sorted(directory.rglob("*.json")):
        document = read_json_file(file)
        if isinstance(document, dict):
            elm = _elm(file, document)
            if elm is None or name_of(elm) != name:
                found.append((file, document))
    return found


def _elm(file: Path, document: Any) -> dict[str, Any] | None:
    """ELM of a file: as it is, or from a Library resource; None for anything else."""
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("library"), dict):
        return document
    if document.get("resourceType") == "Library":
        return elm_of(Artifact(file, {"url": str(file), "version": "", **document}))
    return None
