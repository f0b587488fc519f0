"""GET /cds-services: made once, answered from memory, 304 when the client has it already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from flask import Response, request

from cds_hooks.prefetch import published, usage_requirements
from cds_hooks.responses import JSON
from cds_hooks.services import Service, discovery_entry
from fhir_gepnet.json_io import write_json

# Clients keep it between calls; with new content a worker answers with another ETag.
FRESH_FOR = "public, max-age=300"


def discovery_body(services: Sequence[Service]) -> bytes:
    """The discovery document; ``{"services": []}`` when nothing is served."""
    entries = [
        discovery_entry(service, published(service.templates), usage_requirements(service.templates))
        for service in services
    ]
    return write_json({"services": entries})


def discovery_view(services: Sequence[Service]) -> Callable[[], Response]:
    """The view function for these services."""
    body = discovery_body(services)
    tag = hashlib.sha256(body).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": FRESH_FOR, "X-Content-Type-Options": "nosniff"}

    def discovery() -> Response:
        if request.if_none_match.contains_weak(tag):
            return Response(status=304, headers=headers)
        return Response(body, 200, headers, content_type=JSON)

    return discovery
