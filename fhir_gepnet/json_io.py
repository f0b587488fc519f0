"""The one door for JSON: decimals stay exact both ways, and nobody else imports a JSON library.

``2.50`` is read as ``Decimal("2.50")`` and written as ``2.50``: the digits of a laboratory
result are part of the result (FHIR R4, data type decimal). Integers stay ``int``.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from fhir_gepnet.errors import PatientDataError

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def read_json(body: bytes | str, what: str = "the JSON") -> Any:
    """Parse JSON text, keeping decimals exact.

    Args:
        body: UTF-8 bytes or text.
        what: how to call the text in a message ("the request body", a file name).

    Raises:
        PatientDataError: not JSON; says at which byte, never what stands there.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError) as error:
        position = str(error).rpartition("(byte ")[2].rstrip(")")
        at = f" at byte {position}" if position.isdigit() else ""
        raise PatientDataError(f"{what} is not JSON{at}; send UTF-8 encoded JSON") from None
    except RecursionError:
        raise PatientDataError(f"{what} is nested too deeply; flatten it") from None


def write_json(document: object) -> bytes:
    """Compact JSON bytes; dict order is kept, so the same document gives the same bytes."""
    return _encoder.encode(document)


def write_json_indented(document: object) -> bytes:
    """JSON bytes for people: two-space indentation and a final line feed."""
    return msgspec.json.format(_encoder.encode(document), indent=2) + b"\n"


def read_json_file(path: Path | str) -> Any:
    """Parse one file.

    Raises:
        PatientDataError: the file cannot be read or is not JSON; names the file.
    """
    try:
        body = Path(path).read_bytes()
    except OSError as error:
        raise PatientDataError(f"{path} cannot be read: {error.strerror}") from None
    return read_json(body, str(path))
