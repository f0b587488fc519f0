"""Fill the ``elm`` of every table from the CQL of its cases. Needs Node; run by hand after a change:

python tests/logic/make_tables.py

A table holds ``header`` (CQL lines), ``cases`` (name, cql, value), ``record`` and ``value_sets``;
its ELM is one library with one define per case, without what no test reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fhir_gepnet.authoring.translation import _translate
from fhir_gepnet.json_io import read_json, read_json_file, write_json

FOLDERS = [Path(__file__).parent / name for name in ("tables", "budgets")]
CONVERSIONS = Path(__file__).parents[2] / "plandefinitions/gepnet-2018/library/cql/GepnetConversions.cql"
UNREAD = frozenset({"annotation", "localId", "signature"})


def source_of(table: dict[str, Any]) -> str:
    """The CQL library of a table."""
    lines = ["library Table version '1'", *table.get("header", [])]
    lines += [f'define "{case["name"]}": {case["cql"]}' for case in table["cases"]]
    return "\n".join(lines) + "\n"


def stripped(node: Any) -> Any:
    """ELM without annotations, local ids and empty lists of the translator."""
    if isinstance(node, dict):
        kept = {key: stripped(value) for key, value in node.items() if key not in UNREAD}
        return {key: value for key, value in kept.items() if value != [] or key in ("element", "operand")}
    return [stripped(item) for item in node] if isinstance(node, list) else node


def main() -> None:
    """Translate and rewrite every table; tables with problems stay as they are and are named."""
    failed: list[str] = []
    for path in sorted(file for folder in FOLDERS for file in folder.glob("*.json")):
        table = read_json_file(path)
        if "elm" not in table:
            continue
        sources = {"Table.cql": source_of(table), CONVERSIONS.name: CONVERSIONS.read_text(encoding="utf-8")}
        (library, _) = _translate(sources, path.parent)
        if library.problems or library.elm is None:
            failed.append("\n  ".join([path.name, *library.problems]))
            continue
        table["elm"] = stripped(read_json(library.elm))["library"]
        parts = [f'"{key}":' + write_json(value).decode() for key, value in table.items() if key != "cases"]
        cases = ",\n".join(write_json(case).decode() for case in table["cases"])
        path.write_text("{\n" + ",\n".join([*parts[:-1], f'"cases":[\n{cases}\n]', parts[-1]]) + "\n}\n")

    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
