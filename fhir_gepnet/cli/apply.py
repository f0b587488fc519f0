"""gepnet apply: one patient through one pathway."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from fhir_gepnet.cli.arguments import FOLDER, JSON_FILE, current, moment, read_file
from fhir_gepnet.engine.compare import compare, comparison_text
from fhir_gepnet.engine.explain import decisions_json, explanation
from fhir_gepnet.engine.pathway import Pathway, load_pathway
from fhir_gepnet.engine.result import Result
from fhir_gepnet.errors import InvocationError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import write_json_indented


def _cards(result: Result, explain: bool) -> Any:
    from cds_hooks.cards import cards_from

    return {"cards": cards_from(result)}


FORMS: dict[str, Callable[[Result, bool], Any]] = {
    "careplan": lambda result, explain: result.care_plan(),
    "bundle": lambda result, explain: result.bundle(),
    "cards": _cards,
    "decisions": lambda result, explain: decisions_json(result.decisions, explain=explain),
    "trace": lambda result, explain: result.trace(),
    "board": lambda result, explain: result.board(),
}


def _types(complete: str, pathway: Pathway) -> list[str]:
    """The resource types that --complete names; ``all`` is every type that the pathway reads."""
    read = [need.resource_type for need in pathway.data_needs]
    named = [name.strip() for name in complete.split(",") if name.strip()]
    unknown = [name for name in named if name not in read and name != "all"]
    if unknown:
        raise click.BadParameter(
            f"the pathway does not read {', '.join(unknown)}; it reads {', '.join(read)}"
        )
    return read if "all" in named else named


def _difference(result: Result, previous: BinaryIO, form: str) -> Any:
    difference = compare(read_file(previous), decisions_json(result.decisions))
    return difference if form == "decisions" else comparison_text(difference)


@click.command("apply")
@click.argument("folder", type=FOLDER)
@click.argument("patient", type=JSON_FILE)
@click.option("--plan", metavar="ID", help="Id or canonical of the plan; default: the folder's pathway.")
@click.option(
    "--now", metavar="ISO", callback=moment, help="Moment of the decision, with its zone; default: the clock."
)
@click.option("--as", "form", type=click.Choice(list(FORMS)), default="careplan", show_default=True)
@click.option("--explain", is_flag=True, help="Say for every action why; into the decisions, else to stderr.")
@click.option(
    "--complete",
    metavar="TYPES",
    default="",
    help="Types of which PATIENT holds all there is: Condition,Observation,... or all.",
)
@click.option(
    "--compare",
    "previous",
    type=JSON_FILE,
    metavar="PREVIOUS.json",
    help="Say what differs from an earlier result (what --as decisions, careplan or bundle wrote); "
    "as text, with --as decisions as JSON.",
)
@click.option("--parameters", type=JSON_FILE, help="JSON object of library parameters by name.")
def apply_command(
    folder: Path,
    patient: BinaryIO,
    plan: str | None,
    now: datetime | None,
    form: str,
    explain: bool,
    complete: str,
    previous: BinaryIO | None,
    parameters: BinaryIO | None,
) -> None:
    """Apply the pathway in FOLDER to PATIENT (a Bundle; - is stdin)."""
    given = {} if parameters is None else read_file(parameters)
    if not isinstance(given, dict):
        raise InvocationError("--parameters takes a JSON object of values by name")
    pathway = load_pathway(folder)
    record = PatientRecord.of(read_file(patient), complete=_types(complete, pathway))
    result = pathway.apply(record, now=now or current(), plan=plan, parameters=given)
    written = FORMS[form](result, explain) if previous is None else _difference(result, previous, form)
    if isinstance(written, str):
        click.echo(written)
    else:
        click.echo(write_json_indented(written), nl=False)
    if explain and form != "decisions":
        click.echo(explanation(result.decisions), err=True)
