"""FHIRPath 2.0 chapter 7 "Aggregates": typing of aggregate(), and sum, min, max, avg of the next version."""

from __future__ import annotations

from dataclasses import replace

from fhir_gepnet.logic.fhirpath.criteria import Slots
from fhir_gepnet.logic.fhirpath.crossings import described, many, system
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import ANY, DECIMAL, INTEGER, Form, ListOf, Type


@function("aggregate", 1, 2)
def aggregate(call: Call) -> Form:
    """``aggregate(aggregator [, initial])``: folds the items; ``$total`` is what came out before."""
    place, this, index = call.place.inside(item_type(call.input), call.at)
    total = place.compilation.slot()
    place = replace(place, total=Form("fhirpath.slot", ListOf(ANY), (), total, call.at))
    aggregator = many(described(place.form(call.nodes[0])))
    initial = (many(described(call.argument(1))),) if len(call) > 1 else ()
    return Form(
        "fhirpath.aggregate",
        ListOf(ANY),
        (many(call.input), aggregator, *initial),
        (Slots(this, index), total),
        call.at,
    )


def _folded(name: str, average: bool = False) -> None:
    """sum(), min(), max() and avg() of comparable values; empty for no items (sum: 0 is not invented)."""

    def typing(call: Call) -> Form:
        source = many(system(call.input))
        kind: Type = item_type(source)
        if average and kind == INTEGER:
            kind = DECIMAL
        return Form(f"fhirpath.{name}", kind, (source,), None, call.at)

    function(name)(typing)


_folded("sum")
_folded("min")
_folded("max")
_folded("avg", average=True)
