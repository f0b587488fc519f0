"""The command ``gepnet``: one file per command, imported when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from fhir_gepnet.errors import GepnetError

COMMANDS = ("apply", "check", "cql", "fhirpath", "serve", "test", "translate")


class CommandsOnDemand(click.Group):
    """Imports a command's file when it is needed, so that help and errors come at once."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All commands, by name."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of a name; None makes click say that there is none."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"fhir_gepnet.cli.{name}"), f"{name}_command")
        return command


@click.group(cls=CommandsOnDemand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fhir-gepnet", prog_name="gepnet")
def gepnet() -> None:
    """Computable care pathways: apply, check, test, translate and serve them.

    JSON and text go to stdout, messages to stderr. Exit status: 0 done, 1 wrong artefact or
    data, 2 wrong usage.
    """


def main() -> None:
    """Entry point; turns our own errors into a message and exit status 1."""
    try:
        gepnet()
    except GepnetError as error:
        click.echo(f"gepnet: {error}", err=True)
        sys.exit(1)
