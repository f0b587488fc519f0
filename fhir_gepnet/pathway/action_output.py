"""PlanDefinition.action -> the static part of RequestGroup.action, and what R4 has no element for.

What R5 gave an element of its own travels in R5's cross-version extension, or in the extension that
FHIR defines for it; nothing that an author wrote about an action is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# fmt: off
COPIED = (
    "extension", "modifierExtension", "prefix", "title", "description", "textEquivalent", "priority", "code",
    "documentation", "condition", "relatedAction", "timingDateTime", "timingAge", "timingPeriod",
    "timingDuration", "timingRange", "timingTiming", "type", "groupingBehavior", "selectionBehavior",
    "requiredBehavior", "precheckBehavior", "cardinalityBehavior",
)
# fmt: on
"""Elements of PlanDefinition.action that RequestGroup.action has too (FHIR R4)."""

TIMINGS = tuple(name for name in COPIED if name.startswith("timing"))

APPLICABILITY_BEHAVIOR = "http://hl7.org/fhir/StructureDefinition/cqf-applicabilityBehavior"
PERTAINS_TO_GOAL = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"
PARTICIPANT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-RequestOrchestration.action.participant"


def output_of(action: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """The RequestGroup.action that an action becomes, without children, goals and what is made.

    Defaults are never written. The extensions of primitives (``_title``) go along.
    ``definitionUri`` is opaque and becomes the reference of ``resource``.
    """
    output: dict[str, Any] = {"id": identifier}
    for name in COPIED:
        for key in (name, f"_{name}"):
            if key in action:
                output[key] = action[key]
    extensions = list(_participants(action))
    if extensions:
        output["extension"] = [*output.get("extension", ()), *extensions]
    if "definitionUri" in action:
        output["resource"] = {"reference": action["definitionUri"]}
    return output


def _participants(action: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """R4's RequestGroup.action.participant takes references only; type and role need R5's extension."""
    for participant in action.get("participant", ()):
        parts = []
        if "type" in participant:
            parts.append({"url": "type", "valueCode": participant["type"]})
        if "role" in participant:
            parts.append({"url": "role", "valueCodeableConcept": participant["role"]})
        yield {"url": PARTICIPANT, "extension": parts}
