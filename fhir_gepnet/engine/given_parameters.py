"""A caller's FHIR Parameters as library parameters by name.

Source: CPG, $apply and $evaluate, parameter ``parameters``: bound by name, a repeated name becomes a list,
one with parts becomes a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fhir_gepnet.errors import InvocationError
from fhir_gepnet.logic.form import ListOf, Type


def plain_parameters(parameters: Mapping[str, Any], types: Mapping[str, Type]) -> dict[str, Any]:
    """Plain values by name, ready for ``Pathway.apply``.

    Args:
        parameters: a Parameters resource.
        types: declared types by name; a name that is no list and is given once is a single value.

    Raises:
        InvocationError: no Parameters resource, or a parameter without name or value.
    """
    if parameters.get("resourceType") != "Parameters":
        raise InvocationError("parameters must be a Parameters resource")
    found: dict[str, list[Any]] = {}
    given = parameters.get("parameter", ())
    if not isinstance(given, list | tuple) or not all(isinstance(each, dict) for each in given):
        raise InvocationError("Parameters.parameter must be an array of objects")
    for each in given:
        name = each.get("name")
        if not isinstance(name, str) or not name:
            raise InvocationError("every parameter needs a name")
        found.setdefault(name, []).append(_plain(each))
    return listed({name: values if len(values) > 1 else values[0] for name, values in found.items()}, types)


def listed(values: Mapping[str, Any], types: Mapping[str, Type]) -> dict[str, Any]:
    """The values with what a library declares as a list, and was given once, as a list of one."""
    return {
        name: [value]
        if isinstance(types.get(name), ListOf) and value is not None and not isinstance(value, list)
        else value
        for name, value in values.items()
    }


def _plain(parameter: Mapping[str, Any]) -> Any:
    """The value of one parameter; None when it says that there is none."""
    if "part" in parameter:
        return plain_parameters({"resourceType": "Parameters", "parameter": parameter["part"]}, {})
    if "resource" in parameter:
        return parameter["resource"]
    for key, value in parameter.items():
        if key.startswith("value"):
            return _read(key, value)
    if any(key.startswith("_value") for key in parameter):
        return None
    raise InvocationError("a parameter has no value, no part and no resource")


def _read(key: str, value: Any) -> Any:
    read = _READERS.get(key)
    if read is None:
        return value
    try:
        return read(value)
    except (AttributeError, TypeError):
        raise InvocationError(f"a parameter's {key} has not the shape of that type") from None


def _quantity(value: Mapping[str, Any]) -> dict[str, Any]:
    if value.get("comparator") is not None:
        # "< 5" is not 5, here as in the record.
        raise InvocationError("a parameter's quantity has a comparator; send the number that is meant")
    return {"value": value.get("value"), "unit": value.get("code") or value.get("unit") or "1"}


def _concept(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"codes": value.get("coding") or [], "display": value.get("text")}


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "valueQuantity": _quantity,
    "valueCodeableConcept": _concept,
    "valuePeriod": lambda value: {"low": value.get("start"), "high": value.get("end")},
    "valueRange": lambda value: {
        end: _quantity(value[end]) if end in value else None for end in ("low", "high")
    },
}
"""How FHIR data types look as plain values; all others pass as they are."""
