"""gepnet test: run the cases of a pathway folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_gepnet.authoring.cases import find_cases, run_case
from fhir_gepnet.cli.arguments import FOLDER
from fhir_gepnet.engine.pathway import load_pathway


@click.command("test")
@click.argument("folder", type=FOLDER)
def test_command(folder: Path) -> None:
    """Run the cases of FOLDER and say what differs from what they expect.

    Exit status 1 when a case fails, or when there is none.
    """
    cases = find_cases(folder)
    if not cases:
        click.echo(f"gepnet: no case below {folder / 'cases'}", err=True)
        sys.exit(1)
    pathway = load_pathway(folder)
    failed = 0
    for case in cases:
        differences = run_case(pathway, case)
        if differences:
            failed += 1
            click.echo(f"{case.name}: {'; '.join(differences)}")
    click.echo(f"{len(cases) - failed} passed, {failed} failed")
    if failed:
        sys.exit(1)
