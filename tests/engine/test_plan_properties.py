"""What holds for every plan and every patient, tried on generated ones.

A plan is generated together with its expected decisions: what each condition gives for the generated
patient is known from a table, and the rest is three lines of recursion here, written from the specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from small_library import FALSE, TRUE, condition, library, literal, null, plan

from fhir_gepnet import Decision, Pathway, PatientRecord, Result, load_pathway
from fhir_gepnet.json_io import write_json

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Json = dict[str, Any]
Truth = bool | None

LOGIC = library(
    "Logic",
    {
        "Yes": TRUE,
        "No": FALSE,
        "Open": null("Boolean"),
        "Text": literal("String", "A computed text"),
        "No Text": null("String"),
    },
)
URL = "https://example.org/fhir"
ACTIVITY = {
    "resourceType": "ActivityDefinition",
    "id": "order",
    "url": f"{URL}/ActivityDefinition/order",
    "version": "1",
    "status": "active",
    "kind": "ServiceRequest",
    "intent": "proposal",
    "code": {"text": "An order"},
}
NESTED = plan(
    [
        {"id": "n1", "title": "Nested", "condition": [condition("Yes")]},
        {"id": "n2", "condition": [condition("No")]},
        {"id": "n3", "condition": [condition("Open")]},
    ],
    ("Logic",),
    "nested",
)
DEFINITIONS = {
    "activity": f"{URL}/ActivityDefinition/order|1",
    "plan": f"{NESTED['url']}|1",
}
BEHAVIORS = {
    "groupingBehavior": ["visual-group", "logical-group", "sentence-group"],
    "selectionBehavior": ["any", "all", "all-or-none", "exactly-one", "at-most-one", "one-or-more"],
    "requiredBehavior": ["must", "could", "must-unless-documented"],
    "precheckBehavior": ["yes", "no"],
    "cardinalityBehavior": ["single", "multiple"],
    "priority": ["routine", "urgent", "asap", "stat"],
    "title": ["A title"],
    "description": ["A description"],
    "textEquivalent": ["A text"],
    "timingDateTime": ["2026-12-01"],
}
CQL: dict[str, Truth] = {"Yes": True, "No": False, "Open": None}


def truth_of(expression: str, patient: Json) -> Truth:
    """What a condition of the pool gives for a patient, by hand."""
    if expression in CQL:
        return CQL[expression]
    if expression == "Patient.active":
        return patient.get("active")
    if expression == "Patient.birthDate.exists()":
        return "birthDate" in patient
    assert expression == "Patient.birthDate <= @1990-06-15"
    born = patient.get("birthDate")
    # A year alone may lie on both sides of a day.
    return None if born in (None, "1990") else born <= "1990-06-15"


CQL_CONDITIONS = st.sampled_from(list(CQL)).map(condition)
FHIRPATH_CONDITIONS = st.sampled_from(
    ["Patient.active", "Patient.birthDate.exists()", "Patient.birthDate <= @1990-06-15"]
).map(lambda text: condition(text, "text/fhirpath"))
KEPT = st.sampled_from(["start", "stop"]).map(lambda kind: condition("No") | {"kind": kind})
CONDITIONS = st.lists(st.one_of(CQL_CONDITIONS, FHIRPATH_CONDITIONS, KEPT), max_size=3)
TEXTS = st.sampled_from(["Text", "No Text"]).map(
    lambda name: {
        "path": "%action.description",
        "expression": {"language": "text/cql-identifier", "expression": name},
    }
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "condition": CONDITIONS,
        "dynamicValue": st.lists(TEXTS, min_size=1, max_size=2),
        **{name: st.sampled_from(codes) for name, codes in BEHAVIORS.items()},
    },
)
LEAVES = st.tuples(MEMBERS, st.sampled_from(["", "", "activity", "plan"]))
TREES: st.SearchStrategy[Any] = st.recursive(
    st.tuples(LEAVES, st.just([])),
    lambda children: st.tuples(LEAVES, st.lists(children, min_size=1, max_size=3)),
    max_leaves=12,
)
PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient"), "id": st.sampled_from(["p", "another-1"])},
    optional={
        "active": st.booleans(),
        "birthDate": st.sampled_from(["1980-01-31", "1990", "2001-07", "1990-06-15"]),
        "gender": st.sampled_from(["male", "female", "other", "unknown"]),
    },
)


def numbered(trees: list[Any], counter: Iterator[int]) -> list[Json]:
    """Trees as actions with ids, empty members left out."""
    made = []
    for (members, definition), children in trees:
        action: Json = {"id": f"a{next(counter)}", **{name: each for name, each in members.items() if each}}
        if definition:
            action["definitionCanonical"] = DEFINITIONS[definition]
        if children:
            action["action"] = numbered(children, counter)
        made.append(action)
    return made


def plan_of(trees: list[Any]) -> Json:
    return plan(numbered(trees, iter(range(1_000))), ("Logic",), "generated")


def loaded(generated: Json) -> Pathway:
    with TemporaryDirectory() as folder:
        for resource in (generated, NESTED, LOGIC, ACTIVITY):
            (Path(folder) / f"{resource['resourceType']}-{resource['id']}.json").write_bytes(
                write_json(resource)
            )
        return load_pathway(folder)


def expected(actions: list[Json], patient: Json) -> list[tuple[str, str, list[Any]]]:
    """(id, verdict, what is below) of every action: children first, then the nested plan's actions."""
    found = []
    for action in actions:
        truths = [
            truth_of(each["expression"]["expression"], patient)
            for each in action.get("condition", [])
            if each["kind"] == "applicability"
        ]
        verdict = "does-not-apply" if False in truths else "unknown" if None in truths else "applies"
        below = list(action.get("action", []))
        if action.get("definitionCanonical") == DEFINITIONS["plan"]:
            below += NESTED["action"]
        found.append((action["id"], verdict, expected(below, patient) if verdict == "applies" else []))
    return found


