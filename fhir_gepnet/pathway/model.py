"""A pathway's artefacts, resolved and compiled: nothing here is looked up again per patient.

Everything is frozen and shared by threads. The dicts and lists inside are the artefacts' own
JSON or parts prepared from it at load; nobody changes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.logic.program import Libraries
from fhir_gepnet.pathway.data_needs import DataNeed
from fhir_gepnet.pathway.extensions import Attributes
from fhir_gepnet.pathway.formula import Formula
from fhir_gepnet.terminology.value_set import ValueSet

Write = Callable[[dict[str, Any], Any], None]
"""Writes a plain value (never None) into a dict that belongs to the caller."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An applicability condition; ``start`` and ``stop`` stay in the action's static output."""

    formula: Formula


@dataclass(frozen=True, slots=True)
class DynamicValue:
    """``dynamicValue``: a formula whose result is written to a path.

    Attributes:
        path: as written.
        on_action: True when the target is the output action, False for the made resource.
        write: prepared at load for this path.
        formula: gives the value; nothing leaves the target untouched.
    """

    path: str
    on_action: bool
    write: Write
    formula: Formula


@dataclass(frozen=True, slots=True)
class Activity:
    """An ActivityDefinition as a recipe for a draft request.

    Attributes:
        canonical: url with version.
        kind: a name of ``pathway/request_kinds.py`` (ServiceRequest, Task, ...).
        draft: the static part of the request, without subject and id; copied per patient.
        subject: writes the patient's reference into the request.
        context: (element, entries of the caller's context, the first that is there) pairs.
        moments: elements that take the moment of the application.
        dynamic_values: in the definition's order.
        writes_action: whether one of them writes into the output action that uses the activity.
        required: what the request must hold in the end and the draft does not, as dotted
            alternatives; almost always empty.
        missing: the part of ``required`` that only a dynamic value of an action can fill.
        resource: the ActivityDefinition.
    """

    canonical: str
    kind: str
    draft: dict[str, Any]
    subject: Callable[[dict[str, Any], Any], object]
    context: tuple[tuple[str, tuple[str, ...]], ...]
    moments: tuple[str, ...]
    dynamic_values: tuple[DynamicValue, ...]
    writes_action: bool
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CodeFilter:
    """``DataRequirement.codeFilter``.

    Attributes:
        path: gives the coded values of a resource.
        codes: (system, code) of ``code``; empty when it names none.
        value_set: of ``valueSet``, or None.
    """

    path: Callable[..., list[Any]]
    codes: frozenset[tuple[str, str]]
    value_set: ValueSet | None


@dataclass(frozen=True, slots=True)
class DateFilter:
    """``DataRequirement.dateFilter``.

    Attributes:
        path: gives the dates of a resource: texts, or Periods.
        duration: (count, unit of ``fhir/dates.py``) before now, or None.
        period: a Period that the date has to touch, or None.
    """

    path: Callable[..., list[Any]]
    duration: tuple[Any, str] | None
    period: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Input:
    """``PlanDefinition.action.input``, compiled; what a record has of it, ``engine/inputs.py`` says.

    Attributes:
        name: the requirement's id, else its type.
        resource_type: FHIR type.
        codes: ANDed.
        dates: ANDed; data that match everything else are stale.
        requirement: the DataRequirement.
    """

    name: str
    resource_type: str
    codes: tuple[CodeFilter, ...]
    dates: tuple[DateFilter, ...]
    requirement: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GoalRecipe:
    """``PlanDefinition.goal`` as a recipe for a Goal.

    Attributes:
        id: that actions name in goalId.
        draft: the static part of the Goal; copied per patient.
        addresses: CodeableConcepts; the patient's conditions with these codes are referred to.
    """

    id: str
    draft: dict[str, Any]
    addresses: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a plan.

    Attributes:
        id: unique within its plan.
        output: the static RequestGroup.action (title, code, priority, behaviours, extensions,
            conditions, ...) without children and resource.
        attributes: what the extensions of ``output`` say.
        conditions: the applicability conditions, ANDed.
        dynamic_values: in the action's order.
        flat: whether they replace members of the output only, so that a copy of its top level is enough.
        activity: when ``definitionCanonical`` names an ActivityDefinition.
        plan: when it names a PlanDefinition.
        definition: the canonical with version, or None.
        children: child actions in definition order.
        hooks: names of the named-event triggers.
        documentation: RelatedArtifact dicts.
        resource: the action's own JSON.
        questionnaire: when definitionCanonical names a Questionnaire.
        first_only: whether the first applicable child ends the group (cqf-applicabilityBehavior any).
        inputs: what its logic wants to find; never gates the action.
        goals: ids of the plan's goals that it pertains to.
        keeps_intent: whether a dynamic value writes the intent of what is made.
    """

    id: str
    output: dict[str, Any]
    attributes: Attributes
    conditions: tuple[Condition, ...]
    dynamic_values: tuple[DynamicValue, ...]
    flat: bool
    activity: Activity | None
    plan: Plan | None
    definition: str | None
    children: tuple[Action, ...]
    hooks: tuple[str, ...]
    documentation: tuple[dict[str, Any], ...]
    resource: dict[str, Any]
    questionnaire: dict[str, Any] | None = None
    first_only: bool = False
    inputs: tuple[Input, ...] = ()
    goals: tuple[str, ...] = ()
    keeps_intent: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A PlanDefinition, compiled.

    Attributes:
        id: the resource's id.
        url: canonical without version.
        version: business version.
        title: "" when absent, as are description and publisher.
        type: first code of ``PlanDefinition.type`` (``clinical-protocol``, ...), or None.
        hooks: names of the named-event triggers of its actions, in order, each once.
        related_artifacts: RelatedArtifact dicts of the plan.
        actions: top-level actions in definition order.
        resource: the PlanDefinition.
        subject_type: resource type that it is for; Patient when it does not say.
        goals: in the plan's order.
    """

    id: str
    url: str
    version: str
    title: str
    description: str
    publisher: str
    type: str | None
    hooks: tuple[str, ...]
    related_artifacts: tuple[dict[str, Any], ...]
    actions: tuple[Action, ...]
    resource: dict[str, Any]
    subject_type: str = "Patient"
    goals: tuple[GoalRecipe, ...] = ()

    @property
    def canonical(self) -> str:
        """``url|version``."""
        return f"{self.url}|{self.version}"


@dataclass(frozen=True, slots=True)
class Content:
    """A folder's artefacts after load; ``engine`` makes them a ``Pathway`` that can be applied.

    Attributes:
        plans: by id, in the order of their ids.
        activities: by id, in the order of their ids.
        libraries: the compiled logic.
        data_needs: Patient first, then by resource type.
        resources: every artefact, ordered by type, url and version.
    """

    plans: Mapping[str, Plan]
    activities: Mapping[str, Activity]
    libraries: Libraries
    data_needs: tuple[DataNeed, ...]
    resources: tuple[dict[str, Any], ...]
