"""HTTP answers: JSON through one door, errors as OperationOutcome, nothing of a patient in either.

Source: CDS Hooks 3.0 (errors carry an OperationOutcome, as application/json), FHIR R4 issue types and
§3.1.0 (below ``/fhir`` everything is application/fhir+json).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from fhir_gepnet.errors import GepnetError, PatientDataError
from fhir_gepnet.json_io import write_json

log = logging.getLogger("cds_hooks")

JSON = "application/json"
FHIR_JSON = "application/fhir+json"
FHIR_ROOT = "/fhir"
MOST_DRAINED = 20_000_000
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One issue of an OperationOutcome.

    Attributes:
        code: FHIR R4 IssueType.
        text: what is wrong and what to do; never a value of the request.
        element: path of the member of the request, "" when it is about the whole.
    """

    code: str
    text: str
    element: str = ""


class RefusedError(GepnetError):
    """A request that is not answered with cards; the sender can mend it."""

    def __init__(self, status: int, problems: Iterable[Problem]) -> None:
        self.status, self.problems = status, tuple(problems)
        super().__init__(status, self.problems)

    def __str__(self) -> str:
        return "; ".join(problem.text for problem in self.problems)


BY_STATUS = {
    400: Problem("invalid", "the request cannot be read; send a CDS Hooks request as JSON"),
    404: Problem("not-found", "there is nothing at this address; GET /cds-services lists the services"),
    405: Problem("not-supported", "this address does not take this method; see the Allow header"),
    413: Problem("too-long", "the request body is larger than this service accepts"),
    415: Problem("not-supported", "send the request as Content-Type: application/json, not compressed"),
    500: Problem("exception", "the service failed on this request; nothing was evaluated"),
}
FHIR_BY_STATUS = BY_STATUS | {
    400: Problem("invalid", "the request cannot be read; send a FHIR R4 request as JSON"),
    404: Problem("not-found", "there is nothing at this address; GET /fhir/metadata says what there is"),
    415: Problem("not-supported", "send the request as Content-Type: application/fhir+json, not compressed"),
}


def json_response(document: object, status: int = 200) -> Response:
    """A JSON answer that is kept by nobody on the way."""
    return Response(write_json(document), status, PRIVATE, content_type=JSON)


def asked_in_fhir() -> bool:
    """Whether the current request is for a FHIR address, whose answers are FHIR as well."""
    return request.path == FHIR_ROOT or request.path.startswith(FHIR_ROOT + "/")


def refusal(problems: Iterable[Problem], status: int) -> Response:
    """An OperationOutcome in the media type of the address that was asked."""
    response = json_response(outcome(problems), status)
    if asked_in_fhir():
        response.content_type = FHIR_JSON
    return response


def outcome(problems: Iterable[Problem]) -> dict[str, Any]:
    """An OperationOutcome with one error per problem."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(problem) for problem in problems]}


def register_errors(app: Flask) -> None:
    """Every way in which a request can fail ends in an OperationOutcome, an internal fault in 500."""
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(PatientDataError, _patient_data)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)


def _refused(error: RefusedError) -> Response:
    # Elements are names of ours; members that only the client knows are never named.
    log.info("status=%d elements=%s", error.status, ",".join(each.element for each in error.problems))
    return refusal(error.problems, error.status)


def _patient_data(error: PatientDataError) -> Response:
    log.info("status=400 elements=prefetch")
    # Its text says which part is wrong and never what stands there (fhir_gepnet/errors.py).
    return refusal([Problem("structure", str(error), "prefetch")], 400)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        _drain()
    log.info("status=%d", status)
    problems = FHIR_BY_STATUS if asked_in_fhir() else BY_STATUS
    response = refusal([problems.get(status, problems[400 if status < 500 else 500])], status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _drain() -> None:
    """Read what the sender still sends, within reason.

    A server that answers and closes in the middle of a body resets the connection, and the client
    sees a network error in place of the 413.
    """
    stream = request.environ["wsgi.input"]
    left = MOST_DRAINED
    if not request.environ.get("wsgi.input_terminated"):
        left = min(left, request.content_length or 0)
    while left > 0 and (chunk := stream.read(min(left, 65_536))):
        left -= len(chunk)


def _fault(error: Exception) -> Response:
    """500, never an empty list of cards: a client would show that as "nothing to say"."""
    # The text of a foreign exception may quote a value (KeyError does), so only its type and its
    # place are logged.
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else "unknown"
    said = f": {error}" if isinstance(error, GepnetError) else ""
    log.error("fault=%s at=%s%s", type(error).__name__, place, said)
    return refusal([BY_STATUS[500]], 500)


def _issue(problem: Problem) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": "error", "code": problem.code, "diagnostics": problem.text}
    if problem.element:
        issue["expression"] = [problem.element]
    return issue
