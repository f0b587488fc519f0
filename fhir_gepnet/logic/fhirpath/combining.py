"""FHIRPath 2.0 chapters 5.4 "Combining" and 6.4 "Collections": typing of union, combine, in, contains."""

from __future__ import annotations

from fhir_gepnet.errors import Where
from fhir_gepnet.logic.fhirpath.crossings import one, together
from fhir_gepnet.logic.fhirpath.functions import Call, function
from fhir_gepnet.logic.form import BOOLEAN, Form, ListOf


def union(left: Form, right: Form, at: Where) -> Form:
    """``left | right``: both without duplicates."""
    left, right, kind = together(left, right)
    return Form("fhirpath.union", ListOf(kind), (left, right), None, at)


def membership(item: Form, collection: Form, at: Where) -> Form:
    """``item in collection``: empty when there is no item."""
    wanted, among, _ = together(one(item), collection)
    return Form("fhirpath.in", BOOLEAN, (one(wanted), among), None, at)


@function("union", 1)
def union_function(call: Call) -> Form:
    """``union(other)``"""
    return union(call.input, call.argument(0), call.at)


@function("combine", 1, 2)
def combine(call: Call) -> Form:
    """``combine(other)``: both with duplicates."""
    left, right, kind = together(call.input, call.argument(0))
    return Form("fhirpath.combine", ListOf(kind), (left, right), None, call.at)
