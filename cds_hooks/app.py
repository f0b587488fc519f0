"""The WSGI application: pathways loaded once, then addresses to views."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from cds_hooks.config import Configuration
from cds_hooks.cross_origin import register_cross_origin
from cds_hooks.discovery import discovery_view
from cds_hooks.fhir_routes import register_fhir
from cds_hooks.health import live, ready_view
from cds_hooks.invoke import invoke_view
from cds_hooks.responses import register_errors
from cds_hooks.services import Service, load_served
from fhir_gepnet import Pathway


def create_app(configuration: Configuration | None = None) -> Flask:
    """Load the pathways and make the application.

    Raises:
        ArtifactError: the pathway directory is not there.
        PathwayError: a pathway does not compile; lists every problem with its address.
    """
    configuration = configuration or Configuration()
    served = load_served(configuration.pathways)
    return application_of(served.services, configuration, served.pathways)


def application_of(
    services: Sequence[Service], configuration: Configuration, pathways: Sequence[Pathway] = ()
) -> Flask:
    """The application for services, and pathways below ``/fhir``, that are loaded already."""
    app = Flask("cds_hooks", static_folder=None)
    # One byte more than allowed: a body without a length is cut here in silence, and its reader sees by
    # that byte that it was too long.
    app.config["MAX_CONTENT_LENGTH"] = configuration.body_limit + 1
    by_id = {service.id: service for service in services}
    add = app.add_url_rule
    add("/cds-services", "discovery", discovery_view(services), methods=["GET"])
    add("/cds-services/<service_id>", "invoke", invoke_view(by_id, configuration), methods=["POST"])
    add("/health/live", "live", live, methods=["GET"])
    add("/health/ready", "ready", ready_view(services), methods=["GET"])
    register_fhir(app, pathways, configuration)
    register_errors(app)
    register_cross_origin(app, configuration.allowed_origins)
    return app
