"""The templates that a service publishes: few, plain, and inside the restricted subset."""

from __future__ import annotations

import pytest
from service_under_test import NEEDS

from cds_hooks.prefetch import problems_in, published, templates_for, usage_requirements
from fhir_gepnet import DataNeed
from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where

AT = Where("https://example.org/fhir/PlanDefinition/reminder|1.2.0")

LINT = [
    ("P1 whole token", "Condition?patient={{context.patientId}}", ""),
    ("P1 single braces", "Condition?patient={context.patientId}", "not delimited"),
    ("P1 open token", "Condition?patient={{context.patientId", "not delimited"),
    ("P2 unknown token", "Condition?patient={{context.draftOrders}}", "token context.draftOrders"),
    ("P3 FHIRPath token", "Observation?date=ge{{today() - 90 days}}", "token today() - 90 days"),
    ("P5 read", "Patient/{{context.patientId}}", ""),
    ("P5 read with search", "Patient/{{context.patientId}}?active=true", "parameters on a read"),
    ("P5 no type", "?patient=1", "neither"),
    ("P5 chaining", "Observation?patient.name=x", "patient.name"),
    ("P5 _include", "Observation?_include=Observation:subject", "_include"),
    ("P5 _has", "Patient?_has:Observation:patient:code=1", "_has"),
    ("P5 :not", "Observation?code:not=1", "code:not"),
    ("P5 :in", "Observation?code:in=http://example.org/ValueSet/x", ""),
    ("P5 ne", "Observation?date=ne2026", "prefix"),
    ("P5 _count", "Observation?patient={{context.patientId}}&_count=100", ""),
    ("P7 one bound", "Observation?date=ge2026-01-01", ""),
    ("P7 two bounds", "Observation?date=ge2026-01-01&date=le2026-02-01", "twice"),
    ("P7 question mark", "Observation?code=a?b", "has a ?"),
    ("P7 plus", "Observation?code=a+b", "has a ?, +"),
    ("P7 no value", "Observation?code=", "without a value"),
    ("P8 sort:desc", "Observation?sort:desc=date", "sort:desc"),
    ("P8 _sort", "Observation?_sort=-date", ""),
]


@pytest.mark.parametrize(("query", "says"), [row[1:] for row in LINT], ids=[row[0] for row in LINT])
def test_lint(query: str, says: str) -> None:
    problems = problems_in(query)
    assert bool(problems) is bool(says)
    assert says in "; ".join(problems)


def test_templates_are_by_type_and_category() -> None:
    assert published(templates_for(NEEDS, AT)) == {
        "patient": "Patient/{{context.patientId}}",
        "condition": "Condition?patient={{context.patientId}}",
        "observation": "Observation?patient={{context.patientId}}&category=exam,laboratory",
        "procedure": "Procedure?patient={{context.patientId}}",
    }


def test_only_patient_and_condition_are_required() -> None:
    templates = templates_for(NEEDS, AT)
    assert [template.key for template in templates if template.required] == ["patient", "condition"]
    assert "'patient' and 'condition'" in usage_requirements(templates)
    assert "412" in usage_requirements(templates)
    assert "fhirServer" in usage_requirements(templates)


def test_types_without_a_search_by_patient_come_along_with_others() -> None:
    templates = templates_for((*NEEDS, DataNeed("Medication")), AT)
    assert "medication" not in published(templates)


def test_more_than_twelve_are_refused() -> None:
    names = ["CarePlan", "CareTeam", "Consent", "Coverage", "Device", "DiagnosticReport", "Encounter"]
    needs = [*NEEDS, *(DataNeed(name) for name in names)]
    assert len(templates_for(needs, AT)) == 11
    with pytest.raises(ArtifactError, match="13 resource types"):
        templates_for([*needs, DataNeed("Flag"), DataNeed("Goal")], AT)


def test_a_category_where_there_is_none_is_refused() -> None:
    with pytest.raises(UnsupportedFeatureError, match="QuestionnaireResponse"):
        templates_for([DataNeed("Patient"), DataNeed("QuestionnaireResponse", ("a",))], AT)


def test_a_category_that_clients_would_change_is_refused() -> None:
    with pytest.raises(ArtifactError, match="observation has a"):
        templates_for([DataNeed("Patient"), DataNeed("Observation", ("a+b",))], AT)
