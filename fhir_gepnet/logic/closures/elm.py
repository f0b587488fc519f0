"""All closures of ELM operators: importing this module registers them."""

from fhir_gepnet.logic.closures import (
    elm_aggregates,
    elm_arithmetic,
    elm_clinical,
    elm_comparison,
    elm_date_time,
    elm_intervals,
    elm_lists,
    elm_logical,
    elm_queries,
    elm_references,
    elm_retrieves,
    elm_strings,
    elm_structures,
    elm_types,
)

__all__ = [
    "elm_aggregates",
    "elm_arithmetic",
    "elm_clinical",
    "elm_comparison",
    "elm_date_time",
    "elm_intervals",
    "elm_lists",
    "elm_logical",
    "elm_queries",
    "elm_references",
    "elm_retrieves",
    "elm_strings",
    "elm_structures",
    "elm_types",
]
