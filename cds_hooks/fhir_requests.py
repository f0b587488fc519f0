"""What every FHIR request has: media types both ways, ``_format`` and ``_pretty``, and how it is answered.

Source: FHIR R4 §3.1.0.1.9 (content types), §3.1.0.1.11 (``_format``, ``_pretty``). JSON only; a request that
wants XML or another version of FHIR is refused, because an answer that it cannot read helps nobody.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_accept_header, parse_options_header

from cds_hooks.responses import FHIR_BY_STATUS, FHIR_JSON, JSON, PRIVATE, Problem, RefusedError
from fhir_gepnet.errors import PatientDataError
from fhir_gepnet.json_io import read_json, write_json, write_json_indented

FHIR_VERSION = "4.0"
OF_JSON = frozenset({FHIR_JSON, JSON, "text/json", "json"})
ANYTHING = frozenset({"*/*", "application/*", "*"})
NOT_ACCEPTABLE = Problem("not-supported", "answers are application/fhir+json of FHIR 4.0; accept that")
GENERAL = frozenset({"_format", "_pretty"})
"""Parameters of the query that every FHIR address takes."""


def check_accept() -> None:
    """Refuse a request whose answer could not be read by the sender.

    Raises:
        RefusedError: 406.
    """
    wanted = request.args.get("_format")
    # A "+" of a query is a blank once decoded, and clients do send it bare.
    asked = [wanted.replace(" ", "+")] if wanted else [value for value, _ in _accepted()]
    if asked and not any(_is_ours(value) for value in asked):
        raise RefusedError(406, [NOT_ACCEPTABLE])


def _accepted() -> list[tuple[str, float]]:
    header = request.headers.get("Accept", "")
    return [(value, quality) for value, quality in parse_accept_header(header) if quality > 0]


def _is_ours(value: str) -> bool:
    media_type, options = parse_options_header(value)
    return media_type in ANYTHING or (media_type in OF_JSON and _of_our_version(options))


def _of_our_version(options: dict[str, str]) -> bool:
    return options.get("fhirversion", options.get("fhirVersion", FHIR_VERSION)) == FHIR_VERSION


def read_body(limit: int) -> Any:
    """The JSON document of a request.

    Raises:
        RefusedError: 415 for another media type or version, 400 for what is not JSON.
        RequestEntityTooLarge: more bytes than the limit.
    """
    options = request.mimetype_params
    encoding = request.headers.get("Content-Encoding", "identity")
    if request.mimetype not in OF_JSON or encoding != "identity" or not _of_our_version(options):
        raise RefusedError(415, [FHIR_BY_STATUS[415]])
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise RequestEntityTooLarge
    try:
        return read_json(body, "the request body")
    except PatientDataError as error:
        raise RefusedError(400, [Problem("structure", str(error))]) from None


def fhir_response(resource: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """A resource as the answer, indented when ``_pretty`` asks for it."""
    pretty = request.args.get("_pretty") == "true"
    body = write_json_indented(resource) if pretty else write_json(resource)
    return Response(body, status, PRIVATE | headers, content_type=FHIR_JSON)
