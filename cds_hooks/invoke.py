"""POST /cds-services/{id}: a hook request in, cards out.

Five calls: read_envelope, record_from (PatientRecord.of), pathway.apply, cards_from, the response.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_hooks.cards import cards_from
from cds_hooks.config import Configuration
from cds_hooks.envelope import read_envelope
from cds_hooks.prefetch_values import record_from
from cds_hooks.responses import BY_STATUS, Problem, RefusedError, json_response
from cds_hooks.services import Service
from fhir_gepnet.errors import PatientDataError
from fhir_gepnet.json_io import read_json

log = logging.getLogger("cds_hooks")


def invoke_view(services: Mapping[str, Service], configuration: Configuration) -> Callable[[str], Response]:
    """The view function for these services.

    Its answers: 200 with cards; 400, 404, 412, 413 or 415 as a RefusedError; any other failure is a
    fault and ends in 500 (see ``responses``), never in an empty list.
    """

    contexts = {service.hook: {"hook": service.hook} for service in services.values()}

    def invoke(service_id: str) -> Response:
        started = time.perf_counter()
        service = services.get(service_id)
        if service is None:
            raise RefusedError(404, [BY_STATUS[404]])
        _check_media_type()
        body = request.get_data(cache=False)
        if len(body) > configuration.body_limit:
            raise RequestEntityTooLarge
        try:
            document = read_json(body, "the request body")
        except PatientDataError as error:
            raise RefusedError(400, [Problem("structure", str(error))]) from None
        envelope = read_envelope(document, service.hook)
        record, received = record_from(envelope.prefetch, service.templates, envelope.patient_id)
        result = service.pathway.apply(
            record, now=configuration.now(), plan=service.plan.id, context=contexts[service.hook]
        )
        cards = cards_from(result, hook_instance=envelope.hook_instance)
        response = json_response({"cards": cards})
        # Counts only: no identifier and no value of the request belongs in a log.
        log.info(
            "service=%s status=200 ms=%.1f bytes=%d resources=%d ignored=%d complete=%d issues=%d cards=%d",
            service_id,
            (time.perf_counter() - started) * 1000,
            len(body),
            received.resources,
            received.ignored,
            len(received.complete),
            len(result.issues),
            len(cards),
        )
        return response

    return invoke


def _check_media_type() -> None:
    mimetype = request.mimetype
    encoding = request.headers.get("Content-Encoding", "identity")
    if (mimetype != "application/json" and not mimetype.endswith("+json")) or encoding != "identity":
        raise RefusedError(415, [BY_STATUS[415]])
