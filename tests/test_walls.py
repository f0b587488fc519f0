"""The walls of the house: which room may open into which, how big a file may be, what it is called."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(file for package in ("fhir_gepnet", "cds_hooks") for file in (ROOT / package).rglob("*.py"))
ELSEWHERE = ("tests", "benchmarks", "scripts")
OTHERS = sorted(file for folder in ELSEWHERE for file in (ROOT / folder).rglob("*.py"))

ROOMS = ["errors", "json_io", "fhir", "terminology", "logic", "pathway", "engine", "authoring", "cli"]
ABOVE_THE_ROOMS = {"fhir_gepnet/__init__.py", "fhir_gepnet/__main__.py"}
OUTSIDE_THE_CORE = {"flask", "werkzeug", "sqlalchemy", "requests", "pydantic", "granian", "cds_hooks"}
EXCEPTIONS = {
    # The command line is the edge: these two open the service inside their command, nowhere else.
    ("fhir_gepnet/cli/serve.py", "cds_hooks"),
    ("fhir_gepnet/cli/apply.py", "cds_hooks"),
}
JSON_LIBRARIES = {"json", "orjson", "msgspec", "simplejson"}
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager"}
PUBLIC_TO_THE_SERVICE = {"fhir_gepnet", "fhir_gepnet.errors", "fhir_gepnet.json_io"}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imports(file: Path) -> list[tuple[str, bool]]:
    """Every imported module with whether it is imported at module level."""
    tree = ast.parse(file.read_text())
    top = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only, so that this test can see them"
            found.append((node.module or "", id(node) in top))
    return found


def test_the_house_was_found() -> None:
    assert len(FILES) > 40, "an empty parametrize passes silently"


@pytest.mark.parametrize("file", [*FILES, *OTHERS], ids=name_of)
def test_size_and_name(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 400, "split this file by subject"
    assert file.stem.removeprefix("test_") not in NAMES_THAT_SAY_NOTHING, "name the file after what it knows"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_doors(file: Path) -> None:
    name = name_of(file)
    for module, at_top in imports(file):
        package = module.split(".")[0]
        if name != "fhir_gepnet/json_io.py":
            assert package not in JSON_LIBRARIES, "JSON goes through fhir_gepnet/json_io.py"
        if name.startswith("cds_hooks/"):
            if package == "fhir_gepnet":
                assert module in PUBLIC_TO_THE_SERVICE, f"public names only, not {module}"
            continue
        if package in OUTSIDE_THE_CORE:
            assert (name, package) in EXCEPTIONS, f"the core may not import {module}"
            assert not at_top, f"{module} is imported inside the command, so that the core stays without it"
        elif package == "fhir_gepnet" and name not in ABOVE_THE_ROOMS and module != "fhir_gepnet":
            here = ROOMS.index(Path(name).with_suffix("").parts[1])
            there = ROOMS.index(module.split(".")[1])
            assert there <= here, f"{name} may not look up to {module}"


@pytest.mark.parametrize("file", [file for file in FILES if file.stem == "__init__"], ids=name_of)
def test_init_only_re_exports(file: Path) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.Expr)
    for node in ast.parse(file.read_text()).body:
        assert isinstance(node, allowed), "an __init__.py re-exports; it holds no code"
