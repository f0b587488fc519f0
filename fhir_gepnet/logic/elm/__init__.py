"""The ELM front end: importing this package registers the readers of all node kinds."""

from fhir_gepnet.logic.elm import (
    clinical,
    date_time,
    intervals,
    iteration,
    lists,
    literals,
    logical,
    operators,
    properties,
    queries,
    references,
    retrieves,
    tree,
    type_operators,
)

__all__ = [
    "clinical",
    "date_time",
    "intervals",
    "iteration",
    "lists",
    "literals",
    "logical",
    "operators",
    "properties",
    "queries",
    "references",
    "retrieves",
    "tree",
    "type_operators",
]
