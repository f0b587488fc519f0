"""FHIRPath 2.0 chapter 5.2 "Filtering and projection": typing; and sort()."""

from __future__ import annotations

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.fhirpath.criteria import Slots, criterion, per_item
from fhir_gepnet.logic.fhirpath.crossings import NOTHING, described, many, one, system
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.fhirpath.syntax import Unary
from fhir_gepnet.logic.fhirpath.type_specifiers import narrowed, type_named_by
from fhir_gepnet.logic.form import ANY, Form, ListOf


@function("where", 1)
def where(call: Call) -> Form:
    """``where(criteria)``: the items for which the criterion is true; unknown does not count."""
    decides, slots = criterion(call, 0)
    source = many(call.input)
    return Form("fhirpath.where", source.type, (source, decides), slots, call.at)


@function("select", 1)
def select(call: Call) -> Form:
    """``select(projection)``"""
    projection, slots = per_item(call, 0)
    return Form(
        "fhirpath.select", ListOf(item_type(projection)), (many(call.input), projection), slots, call.at
    )


def _repeated(name: str, distinct: bool) -> None:
    """repeat() and repeatAll(): the projection over its own results until nothing new comes."""

    def typing(call: Call) -> Form:
        item = item_type(call.input)
        projection, slots = per_item(call, 0)
        found = item_type(projection)
        if found not in (item, NOTHING):
            # Results feed the projection again: type it on what it gives, or else on anything.
            again, slots = per_item(call, 0, found)
            if item_type(again) == found:
                first, first_slots = per_item(call, 0)
                operands = (many(call.input), many(first), many(again))
                return Form(f"fhirpath.{name}", ListOf(found), operands, (first_slots, slots, found), call.at)
            projection, slots = per_item(call, 0, ANY)
            operands = (many(described(call.input)), many(described(projection)), many(described(projection)))
            return Form(f"fhirpath.{name}", ListOf(ANY), operands, (slots, slots, ANY), call.at)
        operands = (many(call.input), many(projection), many(projection))
        return Form(f"fhirpath.{name}", many(projection).type, operands, (slots, slots, found), call.at)

    function(name, 1)(typing)


_repeated("repeat", distinct=True)
_repeated("repeatAll", distinct=False)


@function("ofType", 1)
def of_type(call: Call) -> Form:
    """``ofType(type)``: the items of that type or, for complex types, of one derived from it."""
    return narrowed(call.input, type_named_by(call.nodes[0], call.place), call.at)


@function("sort", 0, 20)
def sort(call: Call) -> Form:
    """``sort([key [asc|desc], …])``; a leading minus sorts that key downwards, also for strings."""
    source = many(call.input)
    if not len(call):
        place, this, _ = call.place.inside(item_type(source), call.at)
        keys = [(place.this, Slots(this, 0), False)]
    else:
        keys = []
        for position, node in enumerate(call.nodes):
            down = isinstance(node, Unary) and node.operator == "-"
            place, this, _ = call.place.inside(item_type(source), call.at)
            written = node.operand if isinstance(node, Unary) and down else node
            keys.append((place.form(written), Slots(this, 0), down))
            if item_type(keys[-1][0]) == NOTHING:
                raise TypeMismatchError(
                    call.at, f"sort key {position + 1} is always empty", "name an element"
                )
    forms = tuple(one(system(form)) for form, _, _ in keys)
    detail = tuple((slots.this, down) for _, slots, down in keys)
    return Form("fhirpath.sort", source.type, (source, *forms), detail, call.at)
