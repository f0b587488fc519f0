"""What the engine says about one action of a plan for one patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fhir_gepnet.engine.trace import Application, Because, Outcome, because_of
from fhir_gepnet.pathway.model import Action


class Verdict(Enum):
    """The four answers; ``UNKNOWN`` and ``FAILED`` are never folded into ``DOES_NOT_APPLY``."""

    APPLIES = "applies"
    DOES_NOT_APPLY = "does-not-apply"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """One action decided, with what was made of it when it applies.

    Texts, priority and the extension-borne attributes are those after ``dynamicValue``; for an
    action that does not apply they are the static ones of the definition.

    Attributes:
        action_id: ``PlanDefinition.action.id``.
        title: None when the action has none.
        description: None when the action has none.
        verdict: see ``Verdict``.
        priority: routine | urgent | asap | stat, or None.
        status: ``option-status`` extension, a code, or None.
        tier: ``option-tier`` extension, a code, or None.
        rank: ``option-rank`` extension; lower comes first, None comes last.
        rule: ``rule-id`` extensions in their order.
        topic: ``topic`` extension, a code, or None.
        documentation: RelatedArtifact dicts of the action.
        related_artifacts: RelatedArtifact dicts of the plan that holds the action.
        selection_behavior: the code, or None.
        resource: the draft request made from an ActivityDefinition, or None.
        definition: canonical with version of what the action names, or None.
        children: decisions of the child actions, then of the nested plan's actions; only of
            actions that apply.
        plan: canonical with version of the plan that holds the action.
        output: the RequestGroup.action as it came out, without its children and its resource.
        action: the definition, compiled.
        outcomes: what each applicability condition gave, in order.
        application: what the formulas saw.
    """

    action_id: str
    title: str | None
    description: str | None
    verdict: Verdict
    priority: str | None
    status: str | None
    tier: str | None
    rank: int | None
    rule: tuple[str, ...]
    topic: str | None
    documentation: tuple[dict[str, Any], ...]
    related_artifacts: tuple[dict[str, Any], ...]
    selection_behavior: str | None
    resource: dict[str, Any] | None
    definition: str | None
    children: tuple[Decision, ...]
    plan: str
    output: dict[str, Any]
    action: Action
    outcomes: tuple[Outcome, ...]
    application: Application = field(repr=False, compare=False)

    @property
    def because(self) -> tuple[Because, ...]:
        """One entry per applicability condition, read from the memo when asked for, not before."""
        return because_of(self.action.conditions, self.outcomes, self.application)

    @property
    def applies(self) -> bool:
        """Short for ``verdict is Verdict.APPLIES``."""
        return self.verdict is Verdict.APPLIES
