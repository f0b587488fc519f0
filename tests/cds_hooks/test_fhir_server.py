"""The FHIR addresses: a table of requests and answers, every answer valid R4, whatever its status."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_server_under_test import client, patient, valid
from hypothesis import given, settings
from hypothesis import strategies as st
from service_under_test import CONFIGURATION, NOW, fixed_clock

from cds_hooks.app import application_of, create_app
from cds_hooks.config import Configuration
from cds_hooks.fhir_search import MOST_COUNT, read_search
from cds_hooks.fhir_summary import SUMMARY
from fhir_gepnet import PathwayError, load_pathway
from fhir_gepnet.json_io import read_json, read_json_file, write_json
from fhir_gepnet.logic import compile_fhirpath

ROWS = read_json_file(Path(__file__).parent / "fhir" / "requests.json")
JSON = "application/fhir+json"


def test_the_table_was_found() -> None:
    assert len(ROWS) > 90
    assert len({row[0] for row in ROWS}) == len(ROWS)
    assert {row[3] for row in ROWS} == {200, 400, 404, 405, 406, 415, 422}, "413 and 500 are below"


def filled(part: Any) -> Any:
    """A part of prefetchData with the data of a case in it."""
    if "case" not in part:
        return part
    return {"name": part["name"], "resource": bundle(part["case"])}


def bundle(case: str) -> Any:
    """The data of a case as a Bundle."""
    data = patient(case)
    return data if data["resourceType"] == "Bundle" else {
        "resourceType": "Bundle", "type": "collection", "entry": [{"resource": data}]
    }  # fmt: skip


def parameter(name: str, member: str, value: Any) -> dict[str, Any]:
    if member == "case":
        return {"name": name, "resource": bundle(value)}
    if member == "artifact":
        return {"name": name, "resource": read_json(client().get(f"/fhir/PlanDefinition/{value}").data)}
    if member == "part":
        return {"name": name, "part": [filled(part) for part in value]}
    return {"name": name, member: value}


def parameters(*given: list[Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [parameter(*each) for each in given]}


def body_of(asked: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the test client that carry the body."""
    if "form" in asked:
        return {"data": asked["form"]}
    if "text" in asked:
        return {"data": asked["text"], "content_type": asked.get("type", JSON)}
    document = asked.get("body", parameters(*asked.get("parameters", ())))
    return {"data": write_json(document), "content_type": asked.get("type", JSON)}


