"""Computable care pathways: a patient's FHIR data in, decisions with their reasons out."""

from fhir_gepnet.engine.apply_activity import ActivityResult
from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.evaluation import evaluate_library
from fhir_gepnet.engine.given_parameters import plain_parameters
from fhir_gepnet.engine.operation import Operation, apply_operation, read_operation
from fhir_gepnet.engine.pathway import Pathway, load_pathway
from fhir_gepnet.engine.result import Result
from fhir_gepnet.engine.selection import Violation
from fhir_gepnet.engine.several import Entry, apply_all
from fhir_gepnet.engine.timing import Window
from fhir_gepnet.errors import (
    ArtifactError,
    BudgetExceededError,
    ExpressionError,
    GepnetError,
    InvocationError,
    PathwayError,
    PatientDataError,
)
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.pathway.artifacts import version_key
from fhir_gepnet.pathway.data_needs import DataNeed
from fhir_gepnet.pathway.model import Plan
from fhir_gepnet.pathway.registry import find_pathways

__all__ = [
    "ActivityResult",
    "ArtifactError",
    "Budget",
    "BudgetExceededError",
    "DataNeed",
    "Decision",
    "Entry",
    "ExpressionError",
    "GepnetError",
    "InvocationError",
    "Operation",
    "Pathway",
    "PathwayError",
    "PatientDataError",
    "PatientRecord",
    "Plan",
    "Result",
    "Verdict",
    "Violation",
    "Window",
    "apply_all",
    "apply_operation",
    "evaluate_library",
    "find_pathways",
    "load_pathway",
    "plain_parameters",
    "read_operation",
    "version_key",
]
