"""What is served: one service per plan and hook, made once when the process starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_hooks.card_text import LONGEST_SUMMARY
from cds_hooks.cards import topic_code
from cds_hooks.envelope import CONTEXTS
from cds_hooks.fhir_artifacts import doubled_artifacts
from cds_hooks.prefetch import Template, templates_for
from fhir_gepnet import Pathway, Plan, find_pathways, load_pathway
from fhir_gepnet.errors import ArtifactError, GepnetError, PathwayError, Where


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of discovery.

    Attributes:
        id: last segment of the service's address: the plan's id.
        hook: the hook that it answers.
        pathway: the compiled folder that holds the plan.
        plan: the plan that is applied.
        templates: the published prefetch.
    """

    id: str
    hook: str
    pathway: Pathway
    plan: Plan
    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """Everything that a process serves: hooks by service, and the artefacts of the pathways as FHIR."""

    services: tuple[Service, ...]
    pathways: tuple[Pathway, ...]


def load_services(pathways: Path | None) -> tuple[Service, ...]:
    """The services of ``load_served`` alone."""
    return load_served(pathways).services


def load_served(pathways: Path | None) -> Served:
    """Load every pathway and make its services, ordered by folder and plan id.

    Plans whose triggers name no hook of ours are parts of other plans, or wait for a later version.

    Args:
        pathways: one pathway folder, or a folder of them; None means the installed ones. An empty
            folder gives no services.

    Raises:
        ArtifactError: the folder is not there, or has artefacts but no plan.
        PathwayError: everything that is wrong with the content, of all folders, at once.
    """
    services: list[Service] = []
    loaded: list[Pathway] = []
    problems: list[GepnetError] = []
    folders = pathway_folders(pathways)
    for folder in folders:
        try:
            pathway = load_pathway(folder)
        except PathwayError as error:
            problems.append(error)
            continue
        loaded.append(pathway)
        for plan in pathway.plans.values():
            hooks = [hook for hook in plan.hooks if hook in CONTEXTS]
            if hooks:
                problems += problems_in_plan(plan)
            try:
                services += [_service(hook, pathway, plan) for hook in hooks]
            except ArtifactError as error:
                problems.append(error)
    problems += _doubled(services)
    problems += doubled_artifacts(loaded)
    if problems:
        where = Where(", ".join(str(folder) for folder in folders))
        raise PathwayError(where, problems)
    return Served(tuple(services), tuple(loaded))


def pathway_folders(pathways: Path | None) -> tuple[Path, ...]:
    """The pathway folders to serve; none when the directory is there and holds no artefact at all.

    Raises:
        ArtifactError: no such directory, or artefacts in it but no plan.
    """
    if pathways is not None and pathways.is_dir() and not any(pathways.rglob("*.json")):
        return ()
    return tuple(find_pathways(pathways).values())


def problems_in_plan(plan: Plan) -> Iterator[ArtifactError]:
    """What would make a card or a discovery entry invalid, as far as that is known without a patient."""
    if not plan.description.strip():
        yield ArtifactError(
            Where(plan.canonical, "description"), "a service needs a description", "say what the pathway does"
        )
    for position, action in enumerate(plan.actions):
        where = Where(plan.canonical, f"action[{position}].title")
        title = action.output.get("title")
        if title is None and all(value.path != "%action.title" for value in action.dynamic_values):
            yield ArtifactError(where, "a card needs a title", "give the action a title, or a dynamic one")
        if title is not None and len(title) > LONGEST_SUMMARY:
            yield ArtifactError(
                where,
                f"the title has {len(title)} characters; a card's summary holds {LONGEST_SUMMARY}",
                "shorten it, and move the rest to the description",
            )
        if not topic_code(action.id):
            yield ArtifactError(
                where, "the action's id has no letter or digit", "give it an id that names the card"
            )
    codes = [topic_code(action.id) for action in plan.actions]
    for action in plan.actions:
        if codes.count(topic_code(action.id)) > 1:
            yield ArtifactError(
                Where(plan.canonical, f"action {action.id}"),
                "two action ids differ only in characters that a card's topic leaves out",
                "rename one of them",
            )


def _service(hook: str, pathway: Pathway, plan: Plan) -> Service:
    return Service(plan.id, hook, pathway, plan, templates_for(pathway.data_needs, Where(plan.canonical)))


def _doubled(services: Iterable[Service]) -> Iterator[ArtifactError]:
    """Ids must be unique: clients that know a service by its address keep only the last of two."""
    seen: set[str] = set()
    for service in services:
        if service.id in seen:
            yield ArtifactError(
                Where(service.plan.canonical, "id"), "two services have this id", "rename one of the plans"
            )
        seen.add(service.id)


def discovery_entry(service: Service, prefetch: dict[str, str], requirements: str) -> dict[str, Any]:
    """One element of ``services``; nothing in it is empty."""
    entry: dict[str, Any] = {"hook": service.hook}
    if service.plan.title:
        entry["title"] = service.plan.title
    entry |= {"description": service.plan.description, "id": service.id}
    if prefetch:
        entry["prefetch"] = prefetch
    return entry | {"usageRequirements": requirements}