@pytest.mark.parametrize(
    ("line", "asked", "status", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_request(line: str, asked: dict[str, Any], status: int, expected: dict[str, list[Any]]) -> None:
    method, _, address = line.partition(" ")
    headers = {name.capitalize(): asked[name] for name in ("accept", "prefer") if name in asked}
    body = body_of(asked) if method == "POST" else {}
    answer = client().open(f"/fhir/{address}".rstrip("/"), method=method, headers=headers, **body)
    document = valid(answer)
    assert answer.status_code == status, document
    assert document["resourceType"] == next(iter(expected)).partition(".")[0]
    for expression, values in expected.items():
        assert compile_fhirpath(expression)(document) == values, expression


def test_the_query_of_a_read_may_be_repeated_conditionally() -> None:
    answer = client().get("/fhir/Library/Small")
    again = client().get("/fhir/Library/Small", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client().get("/fhir/Library/Small", headers={"If-None-Match": 'W/"other"'})
    assert other.data == answer.data


def test_a_read_gives_the_artefact_word_for_word() -> None:
    for name in ("influenza-reminder", "influenza-steps"):
        document = valid(client().get(f"/fhir/PlanDefinition/{name}"))
        (file,) = (Path(__file__).parents[1] / "data").rglob(f"{name}.json")
        assert document == read_json_file(file)


def test_pretty() -> None:
    plain, pretty = (client().get(f"/fhir/metadata{query}").data for query in ("", "?_pretty=true"))
    assert read_json(plain) == read_json(pretty)
    assert b"\n  " in pretty


def test_every_served_type_is_in_the_capability_statement_with_its_parameters() -> None:
    document = valid(client().get("/fhir/metadata"))
    for resource in document["rest"][0]["resource"]:
        for each in resource["searchParam"]:
            query = f"{each['name']}=x"
            answer = valid(
                client().get(f"/fhir/{resource['type']}?{query}", headers={"Prefer": "handling=strict"})
            )
            assert answer["resourceType"] == "Bundle", query


@pytest.mark.parametrize("name", sorted(SUMMARY))
def test_the_summary_elements_are_those_of_the_specification(name: str) -> None:
    fields = get_fhir_model_class(name).model_fields
    marked = {
        field.alias or each
        for each, field in fields.items()
        if (field.json_schema_extra or {}).get("summary_element_property")
    }
    assert SUMMARY[name] == marked | {"resourceType"}


def test_a_page_is_never_larger_than_the_limit() -> None:
    assert read_search("Library", [("_count", "100000")], strict=False).count == MOST_COUNT


def test_too_large_is_413() -> None:
    small = Configuration(body_limit=50, clock=fixed_clock)
    app = application_of([], small).test_client()
    body = write_json(parameters(["subject", "valueString", "Patient/" + "p" * 60]))
    answer = app.post("/fhir/Library/x/$evaluate", data=body, content_type=JSON)
    assert (answer.status_code, valid(answer)["issue"][0]["code"]) == (413, "too-long")


class SecretError(Exception):
    """A fault whose text holds what must not leave the process."""


def test_a_fault_is_500_and_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise SecretError("canary")

    monkeypatch.setattr("fhir_gepnet.engine.pathway.apply", fail)
    monkeypatch.setattr("fhir_gepnet.engine.evaluation.application_of", fail)
    for address in ("PlanDefinition/influenza-reminder/$apply", "Library/Small/$evaluate"):
        for subjects in (["Patient/p1"], ["Patient/p1", "Patient/p1"][: 2 if "apply" in address else 1]):
            asked = parameters(
                *(["subject", "valueString", each] for each in subjects), ["data", "case", "due"]
            )
            answer = client().post(f"/fhir/{address}", data=write_json(asked), content_type=JSON)
            document = valid(answer)
            assert (answer.status_code, document["issue"][0]["code"]) == (500, "exception")
            assert "canary" not in answer.get_data(as_text=True) + caplog.text


def test_nothing_of_a_request_is_repeated_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    said = []
    for asked in (
        parameters(["canary", "valueString", "canary"]),
        parameters(["subject", "valueString", "canary/canary"], ["data", "case", "due"]),
        parameters(["subject", "valueString", "Patient/canary"], ["data", "case", "due"]),
        parameters(["subject", "valueString", "Patient/p1"], ["unknown", "valueCode", "canary"]),
    ):
        for address in ("PlanDefinition/influenza-reminder/$apply", "Library/Small/$evaluate"):
            said.append(client().post(f"/fhir/{address}", data=write_json(asked), content_type=JSON))
    said.append(client().get("/fhir/PlanDefinition?canary=canary", headers={"Prefer": "handling=strict"}))
    said.append(client().get("/fhir/PlanDefinition?canary=canary&url:canary=canary"))
    assert {answer.status_code for answer in said} == {400, 422}
    assert "canary" not in "".join(answer.get_data(as_text=True) for answer in said) + caplog.text


def test_the_same_request_gives_the_same_bytes() -> None:
    asked = write_json(parameters(["subject", "valueString", "Patient/p1"], ["data", "case", "due"]))
    for form in ("$apply", "$r5.apply"):
        address = f"/fhir/PlanDefinition/influenza-reminder/{form}"
        first, second = (client().post(address, data=asked, content_type=JSON).data for _ in range(2))
        assert first == second


ANYTHING = st.sampled_from(
    [None, True, 0, -1, Decimal("1.5"), "", "x", [], [1], [None], {}, {"a": 1}, {"resourceType": "Bundle"}]
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(path=st.lists(st.integers(0, 50), min_size=1, max_size=9), value=ANYTHING, which=st.booleans())
def test_whatever_stands_in_a_request_it_is_answered_or_refused(
    path: list[int], value: Any, which: bool
) -> None:
    """One place of a good request is replaced; the answer is valid and no fault."""
    document = parameters(
        ["subject", "valueString", "Patient/p1"],
        ["data", "case", "due-old-dose"],
        ["parameters", "resource", {"resourceType": "Parameters", "parameter": [
            {"name": "X", "valueQuantity": {"value": 1}}, {"name": "X", "part": [{"name": "Y"}]},
        ]}],
    )  # fmt: skip
    if which:
        # Nobody declares X, so with it nothing gets as far as the logic.
        document["parameter"].pop()
    target: Any = document
    for step in path:
        keys = list(target) if isinstance(target, dict) else range(len(target))
        key = keys[step % len(keys)] if keys else None
        if key is None or not isinstance(target[key], dict | list) or step == path[-1]:
            break
        target = target[key]
    if key is not None:
        target[key] = value
    address = "Library/Small/$evaluate" if len(path) % 2 else "PlanDefinition/influenza-reminder/$apply"
    answer = client().post(f"/fhir/{address}", data=write_json(document), content_type=JSON)
    valid(answer)
    assert answer.status_code in (200, 400, 422), answer.data


def test_two_pathways_with_different_artefacts_of_one_id_do_not_start(tmp_path: Path) -> None:
    for name, title in (("a", "One"), ("b", "Another")):
        plan = {"resourceType": "PlanDefinition", "id": "p", "url": f"https://example.org/{name}"}
        plan |= {"version": "1", "status": "draft", "title": title, "description": "x"}
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.json").write_bytes(write_json(plan))
    with pytest.raises(PathwayError, match="different PlanDefinition resources with the id p"):
        create_app(Configuration(pathways=tmp_path, clock=fixed_clock))


def test_exact_decimals_and_the_whole_pathway() -> None:
    """The shipped pathway through HTTP is the pathway in Python."""
    root = Path(__file__).parents[2]
    pathway = load_pathway(root / "plandefinitions" / "gepnet-2018")
    app = application_of([], CONFIGURATION, [pathway]).test_client()
    data = read_json_file(root / "examples" / "patients" / "midgut-progression.json")
    subject = next(
        each["resource"]["id"] for each in data["entry"] if each["resource"]["resourceType"] == "Patient"
    )
    asked = {"resourceType": "Parameters", "parameter": [
        {"name": "subject", "valueString": f"Patient/{subject}"}, {"name": "data", "resource": data},
    ]}  # fmt: skip
    answer = app.post("/fhir/PlanDefinition/gepnet-2018/$apply", data=write_json(asked), content_type=JSON)
    assert answer.status_code == 200, answer.data
    valid(answer)
    expected = pathway.apply(_record(data), now=NOW, plan="gepnet-2018").care_plan()
    assert answer.data == write_json(expected)
    for library in [each for each in pathway.resources if each["resourceType"] == "Library"]:
        answer = app.post(
            f"/fhir/Library/{library['id']}/$evaluate", data=write_json(asked), content_type=JSON
        )
        document = valid(answer)
        assert answer.status_code == 200, document
        assert b'"OperationOutcome"' not in answer.data


def _record(data: Any) -> Any:
    from fhir_gepnet import PatientRecord

    return PatientRecord.of(data)
