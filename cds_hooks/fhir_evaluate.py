"""``POST /fhir/Library[/{id}]/$evaluate``: Parameters in, Parameters with one parameter per define out.

Source: CPG Library-evaluate. A define that breaks is an OperationOutcome under its name; the others keep
their values, and null is said (``fhir_gepnet/engine/result_parameters.py``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from flask import Response

from cds_hooks.config import Configuration
from cds_hooks.fhir_artifacts import Artifacts
from cds_hooks.fhir_parameters import DATA, REFERENCE, TEXT, Accepted, read_parameters
from cds_hooks.fhir_records import record_of
from cds_hooks.fhir_requests import check_accept, fhir_response, read_body
from cds_hooks.prefetch import templates_for
from cds_hooks.responses import Problem, RefusedError
from fhir_gepnet import evaluate_library
from fhir_gepnet.errors import InvocationError, Where

log = logging.getLogger("cds_hooks")

EVALUATE: Mapping[str, Accepted] = {
    "subject": Accepted(REFERENCE),
    "expression": Accepted(("valueString",), repeats=True),
    **DATA,
}
AT_TYPE_LEVEL: Mapping[str, Accepted] = {"url": Accepted(TEXT), "version": Accepted(TEXT)}


def evaluate_view(artifacts: Artifacts, configuration: Configuration) -> Callable[[str | None], Response]:
    """The view of the operation, at instance level with an id and at type level without."""

    def evaluate(identifier: str | None = None) -> Response:
        started = time.perf_counter()
        check_accept()
        document = read_body(configuration.body_limit)
        if identifier is None:
            given = read_parameters(document, {**EVALUATE, **AT_TYPE_LEVEL})
            if given.one("url") is None:
                text = "url is required; or ask at Library/{id}/$evaluate"
                raise RefusedError(400, [Problem("required", text, "url")])
            address, _, version = given.one("url").partition("|")
            library, pathway = artifacts.canonical("Library", address, given.one("version") or version)
        else:
            library, pathway = artifacts.named("Library", identifier)
            given = read_parameters(document, EVALUATE)
        templates = templates_for(pathway.data_needs, Where(library["url"]))
        record = record_of(given, given.one("subject"), templates)
        try:
            values = evaluate_library(
                pathway,
                library,
                record,
                now=configuration.now(),
                parameters=given.one("parameters"),
                expressions=given.all("expression"),
            )
        except InvocationError as error:
            raise RefusedError(422, [Problem("value", str(error))]) from None
        log.info(
            "operation=$evaluate status=200 ms=%.1f defines=%d",
            (time.perf_counter() - started) * 1000,
            len(values.get("parameter", ())),
        )
        return fhir_response(values)

    return evaluate
