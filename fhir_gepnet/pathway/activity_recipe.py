"""One ActivityDefinition -> ``Activity``: its draft, its dynamic values, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fhir_gepnet.errors import ArtifactError, GepnetError, UnsupportedFeatureError, Where
from fhir_gepnet.pathway.activity import draft_of, kind_name_of, kind_of, missing_structure
from fhir_gepnet.pathway.artifacts import Artifact
from fhir_gepnet.pathway.dynamic_values import (
    Compilation,
    assignments_of,
    compile_assignments,
    computed_of,
)
from fhir_gepnet.pathway.expressions import Expressions
from fhir_gepnet.pathway.fhirpath_formulas import Holder
from fhir_gepnet.pathway.model import Activity, DynamicValue
from fhir_gepnet.pathway.paths import normal_form


def activity_of(artifact: Artifact, expressions: Expressions, problems: list[GepnetError]) -> Activity:
    """Compile an ActivityDefinition; what is wrong with single dynamic values goes to ``problems``.

    Raises:
        ArtifactError: an event, or what is no request, as kind; an intent it cannot have.
        UnsupportedFeatureError: an element that the request has no place for.
    """
    resource: dict[str, Any] = artifact.resource
    at = Where(artifact.canonical)
    name = kind_name_of(resource, expressions.artifacts)
    kind = kind_of(name, at)
    kind_name = str(name)
    compilation = Compilation(
        expressions, problems, Holder(resource), expressions.libraries_of(artifact, problems)
    )
    for each in computed_of(resource, artifact.canonical, ""):
        if not each.appended:
            problems.append(
                UnsupportedFeatureError(
                    each.at, "cqf-expression in a definition", "write it as a dynamicValue"
                )
            )
    assignments = assignments_of(resource, artifact.canonical, "")
    dynamic_values = compile_assignments(assignments, kind_name, compilation)
    return redrafted(
        Activity(
            canonical=artifact.canonical,
            kind=kind_name,
            draft={},
            subject=kind.subject,
            context=kind.context,
            moments=kind.moments,
            dynamic_values=dynamic_values,
            writes_action=any(each.on_action for each in dynamic_values),
            required=(),
            missing=(),
            resource=resource,
        ),
        resource,
        at,
    )


def redrafted(activity: Activity, resource: dict[str, Any], at: Where) -> Activity:
    """The activity with the draft that another form of its definition gives.

    Args:
        resource: the definition, with what an action overrides in the place of its own.
        at: for messages.

    Raises:
        As ``draft_of``.
    """
    kind = kind_of(activity.kind, at)
    draft = draft_of(resource, activity.kind, at)
    context = [element for element, _ in kind.context]
    paths = [normal_form(each.path, activity.kind) for each in activity.dynamic_values]
    return replace(
        activity,
        draft=draft,
        required=missing_structure(kind.required, draft, kind.moments),
        missing=missing_structure(kind.required, draft, [*paths, *context, *kind.moments]),
    )


def structure_problems(
    activity: Activity, at: Where, dynamic_values: Sequence[DynamicValue]
) -> list[ArtifactError]:
    """What a request would lack in R4 when an action makes it, or when it is made alone.

    Args:
        at: the action, or the definition.
        dynamic_values: the action's own.
    """
    paths = [normal_form(each.path, activity.kind) for each in dynamic_values if not each.on_action]
    return [
        ArtifactError(
            at,
            f"a {activity.kind} needs {' or '.join(alternatives)}; {activity.canonical} has none",
            "add the element of the ActivityDefinition that it is copied from, or a dynamicValue",
        )
        for alternatives in missing_structure(activity.missing, activity.draft, paths)
    ]
