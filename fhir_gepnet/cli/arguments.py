"""What several commands take: folders, JSON files, a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from fhir_gepnet.json_io import read_json

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
JSON_FILE = click.File("rb")


def read_file(file: BinaryIO) -> Any:
    """The JSON of an opened file; ``-`` is stdin.

    Raises:
        PatientDataError: not JSON; names the file.
    """
    name = getattr(file, "name", "")
    return read_json(file.read(), "stdin" if name in ("", "<stdin>") else str(name))


class Moment(click.ParamType[datetime]):
    """``--now``: ISO 8601 with a zone."""

    name = "ISO"

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> datetime:
        """A datetime aware of its zone."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a moment; write 2026-11-23T12:00:00Z", parameter, context)
        if moment.utcoffset() is None:
            self.fail(f"{value!r} has no zone; write 2026-11-23T12:00:00Z", parameter, context)
        return moment


def current() -> datetime:
    """The clock. The command line is an edge; nothing below it looks at the time."""
    return datetime.now(UTC)
