"""The command line: output, exit status, and that nothing but our own errors is caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from second_pathway import SECOND_PATHWAY, copy_to, edit, put
from small_library import TRUE, elm, library, null

from fhir_gepnet.json_io import read_json, write_json

PATIENT = SECOND_PATHWAY / "cases" / "due" / "patient.json"
NOW = ["--now", "2026-11-23T12:00:00Z"]


def gepnet(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    code = "from fhir_gepnet.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def output(*arguments: object, stdin: bytes = b"") -> Any:
    done = gepnet(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return read_json(done.stdout)


def test_apply_gives_a_care_plan() -> None:
    care_plan = output("apply", SECOND_PATHWAY, PATIENT, *NOW)
    assert care_plan["resourceType"] == "CarePlan"
    assert care_plan["created"] == "2026-11-23T12:00:00+00:00"


def test_apply_reads_stdin_and_gives_a_bundle() -> None:
    bundle = output("apply", SECOND_PATHWAY, "-", *NOW, "--as", "bundle", stdin=PATIENT.read_bytes())
    assert bundle["entry"][0]["resource"]["resourceType"] == "RequestGroup"


def test_nested_plans_are_kept_apart_or_merged() -> None:
    arguments = ("apply", SECOND_PATHWAY, PATIENT, *NOW, "--as", "careplan")
    apart, merged = output(*arguments), output(*arguments, "--merge-nested")
    assert [each["resourceType"] for each in apart["contained"]].count("RequestGroup") == 2
    assert [each["resourceType"] for each in merged["contained"]].count("RequestGroup") == 1


def test_what_is_unknown_is_flagged_left_out_or_an_error() -> None:
    patient = SECOND_PATHWAY / "cases" / "no-birth-date" / "patient.json"
    arguments = ("apply", SECOND_PATHWAY, patient, *NOW, "--as", "decisions", "--unknown")
    assert [each["verdict"] for each in output(*arguments, "flag")] == ["unknown", "does-not-apply"]
    assert [each["verdict"] for each in output(*arguments, "omit")] == ["does-not-apply"]
    refused = gepnet(*arguments, "error")
    assert refused.returncode == 1
    assert b"Patient.birthDate" in refused.stderr


def test_apply_gives_cards() -> None:
    (card,) = output("apply", SECOND_PATHWAY, PATIENT, *NOW, "--as", "cards")["cards"]
    assert card["summary"] == "Influenza vaccination is due in 2026"


def test_apply_without_now_takes_the_clock() -> None:
    assert output("apply", SECOND_PATHWAY, PATIENT)["resourceType"] == "CarePlan"


def test_decisions_with_and_without_reasons() -> None:
    arguments = ("apply", SECOND_PATHWAY, PATIENT, *NOW, "--plan", "influenza-reminder", "--as", "decisions")
    plain, explained = output(*arguments), output(*arguments, "--explain")
    assert [each["action"] for each in plain] == ["due", "done"]
    assert "because" not in plain[0]
    assert [each["verdict"] for each in explained[0]["because"]] == ["applies", "applies"]


def test_explain_goes_to_stderr_beside_a_care_plan() -> None:
    done = gepnet("apply", SECOND_PATHWAY, PATIENT, *NOW, "--explain")
    assert read_json(done.stdout)["resourceType"] == "CarePlan"
    lines = done.stderr.decode().splitlines()
    assert lines[0] == "due: applies (Influenza vaccination is due in 2026)"
    assert "    Patient.birthDate <= today() - 18 years = true" in lines
    assert "  ask-allergy: does-not-apply (Ask about the allergy)" in lines


FAILS: list[tuple[list[object], bytes, int, str]] = [
    (["apply", SECOND_PATHWAY, "-"], b"[]", 1, "no Patient"),
    (["apply", SECOND_PATHWAY, "-"], b"{", 1, "not JSON"),
    (["apply", SECOND_PATHWAY, PATIENT, "--plan", "nobody"], b"", 1, "no plan nobody"),
    (["apply", SECOND_PATHWAY, PATIENT, "--parameters", "-"], b'{"Nobody": 1}', 1, "Nobody"),
    (["apply", SECOND_PATHWAY, PATIENT, "--parameters", "-"], b"[]", 1, "JSON object"),
    (["apply", SECOND_PATHWAY / "cases", PATIENT], b"", 1, "no PlanDefinition"),
    (["apply", SECOND_PATHWAY, PATIENT, "--now", "2026-11-23"], b"", 2, "no zone"),
    (["apply", SECOND_PATHWAY, PATIENT, "--now", "noon"], b"", 2, "not a moment"),
    (["apply", SECOND_PATHWAY, PATIENT, "--as", "poem"], b"", 2, "poem"),
    (["apply", SECOND_PATHWAY / "nowhere", PATIENT], b"", 2, "does not exist"),
    (["apply"], b"", 2, "Missing argument"),
    (["sing"], b"", 2, "No such command"),
    (["fhirpath", "Patient.name(", PATIENT], b"", 1, "Patient.name("),
    (["test", SECOND_PATHWAY / "plandefinition"], b"", 1, "no case"),
]


@pytest.mark.parametrize(("arguments", "stdin", "status", "text"), FAILS, ids=range(len(FAILS)))
def test_failure(arguments: list[object], stdin: bytes, status: int, text: str) -> None:
    done = gepnet(*arguments, stdin=stdin)
    assert done.returncode == status, done.stderr.decode()
    assert text in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_check_and_test() -> None:
    done = gepnet("check", SECOND_PATHWAY)
    assert (done.returncode, done.stdout) == (0, b"0 errors, 0 warnings\n")
    done = gepnet("test", SECOND_PATHWAY)
    assert (done.returncode, done.stdout) == (0, b"8 passed, 0 failed\n")


def test_check_and_test_fail(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    edit(folder, "main", put("action.1.title", "x" * 140))
    edit(folder, "main", put("action.1.condition.0.expression.expression", "false"))
    done = gepnet("check", folder)
    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[-1] == "1 error, 0 warnings"
    done = gepnet("test", folder)
    assert done.returncode == 1
    assert done.stdout.decode().splitlines() == ["done: cards are none, expected done", "7 passed, 1 failed"]


def test_fhirpath() -> None:
    resource = write_json({"resourceType": "Patient", "name": [{"given": ["A", "B"]}]})
    assert output("fhirpath", "Patient.name.given", "-", stdin=resource) == ["A", "B"]


@pytest.mark.parametrize("form", [elm, library])
def test_cql(tmp_path: Path, form: Any) -> None:
    file = tmp_path / "library.json"
    file.write_bytes(write_json(form("Logic", {"Yes": TRUE, "Open": null("Boolean")})))
    assert output("cql", file, PATIENT, *NOW) == {"Yes": True, "Open": None}


def test_help_names_every_command() -> None:
    text = gepnet("--help").stdout.decode()
    for command in ("apply", "check", "cql", "fhirpath", "serve", "test", "translate"):
        assert f"  {command} " in text
        assert gepnet(command, "--help").returncode == 0


def test_apply_tells_the_trace_and_what_is_missing() -> None:
    unknown = SECOND_PATHWAY / "cases" / "no-birth-date" / "patient.json"
    trace = output("apply", SECOND_PATHWAY, unknown, *NOW, "--as", "trace")
    assert trace["actions"][0]["conditions"][0]["value"] is None
    missing = output("apply", SECOND_PATHWAY, unknown, *NOW, "--as", "missing")
    assert [need["key"] for need in missing["needs"]] == ["Patient.birthDate"]
    board = gepnet("apply", SECOND_PATHWAY, unknown, *NOW, "--as", "board").stdout.decode()
    assert "1. Influenza vaccination is due: could not be decided" in board


def test_apply_compares_with_an_earlier_result(tmp_path: Path) -> None:
    previous = tmp_path / "previous.json"
    previous.write_bytes(gepnet("apply", SECOND_PATHWAY, PATIENT, *NOW, "--as", "decisions").stdout)
    allergy = SECOND_PATHWAY / "cases" / "allergy" / "patient.json"
    arguments = ("apply", SECOND_PATHWAY, allergy, *NOW, "--compare", previous)
    assert gepnet(*arguments).stdout.decode().splitlines() == [
        "~ due/vaccinate: verdict applies -> does-not-apply; rank 1 -> none",
        "~ due/ask-allergy: verdict does-not-apply -> applies; status caution -> blocked",
    ]
    difference = output(*arguments, "--as", "decisions")
    assert [each["path"] for each in difference["changed"]] == ["due/vaccinate", "due/ask-allergy"]
    previous.write_text("{}")
    refused = gepnet(*arguments)
    assert refused.returncode == 1
    assert b"--as decisions" in refused.stderr


def test_fhirpath_without_end_is_given_up_and_said() -> None:
    done = gepnet("fhirpath", "1.repeat($this + 1)", PATIENT)
    assert done.returncode == 1
    assert b"repeat() gathers more than 200000 items" in done.stderr
    assert b"1.repeat($this + 1)" in done.stderr
    assert b"Traceback" not in done.stderr


def test_steps_are_the_callers_choice() -> None:
    expression = "descendants().where(true).exists()"
    done = gepnet("fhirpath", expression, PATIENT, "--steps", "3")
    assert done.returncode == 1
    assert b"more than 3 steps" in done.stderr
    assert output("fhirpath", expression, PATIENT, "--steps", "1000000") == [True]


def test_cql_traces_every_define_and_node(tmp_path: Path) -> None:
    age = {"type": "Exists", "operand": {"type": "Retrieve", "dataType": "{http://hl7.org/fhir}Patient"}}
    document = elm("A", {"Yes": TRUE, "Open": null("Boolean"), "There": {"localId": "7", **age}})
    file = tmp_path / "A.json"
    file.write_bytes(write_json(document))
    entries = {each["definition"]: each for each in output("cql", file, PATIENT, *NOW, "--trace")}
    assert [(name, each["verdict"]) for name, each in entries.items()] == [
        ("Yes", "true"),
        ("Open", "null"),
        ("There", "true"),
    ]
    (node,) = entries["There"]["nodes"]
    assert (node["localId"], node["values"], node["evaluations"]) == ("7", [True], 1)
    assert node["touched"] == entries["There"]["touched"]
    assert node["touched"][0].startswith("Patient/")
