"""dynamicValue paths: what each writes, and which are refused at load."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_gepnet.errors import (
    EvaluationError,
    GepnetError,
    ParseError,
    TypeMismatchError,
    UnsupportedFeatureError,
    Where,
)
from fhir_gepnet.pathway.paths import is_on_action, writer_of

AT = Where("a plan", "dynamicValue[0]")
URL = "https://example.org/e"
STRING, INTEGER, DECIMAL = "System.String", "System.Integer", "System.Decimal"

WRITES: list[tuple[str, str | None, str | None, Any, dict[str, Any], dict[str, Any]]] = [
    # path, kind of the made resource, static type, value, before, after
    ("%action.title", None, STRING, "new", {"title": "old"}, {"title": "new"}),
    ("action.priority", None, None, "asap", {}, {"priority": "asap"}),
    ("title", None, STRING, "new", {}, {"title": "new"}),
    ("%action.code.text", None, STRING, "c", {}, {"code": [{"text": "c"}]}),
    (
        "%action.timingDuration",
        None,
        "System.Quantity",
        {"value": Decimal("2"), "unit": "wk"},
        {},
        {
            "timingDuration": {
                "value": Decimal("2"),
                "unit": "wk",
                "system": "http://unitsofmeasure.org",
                "code": "wk",
            }
        },
    ),
    (
        f"%action.extension('{URL}').value",
        None,
        INTEGER,
        3,
        {},
        {"extension": [{"url": URL, "valueInteger": 3}]},
    ),
    (
        f"%action.extension('{URL}').value",
        None,
        STRING,
        "s",
        {},
        {"extension": [{"url": URL, "valueString": "s"}]},
    ),
    (
        f"%action.extension('{URL}').value",
        None,
        None,
        True,
        {},
        {"extension": [{"url": URL, "valueBoolean": True}]},
    ),
    (
        f"%action.extension('{URL}').value",
        None,
        STRING,
        "b",
        {"extension": [{"url": "x"}, {"url": URL, "valueCode": "a"}, {"url": "y"}]},
        {"extension": [{"url": "x"}, {"url": URL, "valueCode": "b"}, {"url": "y"}]},
    ),
    (
        f"%action.extension('{URL}').value",
        None,
        STRING,
        ["b", "c"],
        {"extension": [{"url": URL, "valueCode": "a"}, {"url": URL, "valueCode": "z"}]},
        {"extension": [{"url": URL, "valueCode": "b"}, {"url": URL, "valueCode": "c"}]},
    ),
    (
        f"%action.extension('{URL}').value.ofType(code)",
        None,
        STRING,
        "b",
        {},
        {"extension": [{"url": URL, "valueCode": "b"}]},
    ),
    ("note.text", "MedicationRequest", STRING, "n", {}, {"note": [{"text": "n"}]}),
    (
        "note[1].text",
        "MedicationRequest",
        STRING,
        "n",
        {"note": [{"text": "a"}]},
        {"note": [{"text": "a"}, {"text": "n"}]},
    ),
    ("reasonCode.text", "ServiceRequest", STRING, "r", {}, {"reasonCode": [{"text": "r"}]}),
    (
        "reasonCode",
        "ServiceRequest",
        "System.Concept",
        [{"codes": [{"code": "c"}], "display": "d"}],
        {},
        {"reasonCode": [{"coding": [{"code": "c"}], "text": "d"}]},
    ),
    (
        "occurrencePeriod.end",
        "ServiceRequest",
        "System.DateTime",
        "2026-12-01",
        {"occurrencePeriod": {"start": "2026"}},
        {"occurrencePeriod": {"start": "2026", "end": "2026-12-01"}},
    ),
    (
        "occurrence.ofType(Period).start",
        "ServiceRequest",
        "System.Date",
        "2026-12-01",
        {},
        {"occurrencePeriod": {"start": "2026-12-01"}},
    ),
    (
        "occurrence",
        "ServiceRequest",
        "System.DateTime",
        "2026-12-01",
        {},
        {"occurrenceDateTime": "2026-12-01"},
    ),
    ("doNotPerform", "ServiceRequest", "System.Boolean", False, {}, {"doNotPerform": False}),
    (
        "dosageInstruction.doseAndRate.doseQuantity.value",
        "MedicationRequest",
        DECIMAL,
        Decimal("2.50"),
        {},
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": Decimal("2.50")}}]}]},
    ),
    ("priority", "ServiceRequest", "RequestPriority", ["urgent"], {}, {"priority": "urgent"}),
    (
        "input.value",
        "Task",
        "MedicationRequest",
        {"resourceType": "MedicationRequest", "id": "m"},
        {},
        {"input": [{"valueReference": {"reference": "MedicationRequest/m"}}]},
    ),
    (
        "input[0].value",
        "Task",
        "Reference",
        {"reference": "MedicationRequest/m"},
        {"input": [{"type": {"text": "t"}}]},
        {"input": [{"type": {"text": "t"}, "valueReference": {"reference": "MedicationRequest/m"}}]},
    ),
]


@pytest.mark.parametrize(("path", "kind", "of", "value", "before", "after"), WRITES)
def test_write(path: str, kind: str | None, of: str | None, value: Any, before: Any, after: Any) -> None:
    writer_of(path, kind, of, AT)(before, value)
    assert before == after


REFUSED: list[tuple[str, str | None, str | None, type[GepnetError], str]] = [
    ("%action.titel", None, STRING, TypeMismatchError, "has no element titel"),
    ("note.txt", "MedicationRequest", STRING, TypeMismatchError, "Annotation has no element txt"),
    ("occurrencePeriod.end", "MedicationRequest", None, TypeMismatchError, "has no element occurrencePeriod"),
    ("occurrence.start", "ServiceRequest", None, TypeMismatchError, "occurrence has several types"),
    ("occurrence.ofType(Money)", "ServiceRequest", None, TypeMismatchError, "no choice of Money"),
    ("occurrence", "ServiceRequest", None, TypeMismatchError, "occurrence has several types"),
    ("priority", "ServiceRequest", INTEGER, TypeMismatchError, "gives a System.Integer"),
    ("doNotPerform", "ServiceRequest", STRING, TypeMismatchError, "is a boolean"),
    ("note", "ServiceRequest", STRING, TypeMismatchError, "is a Annotation"),
    (f"%action.extension('{URL}')", None, STRING, TypeMismatchError, "ends at an extension"),
    ("note.where(text = 'a').text", "ServiceRequest", None, UnsupportedFeatureError, "where()"),
    ("note..text", "ServiceRequest", None, ParseError, "cannot be read"),
    ("note.", "ServiceRequest", None, ParseError, "ends with a point"),
    ("note text", "ServiceRequest", None, ParseError, "cannot be read"),
]


@pytest.mark.parametrize(("path", "kind", "of", "error", "text"), REFUSED)
def test_refused_at_load(
    path: str, kind: str | None, of: str | None, error: type[GepnetError], text: str
) -> None:
    with pytest.raises(error) as caught:
        writer_of(path, kind, of, AT)
    assert text in str(caught.value)
    assert path in str(caught.value)


BREAKS: list[tuple[str, str, Any]] = [
    ("priority", "ServiceRequest", ["urgent", "asap"]),
    ("priority", "ServiceRequest", {"value": 1}),
    ("code", "ServiceRequest", "text"),
    ("note[2]", "ServiceRequest", {"text": "n"}),
]


@pytest.mark.parametrize(("path", "kind", "value"), BREAKS)
def test_what_the_path_cannot_take_breaks(path: str, kind: str, value: Any) -> None:
    with pytest.raises(EvaluationError):
        writer_of(path, kind, None, AT)({}, value)


def test_action_paths_are_told_apart() -> None:
    assert is_on_action("%action.title")
    assert is_on_action("action.title")
    assert not is_on_action("actionable.title")
