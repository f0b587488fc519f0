"""PlanDefinition and ActivityDefinition JSON -> compiled ``Plan`` and ``Activity``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
    Where,
)
from fhir_gepnet.pathway.activity_recipe import activity_of, structure_problems
from fhir_gepnet.pathway.artifacts import Artifact, Artifacts, collected
from fhir_gepnet.pathway.dynamic_values import (
    Assignment,
    Compilation,
    assignments_of,
    compile_assignments,
    computed_of,
    for_children,
    static_extensions,
)
from fhir_gepnet.pathway.expressions import Expressions
from fhir_gepnet.pathway.extensions import attributes_of
from fhir_gepnet.pathway.model import Action, Activity, Condition, DynamicValue, Plan
from fhir_gepnet.pathway.paths import is_flat

# fmt: off
COPIED = (
    "extension", "prefix", "title", "description", "textEquivalent", "priority", "code",
    "documentation", "condition", "relatedAction", "timingDateTime", "timingAge", "timingPeriod",
    "timingDuration", "timingRange", "timingTiming", "type", "groupingBehavior", "selectionBehavior",
    "requiredBehavior", "precheckBehavior", "cardinalityBehavior",
)
# fmt: on
"""Elements of PlanDefinition.action that RequestGroup.action has too (FHIR R4)."""

REFUSED = {
    "transform": "write the elements with dynamicValue",
    "definitionUri": "use definitionCanonical",
    "participant": "put the performer into the ActivityDefinition; RequestGroup.action takes references only",
    "goalId": "goals are not made yet; take it out",
    "subjectCodeableConcept": "only patients are supported; take it out",
    "subjectReference": "only patients are supported; take it out",
}
REFUSED_IN_PLAN = {
    "goal": "goals are not made yet; take it out",
    "subjectReference": "only patients are supported; take it out",
}
APPLICABILITY_BEHAVIOR = "http://hl7.org/fhir/StructureDefinition/cqf-applicabilityBehavior"


@dataclass(slots=True)
class Compiler:
    """State of compiling one folder; gone when the folder is loaded.

    Attributes:
        artifacts: everything in the folder.
        expressions: resolves and compiles formulas.
        problems: what is wrong so far.
        misshapen: canonicals of artefacts whose JSON cannot be walked.
        plans: by canonical, each compiled once; None while under way, which shows a cycle.
        activities: by canonical.
        uses: canonical of an activity -> address and dynamic values of each action that names it.
    """

    artifacts: Artifacts
    expressions: Expressions
    problems: list[GepnetError]
    misshapen: frozenset[str] = frozenset()
    plans: dict[str, Plan | None] = field(default_factory=dict)
    activities: dict[str, Activity | None] = field(default_factory=dict)
    uses: dict[str, list[tuple[Where, tuple[DynamicValue, ...]]]] = field(default_factory=dict)

    def plan(self, artifact: Artifact, at: Where) -> Plan | None:
        """Compile one plan, and first the plans it nests; None when it does not compile.

        Raises:
            ArtifactError: the plan nests itself.
        """
        canonical = artifact.canonical
        if canonical in self.misshapen:
            return None
        if canonical in self.plans:
            known = self.plans[canonical]
            if known is None:
                raise ArtifactError(at, f"{canonical} leads back to itself", "break the cycle of plans")
            return known
        self.plans[canonical] = None
        plan = self.plans[canonical] = _plan(artifact, self)
        return plan

    def activity(self, artifact: Artifact) -> Activity | None:
        """Compile one activity; None when it does not compile."""
        canonical = artifact.canonical
        if canonical not in self.activities and canonical not in self.misshapen:
            self.activities[canonical] = None
            with collected(self.problems):
                self.activities[canonical] = activity_of(artifact, self.expressions, self.problems)
        return self.activities.get(canonical)


def compile_plans(compiler: Compiler) -> dict[str, Plan]:
    """Every PlanDefinition and ActivityDefinition of the folder; plans by id."""
    for artifact in compiler.artifacts.of_type("ActivityDefinition"):
        compiler.activity(artifact)
    plans = {}
    for artifact in compiler.artifacts.of_type("PlanDefinition"):
        with collected(compiler.problems):
            plan = compiler.plan(artifact, Where(artifact.canonical))
            if plan is not None:
                plans[plan.id] = plan
    for activity in compiler.activities.values():
        if activity is not None and activity.missing:
            compiler.problems += structure_problems(activity, compiler.uses.get(activity.canonical, ()))
    return dict(sorted(plans.items()))


def actions_in(actions: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """All actions of a plan's JSON, parents before children."""
    for action in actions:
        yield action
        yield from actions_in(action.get("action", ()))


def _plan(artifact: Artifact, compiler: Compiler) -> Plan:
    resource = artifact.resource
    _refuse(resource, REFUSED_IN_PLAN, artifact.canonical, "", compiler)
    libraries = compiler.expressions.libraries_of(artifact, compiler.problems)
    logic = Compilation(compiler.expressions, compiler.problems, resource, libraries)
    _check_action_ids(artifact, compiler)
    actions = _actions(resource.get("action", ()), artifact, "", {}, logic, compiler)
    hooks = dict.fromkeys(hook for action in actions for hook in _hooks_in(action))
    type_codings = resource.get("type", {}).get("coding", ())
    return Plan(
        id=resource["id"],
        url=resource["url"],
        version=resource["version"],
        title=resource.get("title", ""),
        description=resource.get("description", ""),
        publisher=resource.get("publisher", ""),
        type=next((coding["code"] for coding in type_codings if "code" in coding), None),
        hooks=tuple(hooks),
        related_artifacts=tuple(resource.get("relatedArtifact", ())),
        actions=actions,
        resource=resource,
    )


