"""What ``definitionCanonical`` of an action names, and what of the action overrides it.

Source: FHIR R4 and R5 PlanDefinition/$apply. A pathway that does not resolve does not start, so a
canonical that leads nowhere, and a circle of plans, are load errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.errors import PathwayError, UnresolvedReferenceError, Where
from fhir_gepnet.pathway.action_output import TIMINGS
from fhir_gepnet.pathway.activity_recipe import redrafted
from fhir_gepnet.pathway.artifacts import Artifact
from fhir_gepnet.pathway.model import Activity, Plan
from fhir_gepnet.pathway.request_kinds import KINDS
from fhir_gepnet.pathway.shape import shape_problems

if TYPE_CHECKING:
    from fhir_gepnet.pathway.plan import Compiler

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
# fmt: off
DEFINITIONAL = (
    "ActivityDefinition", "PlanDefinition", "Questionnaire", "ChargeItemDefinition", "EventDefinition",
    "Measure", "MessageDefinition", "ObservationDefinition", "OperationDefinition",
    "ResearchDefinition", "ResearchElementDefinition", "SpecimenDefinition", "StructureDefinition",
)
# fmt: on
"""Resource types of R4 that define something that can be done or filled in."""


class Target(NamedTuple):
    """What an action's definition is; all None when it has none, one of the first three otherwise."""

    activity: Activity | None = None
    plan: Plan | None = None
    questionnaire: dict[str, Any] | None = None
    canonical: str | None = None


def target_of(action: Mapping[str, Any], artifact: Artifact, element: str, compiler: Compiler) -> Target:
    """Resolve and compile what an action of a plan names.

    Raises:
        UnresolvedReferenceError: no such definition, in the folder or contained in the plan.
        ArtifactError: the plans lead in a circle.
    """
    named = action.get("definitionCanonical")
    if named is None:
        return Target()
    at = Where(artifact.canonical, f"{element}.definitionCanonical")
    if named.startswith("#"):
        found = _contained(named, artifact, at)
    else:
        found = compiler.artifacts.resolve(named, DEFINITIONAL, at)
    canonical = found.canonical
    if found.type == "PlanDefinition":
        return Target(plan=compiler.plan(found, at), canonical=canonical)
    if found.type == "Questionnaire":
        return Target(questionnaire=found.resource, canonical=canonical)
    if found.type != "ActivityDefinition":
        return Target(activity=_task_for(found), canonical=canonical)
    activity = compiler.activity(found)
    return Target(activity=activity and _overridden(activity, action, at), canonical=canonical)


def _contained(named: str, artifact: Artifact, at: Where) -> Artifact:
    """A definition contained in the plan; it is known as ``plan's url|plan's version#id``."""
    for resource in artifact.resource.get("contained", ()):
        if f"#{resource.get('id')}" == named and resource.get("resourceType") in DEFINITIONAL:
            holder = artifact.resource
            version = f"{holder['version']}{named}"
            contained = Artifact(artifact.file, {**resource, "url": holder["url"], "version": version})
            problems = list(shape_problems(contained.resource, contained.canonical))
            if problems:
                raise PathwayError(at, problems)
            return contained
    kinds = " or ".join(DEFINITIONAL[:3])
    raise UnresolvedReferenceError(at, f"no {kinds} {named} contained in the plan", "contain it, or mend #id")


def _task_for(found: Artifact) -> Activity:
    """R5: any other definition becomes a Task that asks to fulfil it."""
    resource = found.resource
    kind = KINDS["Task"]
    draft = {
        "instantiatesCanonical": found.canonical,
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [{"system": TASK_CODES, "code": "fulfill"}]},
        "focus": {"reference": resource["url"], "type": found.type},
    }
    if "title" in resource:
        draft["description"] = resource["title"]
    return Activity(
        canonical=found.canonical,
        kind="Task",
        draft=draft,
        subject=kind.subject,
        context=kind.context,
        moments=kind.moments,
        dynamic_values=(),
        writes_action=False,
        required=(),
        missing=(),
        resource=resource,
    )


def _overridden(activity: Activity, action: Mapping[str, Any], at: Where) -> Activity:
    """The activity with timing, code and participants of the action in the place of its own.

    Only what the made request has a place for; the action in the RequestGroup carries all of it.
    """
    kind = KINDS[activity.kind]
    timing = {name: action[name] for name in TIMINGS if name in action and name in kind.copies}
    own = {name: value for name, value in activity.resource.items() if not (timing and name in TIMINGS)}
    changes = dict(timing)
    if action.get("code") and "code" in kind.copies:
        changes["code"] = action["code"][0]
    if "participant" in action and "participant" in kind.copies:
        changes["participant"] = action["participant"]
    return redrafted(activity, {**own, **changes}, at) if changes else activity
