"""PlanDefinition and ActivityDefinition JSON -> compiled ``Plan`` and ``Activity``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
    Where,
)
from fhir_gepnet.pathway.action_output import APPLICABILITY_BEHAVIOR, output_of
from fhir_gepnet.pathway.activity_recipe import activity_of, structure_problems
from fhir_gepnet.pathway.artifacts import Artifact, Artifacts, collected
from fhir_gepnet.pathway.definitions import Target, target_of
from fhir_gepnet.pathway.dynamic_values import (
    Assignment,
    Compilation,
    assignments_of,
    compile_assignments,
    computed_of,
    for_children,
    without_computed,
)
from fhir_gepnet.pathway.expressions import Expressions
from fhir_gepnet.pathway.extensions import attributes_of
from fhir_gepnet.pathway.fhirpath_formulas import Holder
from fhir_gepnet.pathway.goals import dangling_goals, goals_of
from fhir_gepnet.pathway.inputs import input_of
from fhir_gepnet.pathway.model import Action, Activity, Condition, Plan
from fhir_gepnet.pathway.paths import is_flat
from fhir_gepnet.terminology.expansion import Terminology

REFUSED = {
    "transform": "write the elements with dynamicValue",
    "subjectCodeableConcept": "actions are about the plan's subject; take it out",
    "subjectReference": "actions are about the plan's subject; take it out",
}
REFUSED_IN_PLAN = {
    "subjectReference": "membership of a group cannot be checked; take it out, or say it as a condition",
}


@dataclass(slots=True)
class Compiler:
    """State of compiling one folder; gone when the folder is loaded.

    Attributes:
        artifacts: everything in the folder.
        expressions: resolves and compiles formulas.
        terminology: the folder's value sets.
        problems: what is wrong so far.
        misshapen: canonicals of artefacts whose JSON cannot be walked.
        plans: by canonical, each compiled once; None while under way, which shows a cycle.
        activities: by canonical.
        used: canonicals of the activities that an action names.
    """

    artifacts: Artifacts
    expressions: Expressions
    terminology: Terminology
    problems: list[GepnetError]
    misshapen: frozenset[str] = frozenset()
    plans: dict[str, Plan | None] = field(default_factory=dict)
    activities: dict[str, Activity | None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

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
                under_way = [name for name, plan in self.plans.items() if plan is None]
                circle = [*under_way[under_way.index(canonical) :], canonical]
                raise ArtifactError(
                    at, f"{canonical} leads back to itself: {' -> '.join(circle)}", "break the cycle of plans"
                )
            return known
        self.plans[canonical] = None
        self.plans[canonical] = plan = _plan(artifact, self)
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
        if activity is not None and activity.canonical not in compiler.used:
            compiler.problems += structure_problems(activity, Where(activity.canonical), ())
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
    logic = Compilation(compiler.expressions, compiler.problems, Holder(resource), libraries)
    _check_action_ids(artifact, compiler)
    compiler.problems.extend(dangling_goals(artifact, actions_in(resource.get("action", ()))))
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
        subject_type=_subject_type(resource),
        goals=goals_of(artifact),
        actions=actions,
        resource=resource,
    )


def _subject_type(resource: Mapping[str, Any]) -> str:
    codings = resource.get("subjectCodeableConcept", {}).get("coding", ())
    return next((coding["code"] for coding in codings if "code" in coding), "Patient")


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
    target = Target()
    with collected(compiler.problems):
        target = target_of(action, artifact, element, compiler)
    here = replace(logic, holder=Holder(artifact.resource, action))
    conditions = []
    for number, condition in enumerate(action.get("condition", ())):
        if condition.get("kind") == "applicability":
            at = Where(canonical, f"{element}.condition[{number}]")
            with collected(compiler.problems):
                formula = compiler.expressions.condition(
                    condition.get("expression"), logic.libraries, at, here.holder
                )
                conditions.append(Condition(formula))
    activity = target.activity
    computed = list(computed_of(action, canonical, element))
    output = without_computed(output_of(action, action.get("id", element)), computed)
    assignments = [*written, *computed, *assignments_of(action, canonical, element)]
    own, below, problems = for_children(assignments, len(action.get("action", ())))
    compiler.problems += problems
    dynamic_values = compile_assignments(own, None if activity is None else activity.kind, here)
    if activity is not None:
        compiler.used.add(activity.canonical)
        compiler.problems += structure_problems(activity, Where(canonical, element), dynamic_values)
    inputs = []
    for number, requirement in enumerate(action.get("input", ())):
        with collected(compiler.problems):
            at = Where(canonical, f"{element}.input[{number}]")
            inputs.append(input_of(requirement, compiler.terminology, at))
    return Action(
        id=action.get("id", element),
        output=output,
        attributes=attributes_of(output),
        conditions=tuple(conditions),
        dynamic_values=dynamic_values,
        flat=all(
            is_flat(value.path)
            for value in (*dynamic_values, *(() if activity is None else activity.dynamic_values))
            if value.on_action
        ),
        activity=activity,
        plan=target.plan,
        questionnaire=target.questionnaire,
        definition=target.canonical,
        children=_actions(action.get("action", ()), artifact, f"{element}.", below, logic, compiler),
        first_only=any(
            extension.get("url") == APPLICABILITY_BEHAVIOR and extension.get("valueCode") == "any"
            for extension in action.get("extension", ())
        ),
        inputs=tuple(inputs),
        goals=tuple(action.get("goalId", ())),
        keeps_intent=any(
            value.path == "intent"
            for value in (*dynamic_values, *(() if activity is None else activity.dynamic_values))
        ),
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
