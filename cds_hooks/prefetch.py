"""The prefetch templates that a service publishes, made once from what the pathway reads.

Source: CDS Hooks 2.0 "Prefetch Template", "Prefetch Query Restrictions". Only what every client can
do: one read of the Patient, searches by patient and category. A code or value-set search would tie
the published service to the wording of the logic, and few clients carry it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_gepnet import DataNeed
from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where

MOST_TEMPLATES = 12
REQUIRED_TYPES = ("Patient", "Condition")
"""Types without which a service answers 412; every other one may be missing and is then unknown."""

SEARCHED_BY_PATIENT = """
AllergyIntolerance CarePlan CareTeam Communication CommunicationRequest Condition Consent Coverage
DetectedIssue Device DeviceRequest DeviceUseStatement DiagnosticReport DocumentReference Encounter
EpisodeOfCare FamilyMemberHistory Flag Goal ImagingStudy Immunization List MedicationAdministration
MedicationDispense MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation
Procedure QuestionnaireResponse RelatedPerson RequestGroup RiskAssessment ServiceRequest Specimen Task
"""
SEARCHED_BY_CATEGORY = """
AllergyIntolerance CarePlan CareTeam Communication CommunicationRequest Condition Consent
DiagnosticReport DocumentReference Goal MedicationDispense MedicationRequest MedicationStatement
Observation Procedure ServiceRequest
"""
BY_PATIENT = frozenset(SEARCHED_BY_PATIENT.split())
"""R4 types with a search parameter ``patient``. Others (Medication, Practitioner) come along contained or in
a Bundle that references them; there is no search for them by patient."""
BY_CATEGORY = frozenset(SEARCHED_BY_CATEGORY.split())
"""R4 types with a search parameter ``category``."""

PATIENT = "{{context.patientId}}"
TOKEN = re.compile(r"\{\{(.*?)\}\}")
TOKENS = frozenset({"context.patientId", "context.userId"})
"""Primitive context fields that patient-view allows as tokens and always carries."""
PARAMETER_NAME = re.compile(r"[a-z][a-z-]*(:in)?|_count|_sort")
DATE_PREFIX = re.compile(r"(eq|lt|gt|ge|le)?\d{4}")


@dataclass(frozen=True, slots=True)
class Template:
    """One published query.

    Attributes:
        key: prefetch key: the type's name with a small first letter, as common clients spell it.
        resource_type: FHIR R4 type that it asks for.
        query: what the client carries out.
        required: without an answer the service says 412.
    """

    key: str
    resource_type: str
    query: str
    required: bool


def templates_for(needs: Iterable[DataNeed], at: Where) -> tuple[Template, ...]:
    """One template per resource type: Patient, Condition, then the others by name.

    Args:
        needs: what the pathway's logic reads.
        at: address of the pathway for messages.

    Raises:
        ArtifactError: more than twelve types, or a template that clients could not carry out.
        UnsupportedFeatureError: a category for a type that cannot be searched by category.
    """
    by_type = {need.resource_type: need for need in needs}
    ordered = [name for name in REQUIRED_TYPES if name in by_type]
    ordered += sorted(set(by_type) - set(REQUIRED_TYPES))
    templates = tuple(_template(by_type[name], at) for name in ordered if name in {"Patient", *BY_PATIENT})
    if len(templates) > MOST_TEMPLATES:
        raise ArtifactError(
            at,
            f"the logic reads {len(templates)} resource types; a service publishes at most {MOST_TEMPLATES}",
            "read fewer types, or split the pathway",
        )
    for template in templates:
        for problem in problems_in(template.query):
            raise ArtifactError(
                at, f"prefetch template {template.key} {problem}", "mend the data requirement"
            )
    return templates


def _template(need: DataNeed, at: Where) -> Template:
    name = need.resource_type
    key = name[0].lower() + name[1:]
    if name == "Patient":
        query = f"Patient/{PATIENT}"
    else:
        query = f"{name}?patient={PATIENT}"
        if need.categories:
            if name not in BY_CATEGORY:
                raise UnsupportedFeatureError(
                    at, f"{name} cannot be searched by category", "take the category out of the requirement"
                )
            query += "&category=" + ",".join(need.categories)
    return Template(key, name, query, name in REQUIRED_TYPES)


def problems_in(query: str) -> list[str]:
    """What a client could stumble over in a template; empty when there is nothing.

    Lines P1, P2, P5, P7 and P8 of our conformance list: tokens are well formed and known, only
    restricted search, each date parameter once, no ``?``, ``+`` or space in a value, ``_sort`` as
    FHIR spells it.
    """
    problems = []
    tokens = TOKEN.findall(query)
    rest = TOKEN.sub("token", query)
    if "{" in rest or "}" in rest:
        problems.append("has a token that is not delimited by {{ and }}")
    problems += [f"uses the token {token}" for token in tokens if token not in TOKENS]
    path, _, search = rest.partition("?")
    if not re.fullmatch(r"[A-Z][A-Za-z]+(/token)?", path):
        problems.append("is neither an instance read nor a type search")
    if "/" in path and search:
        problems.append("puts search parameters on a read")
    if search or "?" in rest:
        problems += _problems_in_search(search)
    return problems


def _problems_in_search(search: str) -> list[str]:
    problems = []
    dated: list[str] = []
    for pair in search.split("&"):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            problems.append(f"has the parameter {name} without a value")
        if not PARAMETER_NAME.fullmatch(name):
            problems.append(f"uses the parameter {name}, which is outside the restricted subset")
        if any(character in value for character in "?+ "):
            problems.append(f"has a ?, + or space in the value of {name}")
        if DATE_PREFIX.match(value) or re.match(r"(ne|sa|eb|ap)\d", value):
            dated.append(name)
        if re.match(r"(ne|sa|eb|ap)\d", value):
            problems.append(f"compares {name} with a prefix outside the restricted subset")
    problems += [
        f"bounds {name} twice, which clients merge into one" for name in {*dated} if dated.count(name) > 1
    ]
    return problems


def published(templates: Sequence[Template]) -> dict[str, str]:
    """The ``prefetch`` member of the discovery entry."""
    return {template.key: template.query for template in templates}


def usage_requirements(templates: Sequence[Template]) -> str:
    """What a client must know before it calls; computed, so that it never disagrees with the templates."""
    required = " and ".join(f"'{template.key}'" for template in templates if template.required)
    needed = f"Needs the prefetch {required}; without it the answer is 412. " if required else ""
    return (
        f"{needed}This service does not read from fhirServer yet: send every prefetch value that you can. "
        "Send null or an empty Bundle when a search found nothing, and leave the key out when it could not "
        "be carried out: what was not sent is treated as unknown, never as absent. Resources that others "
        "refer to, such as Medication, may be contained, included, or sent under keys of your own."
    )
