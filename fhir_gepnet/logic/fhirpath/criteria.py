"""Arguments that are evaluated per item: the criterion of where(), the projection of select()."""

from __future__ import annotations

from typing import NamedTuple

from fhir_gepnet.logic.fhirpath.crossings import NOTHING, truth
from fhir_gepnet.logic.fhirpath.functions import Call
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.fhirpath.syntax import Node, Special, children_of
from fhir_gepnet.logic.form import ANY, Form, Type


class Slots(NamedTuple):
    """Where the loop writes the item and its position; ``number`` is 0 when nobody reads it."""

    this: int
    number: int


def per_item(call: Call, position: int, item: Type | None = None) -> tuple[Form, Slots]:
    """An argument with ``$this`` as one item of the input."""
    kind = item_type(call.input) if item is None else item
    place, this, index = call.place.inside(ANY if kind == NOTHING else kind, call.at)
    node = call.nodes[position]
    return place.form(node), Slots(this, index if _reads_index(node) else 0)


def criterion(call: Call, position: int) -> tuple[Form, Slots]:
    """An argument that decides per item: True, False or None."""
    form, slots = per_item(call, position)
    return truth(form), slots


def _reads_index(node: Node) -> bool:
    if isinstance(node, Special) and node.name == "index":
        return True
    return any(map(_reads_index, children_of(node)))
