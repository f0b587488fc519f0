"""A loaded pathway: what a program holds on to, and applies to one patient after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir_gepnet.engine.apply import apply
from fhir_gepnet.engine.apply_activity import ActivityResult, apply_activity
from fhir_gepnet.engine.choice import choose_plan
from fhir_gepnet.engine.result import Result, Unknown
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.logic.program import Libraries
from fhir_gepnet.pathway.data_needs import DataNeed
from fhir_gepnet.pathway.folder import load_content
from fhir_gepnet.pathway.model import Activity, Content, Plan


@dataclass(frozen=True, slots=True)
class Pathway:
    """All plans of one folder, compiled. Immutable; threads may share it."""

    content: Content = field(repr=False)  # written out it is megabytes, and shared plans repeat

    @property
    def plans(self) -> Mapping[str, Plan]:
        """Plans by id."""
        return self.content.plans

    @property
    def activities(self) -> Mapping[str, Activity]:
        """ActivityDefinitions by id, as recipes for a draft request."""
        return self.content.activities

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

    def plan_named(self, name: str | None = None, hook: str | None = None) -> Plan:
        """The plan by id, ``url`` or ``url|version``; without a name the one meant for the hook.

        Raises:
            InvocationError: there is no such plan, or several could be meant.
        """
        return choose_plan(self.content.plans, name, hook)

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

    def apply_activity(
        self,
        record: PatientRecord,
        *,
        now: datetime,
        activity: str,
        parameters: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
    ) -> ActivityResult:
        """Apply one ActivityDefinition to one patient (ActivityDefinition/$apply, FHIR R4).

        Args:
            record: the patient's data.
            now: the moment of the request, aware of its zone.
            activity: id or canonical of the definition; a url without version means the newest.
            parameters: library parameters by name, as plain values.
            context: as of ``apply``.
            budget: what all its formulas may take together; None: whatever they need.

        Raises:
            InvocationError: naive ``now``, unknown activity or parameter.
            BudgetExceededError: the evaluation took more than it may.
        """
        return apply_activity(
            self.content,
            record,
            now=now,
            activity=activity,
            parameters=parameters,
            context=context,
            budget=budget,
        )


def load_pathway(folder: Path | str) -> Pathway:
    """Read and compile a pathway folder.

    Raises:
        PathwayError: carries every problem found in the folder, not only the first.
    """
    return Pathway(load_content(Path(folder)))
