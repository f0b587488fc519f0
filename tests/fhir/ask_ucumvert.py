"""What ucumvert makes of units: run by a Python that finds it, JSON in, JSON out.

In: a list of UCUM texts, or of [value, source, target]. Out: per text {"factor", "dimensions"} in base
units of the SI, per triple {"value"}; {"error"} where ucumvert or pint refuse.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from ucumvert import PintUcumRegistry  # type: ignore[import-not-found]

registry = PintUcumRegistry()


@cache
def quantity(text: str) -> Any:
    """The text as a pint quantity; an annotation alone is the number 1."""
    found = registry.from_ucum(text)
    if isinstance(found, str):
        return registry.Quantity(1, "dimensionless")
    return found if hasattr(found, "magnitude") else registry.Quantity(1, found)


def described(text: str) -> dict[str, Any]:
    """Size and dimensions; a temperature scale by its step."""
    found = quantity(text)
    if not found._is_multiplicative:
        found = registry.Quantity(1, f"delta_{found.units}")
    base = found.to_base_units()
    return {
        "factor": float(base.magnitude),
        "dimensions": {key: float(power) for key, power in base.dimensionality.items()},
    }


def answer(asked: Any) -> dict[str, Any]:
    """One answer; whatever the peer raises is its refusal."""
    try:
        if isinstance(asked, str):
            return described(asked)
        value, source, target = asked
        one = registry.Quantity(float(value), quantity(source).units)
        # A unit like 10*3/uL is a number and units for the peer.
        one, other = (
            one * quantity(source).magnitude if quantity(source).magnitude != 1 else one,
            quantity(target),
        )
        return {"value": float(one.to(other.units).magnitude / other.magnitude)}
    except Exception as error:  # noqa: BLE001  (the peer raises many kinds, some of them bare)
        return {"error": type(error).__name__}


if __name__ == "__main__":
    json.dump([answer(asked) for asked in json.load(sys.stdin)], sys.stdout)
