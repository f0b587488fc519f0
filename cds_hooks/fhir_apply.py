"""``POST /fhir/{PlanDefinition|ActivityDefinition}[/{id}]/$apply``: Parameters in, what it makes out.

| address | one subject | several subjects, or a Group |
| --- | --- | --- |
| ``$apply`` (R4) | CarePlan | Parameters: one ``return`` per subject, in their order |
| ``$r5.apply`` (the shape of CPG and R5) | Bundle, RequestGroup first | the same, with Bundles |
| ``$apply`` of an ActivityDefinition | the draft request | the same, with requests |

With several subjects, one whose data cannot be used has an OperationOutcome as its ``return`` and hides no
other. What is applied is loaded, named by id, or by ``url`` and ``version`` at type level: logic that comes
with a request is never compiled. The rules of the parameters are the engine's (``engine/operation.py``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response

from cds_hooks.config import Configuration
from cds_hooks.fhir_artifacts import Artifacts
from cds_hooks.fhir_parameters import DATA, REFERENCE, TEXT, Accepted, Given, read_parameters
from cds_hooks.fhir_records import patient_id_of, record_of, subjects_of
from cds_hooks.fhir_requests import check_accept, fhir_response, read_body
from cds_hooks.prefetch import templates_for
from cds_hooks.responses import Problem, RefusedError, outcome
from fhir_gepnet import (
    Operation,
    Pathway,
    PatientRecord,
    apply_operation,
    plain_parameters,
    read_operation,
)
from fhir_gepnet.errors import BudgetExceededError, InvocationError, PatientDataError, Where

log = logging.getLogger("cds_hooks")

Answer = dict[str, Any]
Apply = Callable[[Pathway, Operation, PatientRecord, datetime], Answer]
"""One form of the operation: applies to one record at a moment."""

CONCEPT = Accepted(("valueCodeableConcept",))
FLAG = Accepted(("valueBoolean",))
APPLY: Mapping[str, Accepted] = {
    "subject": Accepted(REFERENCE, repeats=True),
    "encounter": Accepted(REFERENCE),
    "practitioner": Accepted(REFERENCE),
    "organization": Accepted(REFERENCE),
    "userType": CONCEPT,
    "userLanguage": CONCEPT,
    "userTaskContext": CONCEPT,
    "setting": CONCEPT,
    "settingContext": CONCEPT,
    "unknown": Accepted(TEXT),
    "mergeNestedCarePlans": FLAG,
    "useCarePlan": FLAG,
    **DATA,
}
"""Parameters of $apply; ``unknown`` is ours: flag, omit or error."""
READ_HERE = ("subject", "parameters", "data", "prefetchData")
"""Parameters that the engine's reader does not get from us: one subject at a time, and typed values."""


def _care_plan(pathway: Pathway, operation: Operation, record: PatientRecord, now: datetime) -> Answer:
    (result,) = apply_operation(pathway, replace(operation, data=record), now=now)
    return result.care_plan(merge_nested=operation.merge_nested)


def _bundle(pathway: Pathway, operation: Operation, record: PatientRecord, now: datetime) -> Answer:
    (result,) = apply_operation(pathway, replace(operation, data=record), now=now)
    return result.bundle(merge_nested=operation.merge_nested)


def _request(pathway: Pathway, operation: Operation, record: PatientRecord, now: datetime) -> Answer:
    result = pathway.apply_activity(
        record,
        now=now,
        activity=operation.plan,
        parameters=operation.parameters,
        context=operation.context,
    )
    if result.request is None:
        # Half an order is none, and an error must not look like an answer.
        raise RefusedError(422, [Problem("processing", str(each["diagnostics"])) for each in result.issues])
    return result.request


FORMS: Mapping[tuple[str, str], Apply] = {
    ("PlanDefinition", "$apply"): _care_plan,
    ("PlanDefinition", "$r5.apply"): _bundle,
    ("ActivityDefinition", "$apply"): _request,
}


