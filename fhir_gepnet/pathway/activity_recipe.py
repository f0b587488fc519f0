"""One ActivityDefinition -> ``Activity``: its draft, its dynamic values, and what is still missing."""

from __future__ import annotations

from collections.abc import Sequence
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
    draft = draft_of(resource, kind_name, at)
    compilation = Compilation(expressions, problems, resource, expressions.libraries_of(artifact, problems))
    for each in computed_of(resource, artifact.canonical, ""):
        if not each.appended:
            problems.append(
                UnsupportedFeatureError(
                    each.at, "cqf-expression in a definition", "write it as a dynamicValue"
                )
            )
    assignments = assignments_of(resource, artifact.canonical, "")
    dynamic_values = compile_assignments(assignments, kind_name, compilation)
    context = [element for element, _ in kind.context]
    paths = [*(normal_form(each.path, kind_name) for each in dynamic_values), *context, *kind.moments]
    return Activity(
        canonical=artifact.canonical,
        kind=kind_name,
        draft=draft,
        subject=kind.subject,
        context=kind.context,
        moments=kind.moments,
        dynamic_values=dynamic_values,
        required=missing_structure(kind.required, draft, kind.moments),
        missing=missing_structure(kind.required, draft, paths),
        resource=resource,
    )


def structure_problems(
    activity: Activity, used_by: Sequence[tuple[Where, Sequence[DynamicValue]]]
) -> list[ArtifactError]:
    """What a request would lack in R4, for each action that makes one, or of the definition alone.

    Args:
        used_by: address and dynamic values of each action that names the activity.
    """
    users = used_by or [(Where(activity.canonical), ())]
    found = []
    for at, dynamic_values in users:
        paths = [normal_form(each.path, activity.kind) for each in dynamic_values if not each.on_action]
        for alternatives in missing_structure(activity.missing, activity.draft, paths):
            found.append(
                ArtifactError(
                    at,
                    f"a {activity.kind} needs {' or '.join(alternatives)}; {activity.canonical} has none",
                    "add the element of the ActivityDefinition that it is copied from, or a dynamicValue",
                )
            )
    return found
