"""Write docs/expressions.md: every ELM node, FHIRPath function and operator, and what tests it.

Usage: python scripts/make_expression_tables.py [--check] [--suites]

What is supported comes from the registries, what tests it from the rows of the tables under tests/logic that
use it. ``--suites`` counts the cases of the official suites anew (they have to be there; see
``scripts/official_suites``) and keeps the numbers in scripts/expression_suites.json, so that the page does
not depend on the machine.
``--check`` writes nothing: exit 1 when the page is not what it would be.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "logic")]

from fhir_gepnet.errors import ParseError  # noqa: E402
from fhir_gepnet.json_io import read_json, read_json_file, write_json_indented  # noqa: E402
from fhir_gepnet.logic.elm.reader import supported_nodes  # noqa: E402
from fhir_gepnet.logic.fhirpath import parser, syntax  # noqa: E402
from fhir_gepnet.logic.fhirpath.functions import NOT_CARRIED_OUT, known_functions  # noqa: E402

PAGE = ROOT / "docs" / "expressions.md"
CHAPTERS: dict[str, Any] = read_json_file(ROOT / "scripts" / "expression_chapters.json")
SUITES = ROOT / "scripts" / "expression_suites.json"
TABLES = ROOT / "tests" / "logic"
PATHWAYS = "pathways"
AGAIN = "python scripts/make_expression_tables.py"

Uses = dict[str, Counter[str]]
"""Node, function or operator -> where it is used -> in how many rows."""


def kinds_of(tree: Any) -> set[str]:
    """Every ``type`` in a tree of ELM."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(each.get("type"), str):
                found.add(each["type"])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def words_of(expression: str) -> set[str]:
    """Functions (``name()``) and operators of a FHIRPath expression; empty when it cannot be read."""
    try:
        waiting = [parser.parse(expression)]
    except ParseError:
        return set()
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        waiting.extend(syntax.children_of(node))
        found.add(word_of(node))
    return found - {""}


def word_of(node: syntax.Node) -> str:
    """How the page calls what a node of the syntax tree is."""
    match node:
        case syntax.Invocation():
            return f"{node.function}()"
        case syntax.Binary() | syntax.TypeTest():
            return node.operator
        case syntax.Unary():
            return f"unary {node.operator}"
        case syntax.Index():
            return "[]"
        case syntax.Empty():
            return "{}"
        case syntax.Variable():
            return "%variable"
        case syntax.Member() if node.source is not None:
            return "."
    return ""


def rows_of(content: Any) -> Iterator[Any]:
    """The rows of a JSON table of tests: defines of its ELM, or whatever it lists."""
    if isinstance(content, dict) and isinstance(content.get("elm"), dict):
        yield from content["elm"]["statements"]["def"]
    elif isinstance(content, dict):
        for value in content.values():
            yield from value if isinstance(value, list) else [value]
    else:
        yield from content


def counted(rows: Iterable[tuple[str, set[str]]]) -> Uses:
    """How often each word is used, by place."""
    uses: Uses = {}
    for place, words in rows:
        for word in words:
            uses.setdefault(word, Counter())[place] += 1
    return uses


def elm_uses() -> Uses:
    """ELM nodes in the tables of our own tests, and in the pathways."""
    files = sorted(file for file in TABLES.rglob("*.json") if "fhirpath" not in file.parts)
    rows = [
        (f"{file.stem}", kinds_of(row))
        for file in files
        if "deviations" not in file.stem
        for row in rows_of(read_json_file(file))
    ]
    for file in sorted((ROOT / "plandefinitions").glob("*/library/*.json")):
        for content in read_json_file(file).get("content", ()):
            if content["contentType"] == "application/elm+json":
                library = read_json(base64.b64decode(content["data"]))["library"]
                rows += [(PATHWAYS, kinds_of(each)) for each in library["statements"]["def"]]
    return counted(rows)


def fhirpath_uses() -> Uses:
    """Functions and operators in the tables of our own tests."""
    rows = []
    for file in sorted((TABLES / "fhirpath").rglob("*.json")):
        content = read_json_file(file)
        for row in rows_of(content) if "deviations" not in file.stem else ():
            if isinstance(row, dict) and isinstance(row.get("expression"), str):
                rows.append((file.stem, words_of(row["expression"])))
    return counted(rows)


