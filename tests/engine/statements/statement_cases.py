"""The statement tables: ``NN-name.json`` holds hand-written cases of statement NN, and is run from here.

A file is ``{"statement": 24, "title": "...", "source": "...", "cases": {name: case}}``. A case has

- ``plan``: a PlanDefinition, or only its members (``{"action": [...]}``): the rest is filled in;
- ``artifacts``: more resources of the folder, filled in the same way (resourceType is needed);
- ``logic``: ``{define: true | false | null | "text" | ELM}``, a CQL library named Logic that the plan uses,
  with the list parameters that ``logic_parameters`` names;
- ``libraries``: ``{name: {define: ...}}``, more libraries, which nobody uses unless he says so;
- ``patient``: a resource, a list of them, or a Bundle; default a Patient p1 with nothing else;
- ``complete``: resource types of which that is all there is;
- ``arguments``: of ``Pathway.apply`` (plan, parameters, context, unknown, now as ISO text);
- ``invocation``: instead of arguments, a Parameters resource for the operation;
- ``expect``: checks by name, each a function of ``CHECKS``, or ``load_error`` or ``invocation_error``.

Paths in expectations are dotted, with numbers into lists: ``action.0.title``. The value there has to be
the same; ``null`` means that there is nothing at the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from small_library import FALSE, TRUE, library, literal, null

from fhir_gepnet import Decision, Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.json_io import read_json_file, write_json

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "p1"}
BASE = "https://example.org/fhir"

TABLES = sorted(HERE.glob("[0-9][0-9]-*.json"))


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """(test id, case) of every table; the id is ``24-condition-kinds`` and the case's name."""
    for table in TABLES:
        for name, case in read_json_file(table)["cases"].items():
            yield f"{table.stem}: {name}", case


def load(case: dict[str, Any], folder: Path) -> Pathway:
    """Write the artefacts of a case into a folder and load it."""
    for resource in _resources(case):
        name = f"{resource['resourceType']}-{resource['id']}-{resource['version']}"
        (folder / f"{name}.json").write_bytes(write_json(resource))
    return load_pathway(folder)


def record_of(case: dict[str, Any]) -> PatientRecord:
    """The patient's data of a case."""
    return PatientRecord.of(case.get("patient", PATIENT), complete=case.get("complete", ()))


def apply(case: dict[str, Any], pathway: Pathway) -> Result:
    """Apply as the case says; every result is proved to be valid R4."""
    arguments = dict(case.get("arguments", {}))
    moment = datetime.fromisoformat(arguments.pop("now")) if "now" in arguments else NOW
    plans = [each for each in _resources(case) if each["resourceType"] == "PlanDefinition"]
    arguments.setdefault("plan", f"{plans[0]['url']}|{plans[0]['version']}")
    result = pathway.apply(record_of(case), now=moment, **arguments)
    valid(result)
    return result


def valid(result: Result) -> None:
    """CarePlan and Bundle in all their forms are R4."""
    CarePlan.model_validate_json(write_json(result.care_plan()))
    Bundle.model_validate_json(write_json(result.bundle()))


def _resources(case: dict[str, Any]) -> list[dict[str, Any]]:
    logic = case.get("logic")
    plan = {"resourceType": "PlanDefinition", "id": "plan", **case.get("plan", {})}
    if logic is not None:
        plan.setdefault("library", [f"{BASE}/Library/Logic|1"])
    resources = [plan, *case.get("artifacts", ())]
    if logic is not None:
        definitions = {name: _define(value) for name, value in logic.items()}
        resources.append(library("Logic", definitions, tuple(case.get("logic_parameters", ()))))
    for name, defines in case.get("libraries", {}).items():
        resources.append(library(name, {define: _define(value) for define, value in defines.items()}))
    return [_filled(each, number) for number, each in enumerate(resources)]


def _define(value: Any) -> dict[str, Any]:
    if value is None:
        return null("Boolean")
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, dict):
        return value
    return literal("String", value)


def _filled(resource: dict[str, Any], number: int) -> dict[str, Any]:
    kind = resource["resourceType"]
    identifier = resource.get("id", f"a{number}")
    head = {
        "resourceType": kind,
        "id": identifier,
        "url": f"{BASE}/{kind}/{identifier}",
        "version": "1",
        "status": "active",
    }
    return {**head, **resource}


def at(document: Any, path: str) -> Any:
    """What a dotted path names; None when there is nothing."""
    for name in path.split(".") if path else ():
        if isinstance(document, list):
            document = document[int(name)] if name.isdigit() and int(name) < len(document) else None
        else:
            document = document.get(name) if isinstance(document, dict) else None
    return document


def compare(document: Any, expected: dict[str, Any]) -> None:
    """Every path of ``expected`` holds its value."""
    assert expected, "an expectation without a path proves nothing"
    for path, value in expected.items():
        found = at(document, path)
        assert type(found) is type(value), (path, found)
        assert found == value, (path, found)


def tree(decisions: tuple[Decision, ...]) -> list[Any]:
    """``[[action id, verdict, child, ...], ...]``."""
    return [[each.action_id, each.verdict.value, *tree(each.children)] for each in decisions]


def _decisions(result: Result, expected: list[Any]) -> None:
    assert tree(result.decisions) == expected


def _care_plan(result: Result, expected: dict[str, Any]) -> None:
    compare(result.care_plan(), expected)


def _group(result: Result, expected: dict[str, Any]) -> None:
    compare(result.care_plan()["contained"][0], expected)


def _bundle(result: Result, expected: dict[str, Any]) -> None:
    compare(result.bundle(), expected)


def _types(result: Result, expected: list[str]) -> None:
    assert [entry["resource"]["resourceType"] for entry in result.bundle()["entry"]] == expected


def _contained(result: Result, expected: list[str]) -> None:
    assert [resource["resourceType"] for resource in result.care_plan()["contained"]] == expected


def _made(result: Result, expected: dict[str, Any]) -> None:
    """Of the first resource made beside the RequestGroup, in the order of the actions."""
    compare([entry["resource"] for entry in result.bundle()["entry"][1:]], expected)


def _issues(result: Result, expected: list[list[str]]) -> None:
    """Each ``[severity, code, part of the text, ...]``; no more and no fewer."""
    assert len(result.issues) == len(expected), result.issues
    for issue, (severity, code, *texts) in zip(result.issues, expected, strict=True):
        assert (issue["severity"], issue["code"]) == (severity, code), issue
        for text in texts:
            assert text in issue["diagnostics"], issue


CHECKS: dict[str, Callable[[Result, Any], None]] = {
    "decisions": _decisions,
    "care_plan": _care_plan,
    "group": _group,
    "bundle": _bundle,
    "types": _types,
    "contained": _contained,
    "made": _made,
    "issues": _issues,
}
