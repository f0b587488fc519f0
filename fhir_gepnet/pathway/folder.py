"""A pathway folder -> compiled content, or every problem in it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fhir_gepnet.errors import ArtifactError, GepnetError, PathwayError, Where
from fhir_gepnet.logic import Libraries, load_libraries
from fhir_gepnet.pathway.artifacts import Artifacts, collected, read_artifacts
from fhir_gepnet.pathway.data_needs import data_needs_of
from fhir_gepnet.pathway.expressions import Expressions
from fhir_gepnet.pathway.library_content import define_names, elm_of, name_of
from fhir_gepnet.pathway.model import Action, Activity, Condition, Content, DynamicValue, Plan
from fhir_gepnet.pathway.plan import Compiler, actions_in, compile_plans
from fhir_gepnet.pathway.shape import shape_problems
from fhir_gepnet.terminology.expansion import Terminology

SHAPED = ("PlanDefinition", "ActivityDefinition", "Library")
"""Types whose JSON the loader walks; it trusts their shape after the check."""


def load_content(folder: Path) -> Content:
    """Read, resolve and compile all artefacts below a folder.

    Every ``*.json`` is an artefact, but for what lies in ``cases`` and ``examples`` folders and
    package manifests.

    Raises:
        PathwayError: carries every problem found.
    """
    where = Where(str(folder))
    if not folder.is_dir():
        raise PathwayError(where, [ArtifactError(where, "no such folder", "name the folder of a pathway")])
    problems: list[GepnetError] = []
    artifacts = read_artifacts(folder, problems)
    misshapen = set()
    for artifact in artifacts.all:
        if artifact.type in SHAPED:
            found = list(shape_problems(artifact.resource, artifact.canonical))
            if found:
                misshapen.add(artifact.canonical)
                problems.extend(found)
    if not artifacts.of_type("PlanDefinition"):
        problems.append(ArtifactError(where, "there is no PlanDefinition in this folder", "add one"))
    libraries, expressions = _load_logic(artifacts, misshapen, problems)
    compiler = Compiler(artifacts, expressions, _terminology(artifacts), problems, frozenset(misshapen))
    plans = compile_plans(compiler)
    if problems or libraries is None:
        raise PathwayError(where, problems)
    activities = [activity for activity in compiler.activities.values() if activity is not None]
    every_plan = [plan for plan in compiler.plans.values() if plan is not None]
    retrieved = _retrieved_types(libraries, every_plan, activities)
    return Content(
        plans=plans,
        activities={
            activity.resource["id"]: activity
            for activity in sorted(activities, key=lambda each: str(each.resource["id"]))
            if "#" not in activity.canonical
        },
        libraries=libraries,
        data_needs=data_needs_of(retrieved, _requirements(artifacts)),
        resources=tuple(artifact.resource for artifact in artifacts.all),
    )


def _load_logic(
    artifacts: Artifacts, misshapen: set[str], problems: list[GepnetError]
) -> tuple[Libraries | None, Expressions]:
    elms = []
    library_names = {}
    for artifact in artifacts.of_type("Library"):
        if artifact.canonical in misshapen:
            continue
        with collected(problems):
            elm = elm_of(artifact)
            if elm is not None:
                elms.append(elm)
                library_names[artifact.canonical] = name_of(elm)
    libraries = None
    with collected(problems):
        libraries = load_libraries(
            elms,
            value_sets=[artifact.resource for artifact in artifacts.of_type("ValueSet")],
            code_systems=[artifact.resource for artifact in artifacts.of_type("CodeSystem")],
        )
    names = {name_of(elm): define_names(elm) for elm in elms}
    return libraries, Expressions(artifacts, libraries, names, library_names)


def _terminology(artifacts: Artifacts) -> Terminology:
    return Terminology(
        [artifact.resource for artifact in artifacts.of_type("ValueSet")],
        [artifact.resource for artifact in artifacts.of_type("CodeSystem")],
    )


def _retrieved_types(libraries: Libraries, plans: list[Plan], activities: list[Activity]) -> Iterator[str]:
    for retrieve in libraries.retrieves:
        yield retrieve.resource_type
    for activity in activities:
        yield from _types_of(activity.dynamic_values)
    for plan in plans:
        for action in _all_actions(plan.actions):
            yield from _types_of(action.conditions)
            yield from _types_of(action.dynamic_values)


def _types_of(holders: Sequence[Condition | DynamicValue]) -> Iterator[str]:
    for holder in holders:
        yield from holder.formula.resource_types


def _all_actions(actions: tuple[Action, ...]) -> Iterator[Action]:
    for action in actions:
        yield action
        yield from _all_actions(action.children)


def _requirements(artifacts: Artifacts) -> Iterator[dict[str, Any]]:
    for artifact in artifacts.of_type("Library"):
        yield from artifact.resource.get("dataRequirement", ())
    for artifact in artifacts.of_type("PlanDefinition"):
        for action in actions_in(artifact.resource.get("action", ())):
            yield from action.get("input", ())