def told(decisions: tuple[Decision, ...]) -> list[tuple[str, str, list[Any]]]:
    return [(each.action_id, each.verdict.value, told(each.children)) for each in decisions]


def shown(tree: list[tuple[str, str, list[Any]]]) -> list[str]:
    """Ids of what applies, parents before children."""
    return [each for name, verdict, below in tree if verdict == "applies" for each in (name, *shown(below))]


def written(actions: list[Json]) -> list[str]:
    """Ids in a RequestGroup, without the prefix that a plan gets when it is used again."""
    return [
        each
        for action in actions
        for each in (action["id"].rpartition(".")[2], *written(action.get("action", [])))
    ]


def forms(result: Result) -> list[Json]:
    return [
        form(merge_nested=merged) for merged in (False, True) for form in (result.care_plan, result.bundle)
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(trees=st.lists(TREES, min_size=1, max_size=4), patient=PATIENTS, observations=st.integers(0, 3))
def test_every_plan_and_every_patient(trees: list[Any], patient: Json, observations: int) -> None:
    generated = plan_of(trees)
    subject = {"reference": f"Patient/{patient['id']}"}
    entries = [{"resource": patient}]
    for number in range(observations):
        observation = {"resourceType": "Observation", "id": f"o{number}", "subject": subject}
        entries.append({"resource": observation | {"status": "final", "code": {"text": "x"}}})
    data = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    before = deepcopy((data, generated))

    pathway = loaded(generated)
    result = pathway.apply(PatientRecord.of(data), now=NOW, plan="generated")
    tree = expected(generated["action"], patient)
    assert told(result.decisions) == tree

    for form in forms(result):
        get_fhir_model_class(form["resourceType"]).model_validate_json(write_json(form))
    merged = result.care_plan(merge_nested=True)["contained"][0]
    ids = written(merged.get("action", []))
    assert ids == shown(tree), "definition order, and nothing of what does not apply"

    again = loaded(generated).apply(PatientRecord.of(deepcopy(data)), now=NOW, plan="generated")
    assert [write_json(form) for form in forms(again)] == [write_json(form) for form in forms(result)]
    assert (data, generated) == before, "neither the data nor the plan are changed"
    (held,) = [each for each in pathway.resources if each["id"] == "generated"]
    assert held == before[1]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(trees=st.lists(TREES, min_size=1, max_size=3), policy=st.sampled_from(["flag", "omit"]))
def test_null_never_raises_and_is_never_no(trees: list[Any], policy: Any) -> None:
    """Nothing is known of the patient: every undecided action is told, or left out when that is asked."""
    generated = plan_of(trees)
    patient = {"resourceType": "Patient", "id": "p"}
    result = loaded(generated).apply(PatientRecord.of(patient), now=NOW, plan="generated", unknown=policy)
    tree = expected(generated["action"], patient)
    if policy == "omit":
        assert not [each for each in flat(told(result.decisions)) if each == "unknown"]
    else:
        assert told(result.decisions) == tree
        told_of = [each for each in result.issues if each["code"] == "incomplete"]
        assert len(told_of) == flat(tree).count("unknown")


def flat(tree: list[tuple[str, str, list[Any]]]) -> list[str]:
    """All verdicts of a tree."""
    return [each for _, verdict, below in tree for each in (verdict, *flat(below))]
