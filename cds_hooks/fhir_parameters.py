"""The Parameters resource of an operation: which parameters there are, how often, and with what value.

Source: FHIR R4 §3.2.0.3 (operations), PlanDefinition-apply, CPG $apply and $evaluate. A parameter that is
not known is refused: ignoring one that changes the answer would be worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_hooks.responses import Problem, RefusedError

TEXT = ("valueString", "valueUri", "valueCanonical", "valueCode", "valueId")
REFERENCE = ("valueString", "valueReference", "valueUri")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One parameter that an operation takes.

    Attributes:
        members: where its value may stand: names of value[x], ``resource`` or ``part``.
        repeats: whether it may be given more than once.
        resource_type: of ``resource``; "" for any.
        unsupported: why it is refused; "" when it is carried out.
    """

    members: tuple[str, ...]
    repeats: bool = False
    resource_type: str = ""
    unsupported: str = ""


ENDPOINT = Accepted(
    ("resource", "valueUri", "valueString", "part"),
    repeats=True,
    unsupported="endpoints are not read from; send the data in data or prefetchData",
)
DATA: Mapping[str, Accepted] = {
    "data": Accepted(("resource",), resource_type="Bundle"),
    "prefetchData": Accepted(("part",), repeats=True),
    "useServerData": Accepted(("valueBoolean",)),
    "parameters": Accepted(("resource",), resource_type="Parameters"),
    "dataEndpoint": ENDPOINT,
    "contentEndpoint": ENDPOINT,
    "terminologyEndpoint": ENDPOINT,
}
"""What $apply and $evaluate both take."""
MOST_PARAMETERS = 1_000


@dataclass(frozen=True, slots=True)
class Given:
    """The parameters of one call, checked."""

    values: Mapping[str, list[Any]] = field(default_factory=dict)

    def all(self, name: str) -> list[Any]:
        """Every value of a parameter, in order."""
        return self.values.get(name, [])

    def one(self, name: str) -> Any:
        """The value of a parameter that does not repeat; None when it is absent."""
        return next(iter(self.all(name)), None)


def read_parameters(document: object, accepted: Mapping[str, Accepted]) -> Given:
    """Check the body of an operation.

    Raises:
        RefusedError: 400 with one issue per parameter that is wrong, named by its position; 422 for one that
            is right but not supported.
    """
    if not isinstance(document, dict) or document.get("resourceType") != "Parameters":
        raise RefusedError(400, [Problem("structure", "the body must be a Parameters resource")])
    given = document.get("parameter", [])
    if not isinstance(given, list) or len(given) > MOST_PARAMETERS:
        raise RefusedError(400, [Problem("structure", "Parameters.parameter must be an array")])
    values: dict[str, list[Any]] = {}
    problems: list[Problem] = []
    refused: list[Problem] = []
    for position, parameter in enumerate(given):
        at = f"Parameters.parameter[{position}]"
        name = parameter.get("name") if isinstance(parameter, dict) else None
        takes = accepted.get(name) if isinstance(name, str) else None
        if takes is None:
            known = ", ".join(accepted)
            problems.append(Problem("not-supported", f"{at} is none of the parameters {known}", at))
        elif takes.unsupported:
            refused.append(Problem("not-supported", f"{name}: {takes.unsupported}", at))
        elif (value := _value(parameter, takes)) is None:
            wanted = takes.resource_type or " or ".join(takes.members)
            problems.append(Problem("value", f"{name} takes {wanted}", at))
        elif values.setdefault(str(name), []) and not takes.repeats:
            problems.append(Problem("multiple-matches", f"{name} is given more than once", at))
        else:
            values[str(name)].append(value)
    if problems or refused:
        raise RefusedError(400 if problems else 422, problems or refused)
    return Given(values)


def _value(parameter: Mapping[str, Any], takes: Accepted) -> Any:
    for member in takes.members:
        value = parameter.get(member)
        if member == "resource" and isinstance(value, dict):
            right = not takes.resource_type or value.get("resourceType") == takes.resource_type
            return value if right else None
        if member == "valueReference" and isinstance(value, dict):
            value = value.get("reference")
        if value is not None:
            return value if _of_kind(member, value) else None
    return None


def _of_kind(member: str, value: Any) -> bool:
    kinds: dict[str, type] = {"valueBoolean": bool, "part": list, "valueCodeableConcept": dict}
    return isinstance(value, kinds.get(member, str)) and value != ""


def prefetched(given: Given) -> dict[str, tuple[str | None, Any]]:
    """``prefetchData`` by key: the resource type that its descriptor asks for whole, and its data.

    Raises:
        RefusedError: 400 for a part without key and descriptor, or with something else in it.
    """
    found: dict[str, tuple[str | None, Any]] = {}
    for number, parts in enumerate(given.all("prefetchData")):
        at = f"prefetchData[{number}]"
        read = read_parts(parts, at)
        if "key" not in read and "descriptor" not in read:
            raise RefusedError(400, [Problem("required", f"{at} needs a key or a descriptor", at)])
        found[read.get("key", at)] = (_whole_type(read.get("descriptor")), read.get("data"))
    return found


PARTS = {
    "key": ("valueString", str),
    "descriptor": ("valueDataRequirement", dict),
    "data": ("resource", dict),
}


def read_parts(parts: Sequence[Any], at: str) -> dict[str, Any]:
    """key, descriptor and data of one ``prefetchData``."""
    read: dict[str, Any] = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        member, kind = PARTS.get(name if isinstance(name, str) else "", ("", str))
        value = part.get(member) if member else None
        if not isinstance(value, kind) or name in read:
            raise RefusedError(400, [Problem("value", f"{at} takes the parts key, descriptor and data", at)])
        read[str(name)] = value
    return read


def _whole_type(descriptor: Mapping[str, Any] | None) -> str | None:
    """The type of a DataRequirement that narrows nothing; None for one that asks for a part of the data."""
    if descriptor is None or set(descriptor) & {"codeFilter", "dateFilter", "limit", "mustSupport"}:
        return None
    name = descriptor.get("type")
    return name if isinstance(name, str) else None
