"""gepnet translate: CQL -> ELM into the Libraries of a folder."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_gepnet.cli.arguments import FOLDER


@click.command("translate")
@click.argument("folder", type=FOLDER)
def translate_command(folder: Path) -> None:
    """Translate the CQL of FOLDER and write the ELM into its Libraries. Needs Node.

    Nothing is written when the translator finds an error.
    """
    from fhir_gepnet.authoring.translation import translate_folder

    for name in translate_folder(folder):
        click.echo(name)
