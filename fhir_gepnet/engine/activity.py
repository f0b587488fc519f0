"""ActivityDefinition -> draft request for one patient."""

from __future__ import annotations

from typing import Any

from fhir_gepnet.engine.trace import Application
from fhir_gepnet.pathway.model import Activity


def copy_json(value: Any) -> Any:
    """A deep copy of JSON; scalars are shared. Several times faster than ``copy.deepcopy``."""
    if type(value) is dict:
        return {key: copy_json(each) for key, each in value.items()}
    if type(value) is list:
        return [copy_json(each) for each in value]
    return value


def draft_request(activity: Activity, application: Application, identifier: str) -> dict[str, Any]:
    """The static part of the request with id, subject and the caller's context filled in.

    ``dynamicValue`` comes after this, in ``engine/dynamic_value.py``.
    """
    request: dict[str, Any] = {"resourceType": activity.kind, "id": identifier}
    request.update(copy_json(activity.draft))
    request[activity.subject_element] = {"reference": application.scope.record.subject}
    for element, name in activity.context_elements:
        reference = application.references.get(name)
        if reference is not None:
            request[element] = {"reference": reference}
    return request
