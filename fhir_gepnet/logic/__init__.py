"""Formulas: ELM libraries and FHIRPath, compiled once and evaluated per patient."""

from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.logic.definitions import Definition
from fhir_gepnet.logic.elm.retrieves import Retrieve
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath
from fhir_gepnet.logic.loading import load_libraries
from fhir_gepnet.logic.observe import Recorder, coverage_of
from fhir_gepnet.logic.program import Libraries, Library
from fhir_gepnet.logic.surface import to_plain

__all__ = [
    "Budget",
    "Definition",
    "Libraries",
    "Library",
    "Recorder",
    "Retrieve",
    "compile_fhirpath",
    "coverage_of",
    "load_libraries",
    "to_plain",
]
