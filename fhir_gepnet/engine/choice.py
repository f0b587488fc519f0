"""Which plan of a pathway is meant."""

from __future__ import annotations

from collections.abc import Mapping

from fhir_gepnet.errors import InvocationError
from fhir_gepnet.pathway.artifacts import version_key
from fhir_gepnet.pathway.model import Plan

PATHWAY_TYPE = "clinical-protocol"


def choose_plan(plans: Mapping[str, Plan], wanted: str | None = None, hook: str | None = None) -> Plan:
    """The plan by id or canonical; without either the one plan meant for the hook.

    Args:
        plans: by id.
        wanted: id, ``url`` (the newest version) or ``url|version``; None means the one plan of type
            clinical-protocol, or when no plan has that type the one plan there is.
        hook: CDS Hooks name of the calling hook, matched with named-event triggers.

    Raises:
        InvocationError: no such plan, or the choice is not unique; names the candidates.
    """
    if wanted is not None:
        for plan in plans.values():
            if wanted in (plan.id, plan.canonical):
                return plan
        versions = [plan for plan in plans.values() if plan.url == wanted]
        if versions:
            return max(versions, key=lambda plan: version_key(plan.version))
        raise InvocationError(f"no plan {wanted}; this pathway has {_names(plans)}")
    candidates = [plan for plan in plans.values() if plan.type == PATHWAY_TYPE] or list(plans.values())
    if hook is not None:
        candidates = [plan for plan in candidates if hook in plan.hooks]
        if not candidates:
            raise InvocationError(
                f"no plan has a named-event trigger {hook}; this pathway has {_names(plans)}"
            )
    if len(candidates) > 1:
        names = ", ".join(plan.id for plan in candidates)
        raise InvocationError(f"several plans could be meant: {names}; say which with plan=")
    return candidates[0]


def _names(plans: Mapping[str, Plan]) -> str:
    return ", ".join(plans)
