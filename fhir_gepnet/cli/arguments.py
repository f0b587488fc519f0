"""What several commands take: folders, JSON files, a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from fhir_gepnet.json_io import read_json
from fhir_gepnet.logic.budget import Budget

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
JSON_FILE = click.File("rb")


BUDGET = click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=Budget().steps,
    show_default=True,
    help="Items that loops may walk before the evaluation is given up.",
)


def read_file(file: BinaryIO) -> Any:
    """The JSON of an opened file; ``-`` is stdin.

    Raises:
        PatientDataError: not JSON; names the file.
    """
    name = getattr(file, "name", "")
    return read_json(file.read(), "stdin" if name in ("", "<stdin>") else str(name))


def moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    """``--now`` as a datetime that knows its zone; None when it is not given.

    Raises:
        BadParameter: not ISO 8601, or without a zone.
    """
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a moment; write 2026-11-23T12:00:00Z") from None
    if read.utcoffset() is None:
        raise click.BadParameter(f"{value!r} has no zone; write 2026-11-23T12:00:00Z")
    return read


def current() -> datetime:
    """The clock. The command line is an edge; nothing below it looks at the time."""
    return datetime.now(UTC)
