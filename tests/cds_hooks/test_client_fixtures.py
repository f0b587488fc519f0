"""Requests as other projects' test suites hold them: answered or refused, never a fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from service_under_test import ADDRESS, ROOT, cards_in, client_of, outcome_in, validator

from fhir_gepnet.json_io import read_json, read_json_file, write_json

FIXTURES = Path(os.environ.get("FHIR_GEPNET_SUITES", ROOT.parent / "shared" / "data")) / "cds-hooks"
EXPECTED = {
    "ahrq/active_person_invocation.json": (412, "their Patient is not the one of context.patientId"),
    "ahrq/lazy_person_invocation.json": (412, "the same"),
    "ahrq/missing_prefetch_keys_invocation.json": (412, "the same"),
    "ahrq/null_prefetch_values_invocation.json": (412, "the same"),
    "ahrq/unhealthy_patient.json": (200, "its keys are not ours, but its data are enough"),
    "davinci-crd-ri/medicationRequestNoPrefetch.json": (400, "a hook of another name"),
    "davinci-crd-ri/medicationRequestPrefetch.json": (400, "a hook of another name"),
    "inferno/encounter_start_hook_request.json": (400, "another hook"),
    "inferno/order_sign_hook_request.json": (400, "another hook"),
    "inferno/order_select_hook_request.json": (400, "another hook"),
    "inferno/order_dispatch_hook_request.json": (400, "another hook"),
    "inferno/appointment_book_hook_request.json": (400, "another hook"),
    "inferno/encounter_discharge_hook_request.json": (400, "another hook"),
}
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared CDS Hooks fixtures are not here")


@pytest.mark.parametrize("name", EXPECTED)
def test_as_it_is(name: str) -> None:
    answer = client_of().post(ADDRESS, data=(FIXTURES / name).read_bytes(), content_type="application/json")
    status = EXPECTED[name][0]
    if status == 200:
        cards_in(answer)
    else:
        outcome_in(answer, status)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("ahrq/")])
def test_with_the_right_patient_and_conditions(name: str) -> None:
    request = read_json_file(FIXTURES / name)
    request["context"]["patientId"] = request["prefetch"]["Patient"]["id"]
    request["prefetch"]["condition"] = None
    answer = client_of().post(ADDRESS, data=write_json(request), content_type="application/json")
    assert answer.status_code == 200
    validator("response").validate(read_json(answer.data))
