"""gepnet fhirpath: one expression on one resource."""

from __future__ import annotations

from typing import BinaryIO

import click

from fhir_gepnet.cli.arguments import BUDGET, JSON_FILE, current, read_file
from fhir_gepnet.json_io import write_json_indented


@click.command("fhirpath")
@click.argument("expression")
@click.argument("resource", type=JSON_FILE)
@BUDGET
def fhirpath_command(expression: str, resource: BinaryIO, steps: int) -> None:
    """Evaluate the FHIRPath EXPRESSION on RESOURCE (JSON; - is stdin) and print the list of results."""
    from fhir_gepnet.logic.budget import Budget
    from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath

    results = compile_fhirpath(expression)(read_file(resource), now=current(), budget=Budget(steps=steps))
    click.echo(write_json_indented(results), nl=False)
