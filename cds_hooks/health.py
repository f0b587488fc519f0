"""/health/live: the process answers. /health/ready: content is loaded, and which."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response

from cds_hooks.responses import json_response
from cds_hooks.services import Service


def live() -> Response:
    """200 as long as the process can answer at all."""
    return json_response({"status": "live"})


def ready_view(services: Sequence[Service]) -> Callable[[], Response]:
    """200 with the plans that are served; there is no application before they are loaded."""
    plans = [{"id": service.id, "hook": service.hook, "plan": service.plan.canonical} for service in services]

    def ready() -> Response:
        return json_response({"status": "ready", "services": plans})

    return ready
