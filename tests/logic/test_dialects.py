"""What translators 2.4 to 5.x write differently must not change an answer.

Each table is loaded in the dialect that ``make_tables.py`` keeps and again with what other
translators, or other options, leave out or put elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_elm_tables import NOBODY, NOW, TABLES, conversions

from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic import load_libraries

Change = Callable[[Any], Any]


def changed(node: Any, change: Change) -> Any:
    """A copy of ELM with a change made to every object."""
    if isinstance(node, dict):
        return change({key: changed(value, change) for key, value in node.items()})
    return [changed(item, change) for item in node] if isinstance(node, list) else node


def without_result_types(node: Any) -> Any:
    """As a translator without the option EnableResultTypes."""
    return {key: value for key, value in node.items() if not key.startswith("resultType")}


def annotated(node: Any) -> Any:
    """With annotations, local ids, empty signatures and lists, as the Kotlin translators write."""
    if "type" not in node or node["type"].endswith("TypeSpecifier"):
        return node
    extra = {"annotation": [{"type": "Annotation", "t": [], "s": {"r": "1", "s": []}}], "localId": "7"}
    lists = {"include": [], "codeFilter": [], "dateFilter": [], "otherFilter": []}
    return {**extra, **(lists if node["type"] == "Retrieve" else {"signature": []}), **node}


def specified(node: Any) -> Any:
    """Type names as specifiers: what 3.x and later write for operands, casts and parameters."""
    for name in ("asType", "isType", "toType", "operandType", "parameterType", "resultType"):
        written = node.pop(f"{name}Name" if name == "resultType" else name, None)
        if written:
            node[f"{name}Specifier"] = {"type": "NamedTypeSpecifier", "name": written}
    return node


def named(node: Any) -> Any:
    """Type specifiers of named types as names: what 2.x writes."""
    for name in ("asType", "isType", "toType", "operandType", "parameterType"):
        specifier = node.get(f"{name}Specifier")
        if specifier and specifier.get("type", "NamedTypeSpecifier") == "NamedTypeSpecifier":
            del node[f"{name}Specifier"]
            node[name] = specifier["name"]
    return node


def old_choices(node: Any) -> Any:
    """Choice and tuple types with the element names of the first translators."""
    if node.get("type") == "ChoiceTypeSpecifier" and "choice" in node:
        return {"type": "ChoiceTypeSpecifier", "choice": node["choice"]}
    if "elementType" in node and "name" in node and "type" not in node:
        return {"name": node["name"], "type": node["elementType"]}
    return node


def in_lists(library: Any) -> Any:
    """A library whose definitions are lists themselves, without the inner ``def``."""
    return {
        key: value["def"] if isinstance(value, dict) and "def" in value else value
        for key, value in library.items()
    }


def each(change: Change) -> Change:
    """A change of every object of a library."""
    return lambda library: changed(library, change)


DIALECTS: dict[str, Change] = {
    "without result types": each(without_result_types),
    "annotated": each(annotated),
    "type specifiers": each(specified),
    "type names": each(named),
    "old tuple types": each(old_choices),
    "definitions in lists": in_lists,
    "inside a library element": lambda library: {"library": library},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("table", TABLES)
def test_answers_do_not_depend_on_the_dialect(table: str, dialect: str) -> None:
    change, held = DIALECTS[dialect], TABLES[table]
    value_sets = held.get("value_sets", ())
    record = PatientRecord.of(held.get("record", NOBODY))
    helpers = conversions()["library"]
    usual = load_libraries([held["elm"], helpers], value_sets=value_sets)
    other = load_libraries([change(held["elm"]), change(helpers)], value_sets=value_sets)
    wanted = usual["Table"].evaluate(record, now=NOW)
    assert len(wanted) == len(held["cases"])
    assert repr(other["Table"].evaluate(record, now=NOW)) == repr(wanted)
