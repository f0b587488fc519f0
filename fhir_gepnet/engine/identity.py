"""Ids that follow from what they name, so that the same question gives the same bytes."""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "https://fhir-gepnet.org/fhir/apply")


def identity_of(what: str, subject: str, now: datetime, plan: str, path: tuple[str, ...] = ()) -> str:
    """A uuid5 of a thing made by one application.

    Args:
        what: kind of the thing, e.g. a resource type.
        subject: ``Patient/p1``.
        now: the moment of the application.
        plan: canonical with version of the plan that was applied.
        path: ids of the actions that lead to it, outermost first.
    """
    return str(uuid5(NAMESPACE, "\n".join([what, subject, now.isoformat(), plan, *path])))
