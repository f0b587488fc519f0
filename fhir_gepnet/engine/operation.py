"""The parameters of PlanDefinition/$apply -> arguments of ``Pathway.apply``, or a clear refusal.

Source: FHIR R4 and R5 PlanDefinition-apply, CPG cpg-plandefinition-apply. A parameter that we do not
know, or do not carry out, is refused by name: an answer that left it out in silence would be worse
than none. ``useCarePlan``, which was in drafts only, is ignored with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fhir_gepnet.engine.given_parameters import listed, plain_parameters
from fhir_gepnet.engine.parts import Place
from fhir_gepnet.engine.result import Result, Unknown
from fhir_gepnet.errors import InvocationError
from fhir_gepnet.fhir.record import PatientRecord

if TYPE_CHECKING:
    from fhir_gepnet.engine.pathway import Pathway

REFERENCES = ("encounter", "practitioner", "organization")
CONCEPTS = ("userType", "userLanguage", "userTaskContext", "setting", "settingContext")
ENDPOINTS = ("dataEndpoint", "contentEndpoint", "terminologyEndpoint", "artifactEndpointConfiguration")
FLAGS = ("useServerData", "mergeNestedCarePlans", "useCarePlan")
PLAN = ("planDefinition", "url", "version")
REPEATING = frozenset({"subject", "prefetchData", *ENDPOINTS})
DATA = ("data", "prefetchData")
POLICIES: tuple[Unknown, ...] = ("flag", "omit", "error")
KNOWN = (*PLAN, "subject", *REFERENCES, *CONCEPTS, "parameters", *DATA, *FLAGS, "unknown", *ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of $apply, checked.

    Attributes:
        plan: id, ``url`` or ``url|version``.
        inline: the PlanDefinition that the call carried, or None; it has to be a loaded one.
        subjects: references, ``Patient/p1``; at least one.
        context: what ``Pathway.apply`` takes as context: references and CodeableConcepts by name.
        parameters: library parameters by name, as plain values.
        data: a Bundle, or a prefetch mapping; None when the call carried none.
        complete: resource types of which the data hold all there is.
        merge_nested: CPG ``mergeNestedCarePlans``.
        unknown: our own parameter ``unknown``: flag, omit or error, as of ``Pathway.apply``.
        warnings: what was accepted and has no effect.
    """

    plan: str
    inline: dict[str, Any] | None
    subjects: tuple[str, ...]
    context: Mapping[str, Any]
    parameters: Mapping[str, Any]
    data: Any
    complete: tuple[str, ...]
    merge_nested: bool
    unknown: Unknown
    warnings: tuple[str, ...]


def read_operation(document: Mapping[str, Any], *, instance: str | None = None) -> Operation:
    """Check the Parameters resource of a call.

    Args:
        document: a Parameters resource, or the same as a dict of values by name (a repeating
            parameter is a list; ``prefetchData`` a list of ``{"key", "descriptor", "data"}``).
        instance: id of the plan when the operation is called on it (``PlanDefinition/{id}/$apply``);
            None at type level, where the parameters name the plan.

    Raises:
        InvocationError: no subject, no plan or two, data of two kinds, a parameter that is not known,
            given too often, of the wrong kind or not supported.
    """
    given = _by_name(document)
    for name in given:
        if name not in KNOWN:
            raise InvocationError(f"$apply has no parameter {name}; it has {', '.join(KNOWN)}")
    for name in ENDPOINTS:
        if name in given:
            raise InvocationError(
                f"{name}: this engine reads no endpoints; send the data in data or prefetchData, and put "
                "artefacts and value sets into the pathway's folder"
            )
    one = {name: _single(name, values) for name, values in given.items() if name not in REPEATING}
    if "data" in given and "prefetchData" in given:
        raise InvocationError("data and prefetchData exclude each other; send one of them")
    subjects = tuple(_reference("subject", value) for value in given.get("subject", ()))
    if not subjects:
        raise InvocationError("$apply needs a subject, e.g. Patient/p1")
    prefetch = [_prefetch(value) for value in given.get("prefetchData", ())]
    return Operation(
        plan=_plan(one, instance),
        inline=one.get("planDefinition"),
        subjects=subjects,
        context={
            **{name: _reference(name, one[name]) for name in REFERENCES if name in one},
            **{name: _is_a(name, one[name], dict, "CodeableConcept") for name in CONCEPTS if name in one},
        },
        parameters=_library_parameters(one.get("parameters")),
        data={key: data for key, data, _ in prefetch} if prefetch else one.get("data"),
        complete=tuple(dict.fromkeys(kind for _, _, kind in prefetch if kind is not None)),
        merge_nested=_flag(one, "mergeNestedCarePlans", False),
        unknown=_policy(one.get("unknown", "flag")),
        warnings=tuple(_warnings(one)),
    )