def _hooks_in(action: Action) -> Iterator[str]:
    yield from action.hooks
    for child in action.children:
        yield from _hooks_in(child)


def _check_action_ids(artifact: Artifact, compiler: Compiler) -> None:
    seen: set[str] = set()
    actions = list(actions_in(artifact.resource.get("action", ())))
    for action in actions:
        identifier = action.get("id")
        where = Where(artifact.canonical, f"action {identifier or action.get('title', '')!r}")
        if not identifier:
            compiler.problems.append(
                ArtifactError(where, "the action has no id", "give it an id unique in the plan")
            )
        elif identifier in seen:
            compiler.problems.append(
                ArtifactError(where, f"two actions have the id {identifier}", "rename one")
            )
        else:
            seen.add(identifier)
    for action in actions:
        for related in action.get("relatedAction", ()):
            if related.get("actionId") not in seen:
                where = Where(artifact.canonical, f"action {action.get('id')!r}.relatedAction")
                compiler.problems.append(
                    UnresolvedReferenceError(
                        where, f"no action {related.get('actionId')} in this plan", "mend actionId"
                    )
                )


def _actions(
    actions: Sequence[dict[str, Any]],
    artifact: Artifact,
    parent: str,
    written: Mapping[int, Sequence[Assignment]],
    logic: Compilation,
    compiler: Compiler,
) -> tuple[Action, ...]:
    """Compile sibling actions; ``written`` is what their parent writes into them, by their number."""
    return tuple(
        _action(action, artifact, f"{parent}action[{number}]", written.get(number, ()), logic, compiler)
        for number, action in enumerate(actions)
    )


def _action(
    action: dict[str, Any],
    artifact: Artifact,
    element: str,
    written: Sequence[Assignment],
    logic: Compilation,
    compiler: Compiler,
) -> Action:
    canonical = artifact.canonical
    _refuse(action, REFUSED, canonical, element, compiler)
    for extension in action.get("extension", ()):
        if extension.get("url") == APPLICABILITY_BEHAVIOR and extension.get("valueCode") != "all":
            at = Where(canonical, f"{element}.extension")
            compiler.problems.append(
                UnsupportedFeatureError(
                    at, "applicabilityBehavior any is not supported", "make conditions exclusive"
                )
            )
    activity = plan = definition = None
    with collected(compiler.problems):
        activity, plan, definition = _definition(action, canonical, element, compiler)
    conditions = []
    for number, condition in enumerate(action.get("condition", ())):
        if condition.get("kind") == "applicability":
            at = Where(canonical, f"{element}.condition[{number}]")
            with collected(compiler.problems):
                formula = compiler.expressions.condition(
                    condition.get("expression"), logic.libraries, at, logic.resource
                )
                conditions.append(Condition(formula))
    target = None if activity is None else activity.kind
    output = {"id": action.get("id", element), **{name: action[name] for name in COPIED if name in action}}
    computed = list(computed_of(action, canonical, element))
    if computed and not (extensions := static_extensions(action)):
        output.pop("extension", None)
    elif computed:
        output["extension"] = extensions
    assignments = [*written, *computed, *assignments_of(action, canonical, element)]
    own, below, problems = for_children(assignments, len(action.get("action", ())))
    compiler.problems += problems
    dynamic_values = compile_assignments(own, target, logic)
    if activity is not None:
        compiler.uses.setdefault(activity.canonical, []).append((Where(canonical, element), dynamic_values))
    return Action(
        id=action.get("id", element),
        output=output,
        attributes=attributes_of(output),
        conditions=tuple(conditions),
        dynamic_values=dynamic_values,
        flat=all(is_flat(value.path) for value in dynamic_values if value.on_action),
        activity=activity,
        plan=plan,
        definition=definition,
        children=_actions(action.get("action", ()), artifact, f"{element}.", below, logic, compiler),
        hooks=tuple(
            trigger["name"]
            for trigger in action.get("trigger", ())
            if trigger.get("type") == "named-event" and "name" in trigger
        ),
        documentation=tuple(action.get("documentation", ())),
        resource=action,
    )


def _refuse(
    element: Mapping[str, Any], refused: Mapping[str, str], canonical: str, place: str, compiler: Compiler
) -> None:
    for name, remedy in refused.items():
        if name in element:
            compiler.problems.append(
                UnsupportedFeatureError(
                    Where(canonical, f"{place}.{name}".strip(".")), f"{name} is not supported", remedy
                )
            )


def _definition(
    action: Mapping[str, Any], canonical: str, element: str, compiler: Compiler
) -> tuple[Activity | None, Plan | None, str | None]:
    named = action.get("definitionCanonical")
    if named is None:
        return None, None, None
    at = Where(canonical, f"{element}.definitionCanonical")
    artifact = compiler.artifacts.resolve(named, ("ActivityDefinition", "PlanDefinition"), at)
    if artifact.type == "PlanDefinition":
        return None, compiler.plan(artifact, at), artifact.canonical
    return compiler.activity(artifact), None, artifact.canonical
