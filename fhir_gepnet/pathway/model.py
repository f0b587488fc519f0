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
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    resource: dict[str, Any]


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
