"""gepnet check: everything that is wrong with a pathway folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_gepnet.authoring.check import check_folder
from fhir_gepnet.cli.arguments import FOLDER


@click.command("check")
@click.argument("folder", type=FOLDER)
def check_command(folder: Path) -> None:
    """Report what does not validate, resolve or compile in FOLDER, all at once.

    Exit status 1 when there is an error; warnings alone give 0.
    """
    findings = check_folder(folder)
    for finding in findings:
        click.echo(str(finding))
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{_counted(errors, 'error')}, {_counted(len(findings) - errors, 'warning')}")
    if errors:
        sys.exit(1)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
