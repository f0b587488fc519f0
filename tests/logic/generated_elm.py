"""ELM trees that were translated once and then damaged: for fuzzing the ELM front end.

Nodes come from the tables of the ELM tests. A damaged tree is one define in a library with the declarations
of the table that it was taken from.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.logic.elm.reader import supported_nodes

TABLES = {
    path.stem: read_json_file(path) for path in sorted((Path(__file__).parent / "tables").glob("*.json"))
}
KINDS = tuple(sorted(supported_nodes()))
SYSTEM = "{urn:hl7-org:elm-types:r1}"
TYPE_NAMES = [
    SYSTEM + name for name in ("Any", "Boolean", "Integer", "Long", "Decimal", "String", "Date", "DateTime")
]
TYPE_NAMES += [
    SYSTEM + name for name in ("Time", "Quantity", "Ratio", "Code", "Concept", "ValueSet", "Nonsense")
]
TYPE_NAMES += [
    "{http://hl7.org/fhir}" + name for name in ("Patient", "Observation", "Quantity", "string", "Nonsense")
]
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**70, Decimal("0.5"), "", "x", "1", "1.5", "2020-01-01", "Day",
    "Millisecond", "Table", "value", "code", "X", [], {}, [None], "9" * 50, {"type": "Null"},
    {"type": "Literal"}, *TYPE_NAMES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Material:
    """One table to take trees from: its declarations, its defines and all nodes within these."""

    declarations: dict[str, Any]
    defines: tuple[dict[str, Any], ...]
    nodes: tuple[dict[str, Any], ...]
    record: list[Any]
    value_sets: list[Any]


def _nodes_of(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if "type" in each:
                found.append(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def material() -> tuple[Material, ...]:
    """Every table that the ELM tests have."""
    nobody = [{"resourceType": "Patient", "id": "p", "birthDate": "1950-02"}]
    found = []
    for table in TABLES.values():
        library = table["elm"]
        defines = tuple(each for each in library["statements"]["def"] if each.get("type") != "FunctionDef")
        found.append(
            Material(
                {key: value for key, value in library.items() if key != "statements"},
                defines,
                tuple(_nodes_of([each.get("expression") for each in defines])),
                table.get("record", nobody),
                table.get("value_sets", []),
            )
        )
    return tuple(found)


def damaged(random: Random, of: Material) -> dict[str, Any]:
    """A library with one define of the material, damaged one to three times."""
    define = deepcopy(random.choice(of.defines))
    for _ in range(random.randint(1, 3)):
        _damage(define, random, of)
    library = dict(of.declarations)
    if random.random() < 0.03:
        library = deepcopy(library)
        _damage(library, random, of)
    patient = {"name": "Patient", "context": "Patient", "expression": {"type": "SingletonFrom"}}
    library["statements"] = {"def": [patient, define]}
    return library


def _damage(tree: dict[str, Any], random: Random, of: Material) -> None:
    """Change one place of the tree."""
    holders: list[tuple[Any, Any]] = []
    waiting: list[Any] = [tree]
    while waiting:
        each = waiting.pop()
        items = each.items() if isinstance(each, dict) else enumerate(each)
        for key, value in items:
            holders.append((each, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    if not holders:
        return
    holder, key = random.choice(holders)
    value = holder[key]
    what = random.random()
    if key == "type" and isinstance(value, str) and what < 0.7:
        holder[key] = random.choice(KINDS)
    elif isinstance(value, str) and value.startswith("{") and what < 0.7:
        holder[key] = random.choice(TYPE_NAMES)
    elif what < 0.35:
        holder[key] = deepcopy(random.choice(of.nodes))
    elif what < 0.55:
        del holder[key]
    elif what < 0.8:
        holder[key] = deepcopy(random.choice(SCALARS))
    elif isinstance(value, list):
        holder[key] = value * random.choice((0, 2, 3)) if random.random() < 0.5 else value[::-1]
    elif isinstance(holder, dict):
        holder[
            random.choice(("operand", "source", "element", "name", "low", "resultTypeName", "precision"))
        ] = deepcopy(value)
    else:
        holder[key] = [value]