def suite_counts() -> dict[str, dict[str, int]]:
    """Cases of each official suite that use a word, and pass."""
    import official_cql
    import official_fhirpath

    for suite in (official_cql, official_fhirpath):
        if not suite.SUITE.is_dir():
            raise SystemExit(f"there is no folder {suite.SUITE}; name it in FHIR_GEPNET_SUITES")
    cql = official_cql.cases()
    elm = official_cql.translated(cql)
    nodes = Counter(kind for number in elm for kind in kinds_of(elm[number]["library"]["statements"]))
    words = Counter(word for case in official_fhirpath.cases() for word in words_of(case.expression))
    known = supported_nodes()
    return {
        "elm": {kind: nodes[kind] for kind in sorted(nodes) if kind in known},
        "fhirpath": {word: words[word] for word in sorted(words)},
    }


def told(uses: Mapping[str, int]) -> str:
    """``lists 4, queries 2``, the most first."""
    ordered = sorted(uses.items(), key=lambda item: (-item[1], item[0]))
    counts = [f"{place} {count}" for place, count in ordered if place != PATHWAYS]
    # Without a number: the page must not change with every define of a pathway.
    return ", ".join(counts + [PATHWAYS] * (PATHWAYS in uses)) or "none"


def chapter_of(chapters: Mapping[str, list[str]], word: str, otherwise: str) -> str:
    """The chapter that lists a word."""
    return next((chapter for chapter, words in chapters.items() if word in words), otherwise)


def table(head: list[str], lines: Iterable[list[str]]) -> list[str]:
    """A table in Markdown; a bar within a cell is escaped."""
    rows = [head, ["---"] * len(head), *lines]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def page() -> str:
    """The whole page."""
    suites = read_json_file(SUITES)
    nodes, words = elm_uses(), fhirpath_uses()
    otherwise = CHAPTERS["fhirpath_otherwise"]
    elm_lines = [
        [f"`{kind}`", chapter_of(CHAPTERS["elm"], kind, "not in the table of chapters"),
         told(nodes.get(kind, {})), str(suites["elm"].get(kind, 0))]
        for kind in sorted(supported_nodes())
    ]  # fmt: skip
    function_lines = [
        [f"`{name}()`", chapter_of(CHAPTERS["fhirpath"], name, otherwise),
         told(words.get(f"{name}()", {})), str(suites["fhirpath"].get(f"{name}()", 0))]
        for name in sorted(known_functions())
    ]  # fmt: skip
    operator_lines = [
        [f"`{word}`", chapter, told(words.get(word, {})), str(suites["fhirpath"].get(word, 0))]
        for chapter, operators in CHAPTERS["operators"].items()
        for word in operators
    ]
    refused = [[f"`{name}()`", NOT_CARRIED_OUT[name]] for name in sorted(NOT_CARRIED_OUT)]
    head = ["specification", "rows of our tables", "cases of the official suite"]
    lines = [
        "# Expressions: what is carried out, and what tests it",
        "",
        f"Written by `{AGAIN}`; do not edit. A number counts rows (defines,",
        "expressions) that use the node, function or operator: a row of ours says what it must give, in",
        "both back ends where there are two; a case of the official suites passes unless",
        "`scripts/official_suites` lists it with its cause. *pathways*: `plandefinitions/` uses it, and",
        "its cases test it. Every ELM node is also evaluated on nulls (`tests/logic/test_nulls.py`), and all",
        "is fuzzed (`tests/logic/test_fuzz.py`). What is not in these tables is refused while loading, by",
        "name.",
        "",
        f"## ELM nodes ({len(elm_lines)})",
        "",
        "Specification: CQL 1.5, part 4 (Logical Specification), by chapter.",
        "",
        *table(["node", *head], elm_lines),
        "",
        f"## FHIRPath functions ({len(function_lines)})",
        "",
        "Specification: FHIRPath 2.0 (normative), by chapter.",
        "",
        *table(["function", *head], function_lines),
        "",
        "## FHIRPath operators",
        "",
        *table(["operator", *head], operator_lines),
        "",
        "## FHIRPath functions that are refused, with the remedy that the message names",
        "",
        *table(["function", "instead"], refused),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check the page."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments.add_argument("--suites", action="store_true", help="count the official suites anew")
    asked = arguments.parse_args()
    if asked.suites:
        SUITES.write_bytes(write_json_indented(suite_counts()))
    if not asked.check:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        print(
            f"docs/expressions.md is not what the code says; run {AGAIN} and read the diff", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
