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
- ``invocation``: instead of arguments, the Parameters resource of a call of the operation (the patient's
  data are filled in as ``data`` unless it has ``data`` or ``prefetchData``), or a dict of values by name;
  ``instance`` with it is the id of the plan that it is called on;
- ``expect``: checks by name, each a function of ``CHECKS``, or ``load_error`` or ``invocation_error``, lists
  of texts that the message has to hold.

Paths in expectations are dotted, with numbers into lists: ``action.0.title``. The value there has to be
the same; ``null`` means that there is nothing at the path.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from small_library import FALSE, TRUE, library, literal, null

from fhir_gepnet import (
    Decision,
    Pathway,
    PatientRecord,
    Result,
    apply_operation,
    load_pathway,
    read_operation,
)
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
    if "invocation" in case:
        return called(case, pathway)[0]
    arguments = dict(case.get("arguments", {}))
    moment = datetime.fromisoformat(arguments.pop("now")) if "now" in arguments else NOW
    plans = [each for each in _resources(case) if each["resourceType"] == "PlanDefinition"]
    arguments.setdefault("plan", f"{plans[0]['url']}|{plans[0]['version']}")
    result = pathway.apply(record_of(case), now=moment, **arguments)
    valid(result)
    return result


def called(case: dict[str, Any], pathway: Pathway) -> list[Result]:
    """Call the operation as the case says: one result per subject."""
    document = copy.deepcopy(case["invocation"])
    data = case.get("patient", PATIENT)
    bundle = (
        data
        if isinstance(data, dict) and data["resourceType"] == "Bundle"
        else {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": each} for each in (data if isinstance(data, list) else [data])],
        }
    )
    if document.get("resourceType") != "Parameters":
        if "data" not in document and "prefetchData" not in document:
            document["data"] = bundle
    elif not any(each["name"] in ("data", "prefetchData") for each in document["parameter"]):
        document["parameter"].append({"name": "data", "resource": bundle})
    operation = read_operation(document, instance=case.get("instance"))
    results = list(apply_operation(pathway, operation, now=NOW))
    for result in results:
        valid(result)
    return results


def valid(result: Result) -> None:
    """CarePlan and Bundle in all their forms are R4, and every reference within them leads somewhere."""
    for merge in (False, True):
        care_plan, bundle = result.care_plan(merge_nested=merge), result.bundle(merge_nested=merge)
        CarePlan.model_validate_json(write_json(care_plan))
        Bundle.model_validate_json(write_json(bundle))
        contained = [f"#{resource['id']}" for resource in care_plan["contained"]]
        assert len(contained) == len(set(contained)), "ids of contained resources are unique"
        assert not any("contained" in resource for resource in care_plan["contained"]), "dom-2"
        assert set(contained) <= set(texts(care_plan)), "dom-3: what is contained is referred to"
        assert {each for each in references(care_plan) if each.startswith("#")} <= set(contained)
        urls = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(urls) == len(set(urls))
        assert {each for each in references(bundle) if each.startswith("urn:uuid:")} <= set(urls)
        for group in (each for each in care_plan["contained"] if each["resourceType"] == "RequestGroup"):
            identifiers = [action["id"] for action in actions_in(group)]
            assert len(identifiers) == len(set(identifiers))


def references(value: Any) -> Iterator[str]:
    """Every ``reference`` in a document."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "reference" and isinstance(each, str):
                yield each
            else:
                yield from references(each)


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def actions_in(holder: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All actions of a RequestGroup."""
    for action in holder.get("action", ()):
        yield action
        yield from actions_in(action)


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


def _merged_group(result: Result, expected: dict[str, Any]) -> None:
    compare(result.care_plan(merge_nested=True)["contained"][0], expected)


def _merged_types(result: Result, expected: list[str]) -> None:
    bundle = result.bundle(merge_nested=True)
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == expected


def _merged_contained(result: Result, expected: list[str]) -> None:
    contained = result.care_plan(merge_nested=True)["contained"]
    assert [resource["resourceType"] for resource in contained] == expected


def _linked(result: Result, expected: dict[str, list[str]]) -> None:
    """Dotted path into the CarePlan -> kind of the contained resource referred to there, and its member."""
    care_plan = result.care_plan()
    contained = {f"#{resource['id']}": resource for resource in care_plan["contained"]}
    for path, (kind, member, value) in expected.items():
        target = contained[at(care_plan, path)["reference"]]
        assert target["resourceType"] == kind
        assert at(target, member) == value


def _bundle_linked(result: Result, expected: dict[str, list[str]]) -> None:
    """The same for the Bundle, by fullUrl."""
    bundle = result.bundle()
    entries = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    for path, (kind, member, value) in expected.items():
        target = entries[at(bundle, path)["reference"]]
        assert target["resourceType"] == kind
        assert at(target, member) == value


def _made(result: Result, expected: dict[str, Any]) -> None:
    """Of the first resource made beside the RequestGroup, in the order of the actions."""
    compare([entry["resource"] for entry in result.bundle()["entry"][1:]], expected)


def _issues(result: Result, expected: list[list[str]]) -> None:
    """Each ``[severity, code, part of the text, ...]``; no more and no fewer."""
    _same_issues(result.issues, expected)


def _same_issues(issues: Sequence[dict[str, Any]], expected: list[list[str]]) -> None:
    assert len(issues) == len(expected), issues
    for issue, (severity, code, *texts) in zip(issues, expected, strict=True):
        assert (issue["severity"], issue["code"]) == (severity, code), issue
        for text in texts:
            assert text in issue["diagnostics"], issue


def _outcome(result: Result, expected: list[list[str]]) -> None:
    """All issues of the OperationOutcomes in the CarePlan: ``[severity, code, part of the text, ...]``."""
    outcomes = [
        each for each in result.care_plan()["contained"] if each["resourceType"] == "OperationOutcome"
    ]
    _same_issues([issue for outcome in outcomes for issue in outcome["issue"]], expected)


def _inputs(result: Result, expected: dict[str, dict[str, str]]) -> None:
    found = {
        each.action_id: {state.input.name: state.state for state in each.inputs} for each in result.decisions
    }
    assert found == expected


def _windows(result: Result, expected: dict[str, Any]) -> None:
    """``windows``: one ``[action, start, end, times, note or null]`` per window; the note in part."""
    found = result.windows(expected["anchor"], known=expected.get("known"))
    rows = [[each.action, each.start, each.end, each.times] for each in found]
    assert rows == [row[:4] for row in expected["windows"]]
    for window, (*_, note) in zip(found, expected["windows"], strict=True):
        assert (window.note is None) is (note is None), window
        assert (note or "") in (window.note or "")


def _selections(result: Result, expected: list[dict[str, Any]]) -> None:
    """Each ``{"selected": [...], "documented": [...], "violations": [[rule, action], ...]}``."""
    assert expected
    for row in expected:
        found = result.check_selection(row["selected"], documented=row.get("documented", ()))
        assert [[each.rule, each.action] for each in found] == row["violations"], row["selected"]


CHECKS: dict[str, Callable[[Result, Any], None]] = {
    "decisions": _decisions,
    "care_plan": _care_plan,
    "group": _group,
    "bundle": _bundle,
    "types": _types,
    "contained": _contained,
    "merged_group": _merged_group,
    "merged_types": _merged_types,
    "merged_contained": _merged_contained,
    "linked": _linked,
    "bundle_linked": _bundle_linked,
    "outcome": _outcome,
    "inputs": _inputs,
    "windows": _windows,
    "selections": _selections,
    "made": _made,
    "issues": _issues,
}
