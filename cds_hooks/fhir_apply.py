"""``POST /fhir/PlanDefinition[/{id}]/$apply``: Parameters in, CarePlan or Bundle out.

| address | one subject | several subjects |
| --- | --- | --- |
| ``$apply`` (R4) | CarePlan | Parameters: one ``return`` per subject, in their order |
| ``$r5.apply`` (the shape of CPG and R5) | Bundle, RequestGroup first | the same, with Bundles |

With several subjects, one whose data cannot be used has an OperationOutcome as its ``return`` and hides no
other. A plan is one of the loaded ones, named by id, or by ``url`` and ``version`` at type level: logic that
comes with a request is never compiled.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from cds_hooks.config import Configuration
from cds_hooks.fhir_artifacts import Artifacts
from cds_hooks.fhir_parameters import DATA, REFERENCE, TEXT, Accepted, Given, read_parameters
from cds_hooks.fhir_records import record_of
from cds_hooks.fhir_requests import check_accept, fhir_response, read_body
from cds_hooks.prefetch import Template, templates_for
from cds_hooks.responses import Problem, RefusedError, outcome
from fhir_gepnet import Pathway, Result, plain_parameters
from fhir_gepnet.errors import BudgetExceededError, InvocationError, PatientDataError, Where

log = logging.getLogger("cds_hooks")

CONCEPT = Accepted(("valueCodeableConcept",))
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
    "useCarePlan": Accepted(("valueBoolean",)),
    **DATA,
}
"""Parameters of $apply; ``unknown`` is ours: flag, omit or error."""
AT_TYPE_LEVEL: Mapping[str, Accepted] = {
    "planDefinition": Accepted(("resource",), resource_type="PlanDefinition"),
    "url": Accepted(TEXT),
    "version": Accepted(TEXT),
}
CONTEXT = ("encounter", "practitioner", "organization")
POLICIES = ("flag", "omit", "error")
FORMS: Mapping[str, Callable[[Result], dict[str, Any]]] = {
    "$apply": lambda result: result.care_plan(),
    "$r5.apply": lambda result: result.bundle(),
}


def apply_view(
    artifacts: Artifacts, configuration: Configuration, form: str
) -> Callable[[str | None], Response]:
    """The view of one form of the operation, at instance level with an id and at type level without."""

    def apply(identifier: str | None = None) -> Response:
        started = time.perf_counter()
        check_accept()
        document = read_body(configuration.body_limit)
        if identifier is None:
            given = read_parameters(document, {**APPLY, **AT_TYPE_LEVEL})
            resource, pathway = plan_named(given, artifacts)
        else:
            resource, pathway = artifacts.named("PlanDefinition", identifier)
            given = read_parameters(document, APPLY)
        subjects = given.all("subject")
        if not subjects:
            raise RefusedError(400, [Problem("required", "subject is required", "subject")])
        arguments = arguments_of(given, pathway) | {"plan": resource["id"], "now": configuration.now()}
        templates = templates_for(pathway.data_needs, Where(resource["url"]))
        answers = [
            _answer(pathway, given, subject, templates, arguments, FORMS[form]) for subject in subjects
        ]
        # Counts only: no identifier and no value of the request belongs in a log.
        log.info(
            "operation=%s status=200 ms=%.1f subjects=%d refused=%d",
            form,
            (time.perf_counter() - started) * 1000,
            len(subjects),
            sum(isinstance(answer, RefusedError) for answer in answers),
        )
        return _response(answers)

    return apply


def plan_named(given: Given, artifacts: Artifacts) -> tuple[dict[str, Any], Pathway]:
    """The loaded plan that a call at type level means.

    Raises:
        RefusedError: 400 for no plan, two ways of naming one, or a version without url; 404 for one that is
            not loaded; 422 for a plan in the request that is not word for word a loaded one.
    """
    inline, url, version = (given.one(name) for name in ("planDefinition", "url", "version"))
    if inline is not None and (url or version):
        raise _bad("planDefinition and url exclude each other; send one of them", "planDefinition")
    if inline is None and url is None:
        raise _bad("name the plan: url (and version), or ask at PlanDefinition/{id}/$apply", "url")
    if inline is not None:
        url, version = inline.get("url"), inline.get("version", "")
    address, _, in_url = str(url).partition("|")
    if in_url and version and in_url != version:
        raise _bad("url and version name two versions", "version")
    found = artifacts.canonical("PlanDefinition", address, str(version or in_url or ""))
    if inline is not None and inline != found[0]:
        text = "logic that comes with a request is not compiled; load the plan, and name it by url"
        raise RefusedError(422, [Problem("not-supported", text, "planDefinition")])
    return found


def _bad(text: str, element: str) -> RefusedError:
    return RefusedError(400, [Problem("required" if element == "url" else "invalid", text, element)])


def arguments_of(given: Given, pathway: Pathway) -> dict[str, Any]:
    """What ``Pathway.apply`` takes beside the record, the plan and the moment.

    Raises:
        RefusedError: 400 for a policy that does not exist, 422 for library parameters that do not fit.
    """
    policy = given.one("unknown") or "flag"
    if policy not in POLICIES:
        raise RefusedError(400, [Problem("value", f"unknown takes {', '.join(POLICIES)}", "unknown")])
    parameters = given.one("parameters")
    try:
        bound = plain_parameters(parameters, pathway.libraries.parameters) if parameters else {}
    except InvocationError as error:
        raise RefusedError(422, [Problem("value", str(error), "parameters")]) from None
    context = {name: given.one(name) for name in CONTEXT if given.one(name) is not None}
    return {"parameters": bound, "context": context, "unknown": policy}


def _answer(
    pathway: Pathway,
    given: Given,
    subject: str,
    templates: tuple[Template, ...],
    arguments: Mapping[str, Any],
    form: Callable[[Result], dict[str, Any]],
) -> dict[str, Any] | RefusedError:
    """The answer for one subject, or why there is none; faults of ours go up."""
    try:
        return form(pathway.apply(record_of(given, subject, templates), **arguments))
    except RefusedError as error:
        return error
    except InvocationError as error:
        return RefusedError(422, [Problem("value", str(error), "parameters")])
    except PatientDataError as error:
        return RefusedError(422, [Problem("incomplete", str(error), "data")])
    except BudgetExceededError as error:
        return RefusedError(500, [Problem("too-costly", str(error))])


def _response(answers: list[dict[str, Any] | RefusedError]) -> Response:
    if len(answers) == 1:
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