def apply_operation(pathway: Pathway, operation: Operation, *, now: datetime) -> Iterator[Result]:
    """One result per subject, in their order, each worked out when it is asked for.

    What was accepted without effect is a warning among the issues of each result.

    Raises:
        InvocationError: the plan is not loaded, or is not for the type of a subject; no data.
        PatientDataError: the data of a subject cannot be used.
    """
    for subject in operation.subjects:
        kind = subject.rpartition("/")[0].rpartition("/")[2]
        plan = pathway.plan_named(operation.plan)
        if operation.inline is not None and operation.inline != plan.resource:
            raise InvocationError(
                f"planDefinition is not the {plan.canonical} that is loaded; logic that comes with a call is "
                "not compiled: put it into the pathway's folder"
            )
        if kind != plan.subject_type:
            raise InvocationError(f"{plan.canonical} is about a {plan.subject_type}, not about a {kind}")
        if operation.data is None:
            raise InvocationError("there are no data; send them in data or prefetchData")
        record = PatientRecord.of(operation.data, complete=operation.complete, subject=subject)
        result = pathway.apply(
            record,
            now=now,
            plan=operation.plan,
            parameters=listed(operation.parameters, pathway.libraries.parameters),
            context=operation.context,
            unknown=operation.unknown,
        )
        issues = [
            {"severity": "warning", "code": "not-supported", "diagnostics": text}
            for text in operation.warnings
        ]
        places = [Place((), plan.canonical)] * len(issues)
        yield replace(result, issues=(*result.issues, *issues), places=(*result.places, *places))


def _by_name(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    if document.get("resourceType") != "Parameters":
        return {
            name: value if name in REPEATING and isinstance(value, list) else [value]
            for name, value in document.items()
        }
    found: dict[str, list[Any]] = {}
    for number, parameter in enumerate(document.get("parameter") or ()):
        if not isinstance(parameter, Mapping):
            raise InvocationError(
                f"parameter[{number}] is no object; send a name with a value, resource or parts"
            )
        found.setdefault(str(parameter.get("name")), []).append(_value(parameter))
    return found


def _value(parameter: Mapping[str, Any]) -> Any:
    """The value of one parameter: value[x], its resource, or its parts as a dict (a tuple of CQL)."""
    if "resource" in parameter:
        return parameter["resource"]
    if "part" in parameter:
        return _tuple(parameter["part"])
    return next((value for key, value in parameter.items() if key.startswith("value")), None)


def _tuple(parts: Any) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for part in parts:
        found.setdefault(part["name"], []).append(_value(part))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _single(name: str, values: list[Any]) -> Any:
    if len(values) > 1:
        raise InvocationError(f"{name} is given {len(values)} times; it may be given once")
    return values[0]


def _plan(one: Mapping[str, Any], instance: str | None) -> str:
    inline, url, version = (one.get(name) for name in PLAN)
    if instance is not None:
        if any(name in one for name in PLAN):
            raise InvocationError("the call is on a plan, so planDefinition, url and version are not for it")
        return instance
    if inline is not None and (url is not None or version is not None):
        raise InvocationError("planDefinition and url exclude each other; send one of them")
    if version is not None and url is None:
        raise InvocationError("version says which of several plans of one url; send the url with it")
    if inline is not None:
        inline = _is_a("planDefinition", inline, dict, "PlanDefinition")
        return f"{inline.get('url')}|{inline.get('version')}"
    if url is None:
        raise InvocationError("name the plan: planDefinition, or url (and version)")
    return f"{url}|{version}" if version is not None else str(url)


def _reference(name: str, value: Any) -> str:
    text = value.get("reference") if isinstance(value, Mapping) else value
    if not isinstance(text, str) or "/" not in text:
        raise InvocationError(f"{name} takes a reference, e.g. Patient/p1")
    return text


def _is_a(name: str, value: Any, wanted: type, told: str) -> Any:
    if not isinstance(value, wanted):
        raise InvocationError(f"{name} takes a {told}")
    return value


def _flag(one: Mapping[str, Any], name: str, default: bool) -> bool:
    flag: bool = _is_a(name, one.get(name, default), bool, "boolean")
    return flag


def _policy(value: Any) -> Unknown:
    for policy in POLICIES:
        if value == policy:
            return policy
    raise InvocationError(f"unknown takes {', '.join(POLICIES)}")


def _library_parameters(document: Any) -> dict[str, Any]:
    """By name: a repeated one is a list, one with parts a tuple."""
    if document is None:
        return {}
    _is_a("parameters", document, dict, "Parameters resource")
    if document.get("resourceType") != "Parameters":
        return dict(document)
    return plain_parameters(document, {})


def _prefetch(value: Any) -> tuple[str, Any, str | None]:
    """(key, data, type of which this is all there is): no data part means that there are none of it."""
    _is_a("prefetchData", value, dict, "part-bearing parameter")
    descriptor = value.get("descriptor") or {}
    kind = descriptor.get("type")
    narrowed = any(name in descriptor for name in ("codeFilter", "dateFilter", "limit", "profile"))
    data = value.get("data")
    links = data.get("link", ()) if isinstance(data, Mapping) else ()
    whole = kind is not None and not narrowed and all(link.get("relation") != "next" for link in links)
    key = value.get("key") or kind
    if key is None:
        raise InvocationError("prefetchData takes a key, or a descriptor with a type")
    return key, data, kind if whole else None


def _warnings(one: Mapping[str, Any]) -> Iterator[str]:
    for name, check in WARNINGS.items():
        if name in one:
            text = check(_flag(one, name, False))
            if text is not None:
                yield text


WARNINGS: Mapping[str, Callable[[bool], str | None]] = {
    "useCarePlan": lambda value: "useCarePlan was never in a release of FHIR and has no effect",
    "useServerData": lambda value: (
        "useServerData has no effect: this engine keeps no patient data and reads what the call carries"
        if value
        else None
    ),
}
"""Parameters without effect -> what the caller is told."""
