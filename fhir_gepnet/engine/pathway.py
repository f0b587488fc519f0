"""A loaded pathway: what a program holds on to, and applies to one patient after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir_gepnet.engine.apply import apply
from fhir_gepnet.engine.result import Result, Unknown
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.logic.program import Libraries
from fhir_gepnet.pathway.data_needs import DataNeed
from fhir_gepnet.pathway.folder import load_content
from fhir_gepnet.pathway.model import Content, Plan


@dataclass(frozen=True, slots=True)
class Pathway:
    """All plans of one folder, compiled. Immutable; threads may share it."""

    content: Content

    @property
    def plans(self) -> Mapping[str, Plan]:
        """Plans by id."""
        return self.content.plans

    @property
    def libraries(self) -> Libraries:
        """The compiled logic, by library name."""
        return self.content.libraries

    @property
    def data_needs(self) -> tuple[DataNeed, ...]:
        """What the formulas read; Patient first. A service derives its prefetch from it."""
        return self.content.data_needs

    @property
    def resources(self) -> tuple[dict[str, Any], ...]:
        """Every artefact of the folder as read, ordered by type, url and version."""
        return self.content.resources

    def apply(
        self,
        record: PatientRecord,
        *,
        now: datetime,
        plan: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        unknown: Unknown = "flag",
        budget: Budget | None = None,
    ) -> Result:
        """Apply one plan to one patient (PlanDefinition/$apply, FHIR R4).

        Nothing is stored and the record is not changed; the same arguments give the same bytes.

        Args:
            record: the patient's data.
            now: the moment of the decision, aware of its zone; it is the ``Now()`` of all logic.
            plan: id or canonical; None: the one plan of type clinical-protocol (for the hook).
            parameters: library parameters by name, as plain values.
            context: ``hook``, ``encounter``, ``practitioner``, ``organization`` (a reference
                text, a Reference or a resource), ``draftOrders``; other entries are ignored.
            unknown: what to do with actions whose conditions miss data: ``flag`` keeps them
                with an issue, ``omit`` leaves them out, ``error`` raises.
            budget: what all formulas of the application may take together; None: whatever they need.

        Raises:
            InvocationError: naive ``now``, unknown plan or parameter.
            PatientDataError: with ``unknown="error"``, an action that cannot be decided.
            BudgetExceededError: the evaluation took more than it may.
        """
        return apply(
            self.content,
            record,
            now=now,
            plan=plan,
            parameters=parameters,
            context=context,
            unknown=unknown,
            budget=budget,
        )


def load_pathway(folder: Path | str) -> Pathway:
    """Read and compile a pathway folder.

    Raises:
        PathwayError: carries every problem found in the folder, not only the first.
    """
    return Pathway(load_content(Path(folder)))
