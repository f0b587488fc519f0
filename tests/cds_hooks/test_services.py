"""What is served and what is refused while loading; then a whole pathway that is about something else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from service_under_test import PLAN, ROOT, cards_in, fixed_clock, outcome_in, validator

from cds_hooks.app import create_app
from cds_hooks.config import Configuration
from cds_hooks.services import load_services, problems_in_plan
from fhir_gepnet.errors import ArtifactError, PathwayError
from fhir_gepnet.json_io import read_json, read_json_file, write_json

SECOND = ROOT / "tests" / "data" / "second-pathway"
CASES = sorted(folder for folder in (SECOND / "cases").iterdir() if folder.is_dir())


def action(action_id: str = "card", title: str | None = "A card", dynamic: tuple[str, ...] = ()) -> Any:
    values = tuple(SimpleNamespace(path=path) for path in dynamic)
    return SimpleNamespace(id=action_id, output={"title": title} if title else {}, dynamic_values=values)


PLANS = [
    ("K1 title of 139 characters", {"actions": (action(title="x" * 139),)}, ""),
    ("K1 title of 140 characters", {"actions": (action(title="x" * 140),)}, "140 characters"),
    ("K1 no title", {"actions": (action(title=None),)}, "needs a title"),
    ("K1 dynamic title only", {"actions": (action(title=None, dynamic=("%action.title",)),)}, ""),
    ("D4 no description", {"description": " "}, "needs a description"),
    ("O3 id without a letter", {"actions": (action("--"),)}, "no letter or digit"),
    ("O3 ids that become one topic", {"actions": (action("a-b"), action("ab"))}, "differ only"),
]


@pytest.mark.parametrize(("changes", "says"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_plans(changes: dict[str, Any], says: str) -> None:
    problems = [str(problem) for problem in problems_in_plan(replace(PLAN, **changes))]
    assert bool(problems) is bool(says)
    assert all(says in problem for problem in problems)


def test_d3_an_empty_folder_serves_nothing(tmp_path: Path) -> None:
    answer = create_app(Configuration(pathways=tmp_path)).test_client().get("/cds-services")
    assert answer.data == b'{"services":[]}'
    validator("discovery").validate(read_json(answer.data))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no such directory"):
        load_services(tmp_path / "missing")


def test_a_pathway_that_does_not_compile_does_not_start(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(SECOND, tmp_path / name)
        file = tmp_path / name / "plandefinition" / "influenza-reminder.json"
        file.write_text(file.read_text().replace("Patient.birthDate <=", "Patient.birthDay <="))
    with pytest.raises(PathwayError) as raised:
        load_services(tmp_path)
    assert len(raised.value.problems) == 2, "every folder is reported"
    assert "Patient.birthDay" in str(raised.value)
    assert "action[0].condition[0]" in str(raised.value)


def test_two_folders_with_one_plan_id_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(SECOND, tmp_path / name)
    with pytest.raises(PathwayError, match="two services have this id"):
        load_services(tmp_path)


@pytest.fixture(scope="module")
def client() -> Any:
    return create_app(Configuration(pathways=SECOND, clock=fixed_clock)).test_client()


def test_discovery_of_the_second_pathway(client: Any) -> None:
    document = read_json(client.get("/cds-services").data)
    validator("discovery").validate(document)
    (service,) = document["services"]
    assert service["id"] == "influenza-reminder", "parts of a plan are no services"
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    assert service["prefetch"]["immunization"] == "Immunization?patient={{context.patientId}}"


def request_of(case: Path, types: list[str]) -> dict[str, Any]:
    """The case's Bundle split into one search Bundle per published key."""
    resources = [entry["resource"] for entry in read_json_file(case / "patient.json")["entry"]]
    (patient,) = (resource for resource in resources if resource["resourceType"] == "Patient")
    prefetch: dict[str, Any] = {"patient": patient}
    for name in types:
        entries = [{"resource": resource} for resource in resources if resource["resourceType"] == name]
        prefetch[name[0].lower() + name[1:]] = {"resourceType": "Bundle", "entry": entries}
    context = {"userId": "Practitioner/d1", "patientId": patient["id"]}
    return {"hook": "patient-view", "hookInstance": "h", "context": context, "prefetch": prefetch}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases_of_the_second_pathway(client: Any, case: Path) -> None:
    expected = read_json_file(case / "expected.json")
    published = read_json(client.get("/cds-services").data)["services"][0]["prefetch"].values()
    types = [query.partition("?")[0] for query in published if "?" in query]
    body = write_json(request_of(case, types))
    first, second = (
        client.post("/cds-services/influenza-reminder", data=body, content_type="application/json")
        for _ in range(2)
    )
    cards = cards_in(first)
    decided = [card for card in cards if "could not be evaluated" not in card["summary"].lower()]
    assert [card["source"]["topic"]["code"] for card in decided] == expected["cards"]
    assert first.data == second.data, "the same request gives the same bytes"


def test_the_second_pathway_without_a_patient(client: Any) -> None:
    request = request_of(CASES[0], [])
    del request["prefetch"]["patient"]
    (issue,) = outcome_in(client.post("/cds-services/influenza-reminder", json=request), 412)
    assert issue["expression"] == ["prefetch.patient"]


def test_the_cases_were_found() -> None:
    assert len(CASES) > 5
