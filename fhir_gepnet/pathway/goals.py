"""PlanDefinition.goal -> the static part of a Goal, prepared once at load (FHIR R4, $apply)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_gepnet.errors import GepnetError, UnresolvedReferenceError, Where
from fhir_gepnet.pathway.artifacts import Artifact
from fhir_gepnet.pathway.model import GoalRecipe

RELATED_ARTIFACT = "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact"
TARGET = {
    "measure": "measure",
    "detailQuantity": "detailQuantity",
    "detailRange": "detailRange",
    "detailCodeableConcept": "detailCodeableConcept",
    "due": "dueDuration",
}
"""Elements of PlanDefinition.goal.target -> of Goal.target."""


def goals_of(artifact: Artifact) -> tuple[GoalRecipe, ...]:
    """The goals of a plan in their order; one without an id is known by its number, ``goal[0]``."""
    return tuple(
        GoalRecipe(goal.get("id", f"goal[{number}]"), _draft(goal), tuple(goal.get("addresses", ())))
        for number, goal in enumerate(artifact.resource.get("goal", ()))
    )


def _draft(goal: Mapping[str, Any]) -> dict[str, Any]:
    """All but id, subject and the patient's conditions; lifecycleStatus is ``proposed``."""
    draft: dict[str, Any] = {}
    extensions = [
        *goal.get("extension", ()),
        *({"url": RELATED_ARTIFACT, "valueRelatedArtifact": each} for each in goal.get("documentation", ())),
    ]
    if extensions:
        draft["extension"] = extensions
    draft["lifecycleStatus"] = "proposed"
    if "category" in goal:
        draft["category"] = [goal["category"]]
    for name in ("priority", "description"):
        if name in goal:
            draft[name] = goal[name]
    if "start" in goal:
        draft["startCodeableConcept"] = goal["start"]
    targets = [
        {TARGET[name]: value for name, value in target.items() if name in TARGET}
        for target in goal.get("target", ())
    ]
    if targets:
        draft["target"] = targets
    return draft


def dangling_goals(artifact: Artifact, actions: Iterator[Mapping[str, Any]]) -> Iterator[GepnetError]:
    """Every ``goalId`` that names no goal of the plan."""
    known = {goal.get("id") for goal in artifact.resource.get("goal", ())}
    for action in actions:
        for identifier in action.get("goalId", ()):
            if identifier not in known:
                where = Where(artifact.canonical, f"action {action.get('id')!r}.goalId")
                yield UnresolvedReferenceError(
                    where, f"no goal {identifier} in this plan", "mend goalId, or add the goal with its id"
                )
