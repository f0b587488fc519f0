"""The command ``gepnet``: one file per command."""

from __future__ import annotations

import sys

import click

from fhir_gepnet.cli.apply import apply_command
from fhir_gepnet.cli.check import check_command
from fhir_gepnet.cli.cql import cql_command
from fhir_gepnet.cli.fhirpath import fhirpath_command
from fhir_gepnet.cli.serve import serve_command
from fhir_gepnet.cli.test import test_command
from fhir_gepnet.cli.translate import translate_command
from fhir_gepnet.errors import GepnetError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fhir-gepnet", prog_name="gepnet")
def gepnet() -> None:
    """Computable care pathways: apply, check, test, translate and serve them.

    JSON and text go to stdout, messages to stderr. Exit status: 0 done, 1 wrong artefact or
    data, 2 wrong usage.
    """


for command in (
    apply_command,
    check_command,
    cql_command,
    fhirpath_command,
    serve_command,
    test_command,
    translate_command,
):
    gepnet.add_command(command)


def main() -> None:
    """Entry point; turns our own errors into a message and exit status 1."""
    try:
        gepnet()
    except GepnetError as error:
        click.echo(f"gepnet: {error}", err=True)
        sys.exit(1)
