"""Addresses below ``/fhir``, so that a FHIR client can use the service as a clinical-reasoning server.

| address | view |
| --- | --- |
| ``GET metadata`` | ``fhir_metadata`` |
| ``GET {type}``, ``POST {type}/_search``, ``GET {type}/{id}`` | ``fhir_artifacts`` |
| ``POST PlanDefinition[/{id}]/$apply``, ``…/$r5.apply`` | ``fhir_apply`` |
| ``POST Library[/{id}]/$evaluate`` | ``fhir_evaluate`` |
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from cds_hooks.config import Configuration
from cds_hooks.fhir_apply import FORMS, apply_view
from cds_hooks.fhir_artifacts import artifacts_of, read_view, search_view
from cds_hooks.fhir_evaluate import evaluate_view
from cds_hooks.fhir_metadata import metadata_view
from cds_hooks.responses import FHIR_ROOT
from fhir_gepnet import Pathway


def register_fhir(app: Flask, pathways: Sequence[Pathway], configuration: Configuration) -> None:
    """Add the FHIR addresses for these pathways; without any they answer with nothing to read or apply."""
    artifacts = artifacts_of(pathways)
    add = app.add_url_rule
    add(f"{FHIR_ROOT}/metadata", "metadata", metadata_view(artifacts, configuration.now()), methods=["GET"])
    search = search_view(artifacts)
    add(f"{FHIR_ROOT}/<resource_type>", "search", search, methods=["GET"])
    add(f"{FHIR_ROOT}/<resource_type>/_search", "search_form", search, methods=["POST"])
    add(f"{FHIR_ROOT}/<resource_type>/<identifier>", "read", read_view(artifacts), methods=["GET"])
    for form in FORMS:
        view = apply_view(artifacts, configuration, form)
        add(f"{FHIR_ROOT}/PlanDefinition/{form}", f"{form} of a type", view, methods=["POST"])
        add(f"{FHIR_ROOT}/PlanDefinition/<identifier>/{form}", form, view, methods=["POST"])
    evaluate = evaluate_view(artifacts, configuration)
    add(f"{FHIR_ROOT}/Library/$evaluate", "$evaluate of a type", evaluate, methods=["POST"])
    add(f"{FHIR_ROOT}/Library/<identifier>/$evaluate", "$evaluate", evaluate, methods=["POST"])