def apply_view(
    artifacts: Artifacts, configuration: Configuration, resource_type: str, form: str
) -> Callable[[str | None], Response]:
    """The view of one form of the operation, at instance level with an id and at type level without."""
    inline = resource_type[0].lower() + resource_type[1:]
    at_type_level = {
        **APPLY,
        inline: Accepted(("resource",), resource_type=resource_type),
        "url": Accepted(TEXT),
        "version": Accepted(TEXT),
    }
    apply_one = FORMS[resource_type, form]

    def apply(identifier: str | None = None) -> Response:
        started = time.perf_counter()
        check_accept()
        document = read_body(configuration.body_limit)
        if identifier is None:
            given = read_parameters(document, at_type_level)
            resource, pathway = named(given, resource_type, inline, artifacts)
        else:
            resource, pathway = artifacts.named(resource_type, identifier)
            given = read_parameters(document, APPLY)
        operation = operation_of(given, resource, pathway)
        templates = templates_for(pathway.data_needs, Where(resource["url"]))

        def answer(subject: str) -> Answer:
            one = replace(operation, subjects=(f"Patient/{patient_id_of(subject)}",))
            return apply_one(pathway, one, record_of(given, subject, templates), configuration.now())

        subjects, grouped = subjects_of(given)
        answers = [_tried(answer, subject) for subject in subjects]
        # Counts only: no identifier and no value of the request belongs in a log.
        log.info(
            "operation=%s/%s status=200 ms=%.1f subjects=%d refused=%d",
            resource_type,
            form,
            (time.perf_counter() - started) * 1000,
            len(answers),
            sum(isinstance(each, RefusedError) for each in answers),
        )
        return _response(answers, grouped)

    return apply


def named(
    given: Given, resource_type: str, inline_name: str, artifacts: Artifacts
) -> tuple[dict[str, Any], Pathway]:
    """The loaded definition that a call at type level means.

    Raises:
        RefusedError: 400 for no definition, two ways of naming one, or a version without url; 404 for one
            that is not loaded; 422 for one in the request that is not word for word a loaded one.
    """
    inline, url, version = (given.one(name) for name in (inline_name, "url", "version"))
    if inline is not None and (url or version):
        raise _bad("invalid", f"{inline_name} and url exclude each other; send one of them", inline_name)
    if inline is None and url is None:
        text = f"name the definition: url (and version), or ask at {resource_type}/{{id}}/$apply"
        raise _bad("required", text, "url")
    if inline is not None:
        url, version = inline.get("url"), inline.get("version", "")
    address, _, in_url = str(url).partition("|")
    if in_url and version and in_url != version:
        raise _bad("invalid", "url and version name two versions", "version")
    found = artifacts.canonical(resource_type, address, str(version or in_url or ""))
    if inline is not None and inline != found[0]:
        text = "logic that comes with a request is not compiled; load the definition, and name it by url"
        raise RefusedError(422, [Problem("not-supported", text, inline_name)])
    return found


def _bad(code: str, text: str, element: str) -> RefusedError:
    return RefusedError(400, [Problem(code, text, element)])


def operation_of(given: Given, resource: Mapping[str, Any], pathway: Pathway) -> Operation:
    """The call as the engine understands it, without its data.

    Raises:
        RefusedError: 400 for no subject or a value that is none, 422 for library parameters that do not fit.
    """
    if not given.all("subject"):
        raise _bad("required", "subject is required", "subject")
    values = {
        name: given.one(name) for name in APPLY if name not in READ_HERE and given.one(name) is not None
    }
    try:
        # Any reference serves here: each subject is looked at for itself.
        operation = read_operation({**values, "subject": ["Patient/any"]}, instance=resource["id"])
    except InvocationError as error:
        raise RefusedError(400, [Problem("value", str(error))]) from None
    parameters = given.one("parameters")
    try:
        bound = plain_parameters(parameters, pathway.libraries.parameters) if parameters else {}
    except InvocationError as error:
        raise RefusedError(422, [Problem("value", str(error), "parameters")]) from None
    return replace(operation, subjects=tuple(given.all("subject")), parameters=bound)


def _tried(answer: Callable[[str], Answer], subject: str) -> Answer | RefusedError:
    """The answer for one subject, or why there is none; faults of ours go up."""
    try:
        return answer(subject)
    except RefusedError as error:
        return error
    except InvocationError as error:
        return RefusedError(422, [Problem("value", str(error))])
    except PatientDataError as error:
        return RefusedError(422, [Problem("incomplete", str(error), "data")])
    except BudgetExceededError as error:
        return RefusedError(500, [Problem("too-costly", str(error))])


def _response(answers: list[Answer | RefusedError], grouped: bool) -> Response:
    if len(answers) == 1 and not grouped:
        (answer,) = answers
        if isinstance(answer, RefusedError):
            raise answer
        return fhir_response(answer)
    returned = [
        {
            "name": "return",
            "resource": outcome(answer.problems) if isinstance(answer, RefusedError) else answer,
        }
        for answer in answers
    ]
    return fhir_response({"resourceType": "Parameters", "parameter": returned})
