"""gepnet serve: the CDS Hooks service."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from fhir_gepnet.cli.arguments import FOLDER


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--pathways", type=FOLDER, help="Directory of pathway folders; default: those installed.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
def serve_command(host: str, port: int, pathways: Path | None, workers: int) -> None:
    """Serve the pathways as CDS Hooks until interrupted.

    Further settings come from the environment: FHIR_GEPNET_PATHWAYS, FHIR_GEPNET_ZONE,
    FHIR_GEPNET_BODY_LIMIT, FHIR_GEPNET_ALLOWED_ORIGINS.
    """
    from cds_hooks.config import configuration_from
    from cds_hooks.server import serve

    configuration = configuration_from(os.environ)
    if pathways is not None:
        configuration = replace(configuration, pathways=pathways.resolve())
    serve(host, port, configuration=configuration, workers=workers)
