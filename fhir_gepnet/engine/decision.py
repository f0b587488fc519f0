"""What the engine says about one action of a plan for one patient."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from fhir_gepnet.engine.already import Already, already_there
from fhir_gepnet.engine.trace import Application, Because, Outcome, because_of
from fhir_gepnet.pathway.extensions import Attributes
from fhir_gepnet.pathway.model import Action, Plan


class Verdict(Enum):
    """The four answers; ``UNKNOWN`` and ``FAILED`` are never folded into ``DOES_NOT_APPLY``."""

    APPLIES = "applies"
    DOES_NOT_APPLY = "does-not-apply"
    UNKNOWN = "unknown"
    FAILED = "failed"


class Decision(NamedTuple):
    """One action decided, with what was made of it when it applies.

    Texts, priority and the extension-borne attributes are those after ``dynamicValue``; for an
    action that does not apply they are the static ones of the definition.

    One is made for every action of every application, so it holds few members (and is a tuple, which
    is made in a third of the time of a frozen dataclass); the others are read from them when somebody asks.

    Attributes:
        verdict: see ``Verdict``.
        action: the definition, compiled.
        holder: the plan that holds the action.
        output: the RequestGroup.action as it came out, without its children and its resource.
        attributes: what the extensions of ``output`` say.
        resource: the draft request made from an ActivityDefinition, or None.
        children: decisions of the child actions, then of the nested plan's actions; only of
            actions that apply.
        outcomes: what each applicability condition gave, in order.
        application: what the formulas saw.
    """

    verdict: Verdict
    action: Action
    holder: Plan
    output: dict[str, Any]
    attributes: Attributes
    resource: dict[str, Any] | None
    children: tuple[Decision, ...]
    outcomes: tuple[Outcome, ...]
    application: Application

    @property
    def action_id(self) -> str:
        """``PlanDefinition.action.id``."""
        return self.action.id

    @property
    def title(self) -> str | None:
        """None when the action has none."""
        return self.output.get("title")

    @property
    def description(self) -> str | None:
        """None when the action has none."""
        return self.output.get("description")

    @property
    def priority(self) -> str | None:
        """routine | urgent | asap | stat, or None."""
        return self.output.get("priority")

    @property
    def selection_behavior(self) -> str | None:
        """The code, or None."""
        return self.output.get("selectionBehavior")

    @property
    def status(self) -> str | None:
        """``option-status`` extension, a code, or None."""
        return self.attributes.status

    @property
    def tier(self) -> str | None:
        """``option-tier`` extension, a code, or None."""
        return self.attributes.tier

    @property
    def rank(self) -> int | None:
        """``option-rank`` extension; lower comes first, None comes last."""
        return self.attributes.rank

    @property
    def rule(self) -> tuple[str, ...]:
        """``rule-id`` extensions in their order."""
        return self.attributes.rule

    @property
    def topic(self) -> str | None:
        """``topic`` extension, a code, or None."""
        return self.attributes.topic

    @property
    def documentation(self) -> tuple[dict[str, Any], ...]:
        """RelatedArtifact dicts of the action."""
        return self.action.documentation

    @property
    def definition(self) -> str | None:
        """Canonical with version of what the action names, or None."""
        return self.action.definition

    @property
    def plan(self) -> str:
        """Canonical with version of the plan that holds the action."""
        return self.holder.canonical

    @property
    def related_artifacts(self) -> tuple[dict[str, Any], ...]:
        """RelatedArtifact dicts of the plan that holds the action."""
        return self.holder.related_artifacts

    @property
    def already(self) -> Already | None:
        """What became of an earlier proposal of the same activity; read from the record when asked for."""
        if self.resource is None or self.action.activity is None:
            return None
        return already_there(self.application.scope.record, self.action.activity.canonical, self.resource)

    @property
    def because(self) -> tuple[Because, ...]:
        """One entry per applicability condition, read from the memo when asked for, not before."""
        return because_of(self.action.conditions, self.outcomes, self.application)

    @property
    def applies(self) -> bool:
        """Short for ``verdict is Verdict.APPLIES``."""
        return self.verdict is Verdict.APPLIES
