"""Slot 0 of a FHIRPath frame: what one evaluation may see beside the root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Account


@dataclass(frozen=True, slots=True)
class Environment:
    """State of one evaluation.

    Attributes:
        root: the resource that the expression is evaluated on.
        record: the patient's record when the expression is a condition of a plan.
        now: the moment of evaluation, aware of its zone; None: the caller gave none.
        trace: called with label and items by ``trace()``.
        budget: what the evaluation has left of its budget, asked in loops; None: it has none.
    """

    root: Any
    record: PatientRecord | None = None
    now: datetime | None = None
    trace: Callable[[str, list[Any]], None] | None = None
    budget: Account | None = None
