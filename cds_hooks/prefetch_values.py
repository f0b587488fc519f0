"""What came under the prefetch keys: which data there are, and which searches are known to be complete.

Absent, ``null``, empty, paged and failed are different answers, and "we were not told" must never turn
into "there is none". So a search counts as complete only when nothing speaks against it.

| value under one of our search keys | data | complete |
| --- | --- | --- |
| key absent | - | no |
| ``null``, or a Bundle without entries | - | yes |
| Bundle with entries of the type, whatever its ``type`` says | its entries | yes |
| ... with a next link, or a ``total`` beyond its entries | its entries | no |
| ... with an OperationOutcome, or an entry of another type (ignored) | the others | no |
| ... with an entry about another patient (ignored) | the others | no |
| one resource, an array, a ``{resource}`` wrapper | taken | no |
| OperationOutcome, or anything else | - | no |

Resources under keys that we did not publish are data too, of any type, and make no search complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_hooks.prefetch import Template
from cds_hooks.responses import Problem, RefusedError
from fhir_gepnet import PatientRecord

NO_DATA = ("", "OperationOutcome", "Bundle")


@dataclass(slots=True)
class Received:
    """What one request brought; lives as long as the request.

    Attributes:
        bundles: Bundles and resources for ``PatientRecord.of``, in the order of the keys.
        answered: the keys' types beside the bundles; None for a foreign key.
        types: resource types of which there is at least one resource.
        patients: ids of the Patient resources.
        complete: resource types whose search is known to have returned everything.
        ignored: entries left out because they are not what their key asks for.
        resources: how many resources were taken.
    """

    bundles: list[dict[str, Any]] = field(default_factory=list)
    answered: list[str | None] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    patients: set[str] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)
    ignored: int = 0
    resources: int = 0


def record_from(
    prefetch: Mapping[str, Any], templates: Sequence[Template], patient_id: str
) -> tuple[PatientRecord, Received]:
    """The patient's record out of a request's prefetch; the request is not changed.

    Args:
        prefetch: key -> value as sent.
        templates: what the service published.
        patient_id: ``context.patientId``.

    Raises:
        RefusedError: 412 naming the keys of required types of which nothing usable came.
        PatientDataError: a resource that cannot be read as one.
    """
    received = Received()
    ours = {template.key: template.resource_type for template in templates}
    for key, value in prefetch.items():
        _take(value, ours.get(key), received)
    subject = f"Patient/{patient_id}"
    has_patient = patient_id in received.patients
    missing = [
        template.key
        for template in templates
        if template.required and not _satisfied(template.resource_type, received, has_patient)
    ]
    if missing or not has_patient:
        raise _unmet(missing or ["patient"])
    record = PatientRecord.of(received.bundles, complete=received.complete, subject=subject)
    if record.ignored:
        record = _distrusting(record, received, templates, subject)
    return record, received


def _satisfied(resource_type: str, received: Received, has_patient: bool) -> bool:
    if resource_type == "Patient":
        return has_patient
    return resource_type in received.complete or resource_type in received.types


def _unmet(keys: Sequence[str]) -> RefusedError:
    text = (
        "this service needs it in prefetch, about the patient of context.patientId, "
        "and does not read from fhirServer yet"
    )
    problems = [Problem("required", f"prefetch.{key}: {text}", f"prefetch.{key}") for key in keys]
    return RefusedError(412, problems)


def _take(value: Any, wanted: str | None, received: Received) -> None:
    """Add one prefetch value; ``wanted`` is the type that its key asks for, None for a foreign key."""
    complete = wanted is not None and wanted != "Patient"
    if value is not None:
        bundle, trusted = _as_bundle(value)
        complete = complete and trusted and _says_all(bundle, wanted)
        kept, clean = _kept(bundle.get("entry"), wanted, received)
        complete = complete and clean
        if kept:
            received.answered.append(wanted)
            received.bundles.append(bundle if clean else {"resourceType": "Bundle", "entry": kept})
    if complete and wanted is not None:
        received.complete.add(wanted)


def _as_bundle(value: Any) -> tuple[dict[str, Any], bool]:
    """The value as a Bundle, and whether the sender made it one (only a Bundle can answer a search)."""
    if isinstance(value, dict):
        if value.get("resourceType") == "Bundle":
            return value, True
        inner = value.get("resource")
        if "resourceType" not in value and isinstance(inner, dict):
            # {response, resource}: how prefetch looked before version 1.0.
            return _as_bundle(inner)[0], False
        return {"resourceType": "Bundle", "entry": [{"resource": value}]}, False
    items = value if isinstance(value, list) else []
    return {"resourceType": "Bundle", "entry": [{"resource": item} for item in items]}, False


def _says_all(bundle: dict[str, Any], wanted: str | None) -> bool:
    """Neither a next page nor a total beyond what is here."""
    links = bundle.get("link") or ()
    if not isinstance(links, list | tuple):
        return False
    if any(not isinstance(link, dict) or link.get("relation") == "next" for link in links):
        return False
    total = bundle.get("total")
    entries = bundle.get("entry") or ()
    return total is None or (
        type(total) is int and isinstance(entries, list | tuple) and total <= len(entries)
    )


def _kept(entries: Any, wanted: str | None, received: Received) -> tuple[list[dict[str, Any]], bool]:
    """Entries that may be used, and whether that is all of them.

    Under one of our keys only the asked type counts, and what a server included for it
    (``search.mode`` include): a Bundle of something else is a fault of the client.
    """
    kept: list[dict[str, Any]] = []
    clean = True
    if entries is not None and not isinstance(entries, list):
        received.ignored += 1
        return kept, False
    if wanted is not None and wanted != "Patient" and _all_of_type(entries, wanted):
        received.types.add(wanted)
        received.resources += len(entries or ())
        return entries or kept, True
    types = set()
    for entry in entries or ():
        resource = entry.get("resource") if type(entry) is dict else None
        resource_type = resource.get("resourceType") if type(resource) is dict else None
        if type(resource_type) is str and (
            resource_type == wanted or _also_taken(entry, resource_type, wanted)
        ):
            types.add(resource_type)
            kept.append(entry)
        else:
            clean = False
            received.ignored += 1
    received.types |= types
    if "Patient" in types:
        received.patients |= _patient_ids(kept)
    received.resources += len(kept)
    return kept, clean


def _all_of_type(entries: Any, wanted: str) -> bool:
    """Whether a list of entries holds resources of one type and nothing else, as most answers do."""
    try:
        return {entry["resource"]["resourceType"] for entry in entries} == {wanted}
    except (KeyError, TypeError):
        return False


def _also_taken(entry: dict[str, Any], resource_type: str, wanted: str | None) -> bool:
    """Whether a resource of another type than asked for counts: included ones, and all under foreign keys."""
    if resource_type in NO_DATA:
        return False
    search = entry.get("search")
    return wanted is None or (type(search) is dict and search.get("mode") == "include")


def _patient_ids(entries: Sequence[dict[str, Any]]) -> set[str]:
    resources = (entry["resource"] for entry in entries)
    ids = (resource.get("id") for resource in resources if resource["resourceType"] == "Patient")
    return {identifier for identifier in ids if type(identifier) is str}


def _distrusting(
    record: PatientRecord, received: Received, templates: Sequence[Template], subject: str
) -> PatientRecord:
    """The same record without the completeness of searches that answered about another patient.

    Such a search was perhaps carried out for somebody else altogether.

    Raises:
        RefusedError: 412 when nothing is left of a required type.
    """
    received.ignored += record.ignored
    own = {_name_of(resource) for name in received.types for resource in record.of_type(name)}
    for wanted, bundle in zip(received.answered, received.bundles, strict=True):
        if wanted is not None and any(_name_of(entry["resource"]) not in own for entry in bundle["entry"]):
            received.complete.discard(wanted)
    missing = [
        template.key
        for template in templates
        if template.required
        and template.resource_type not in received.complete
        and not record.of_type(template.resource_type)
    ]
    if missing:
        raise _unmet(missing)
    return PatientRecord.of(received.bundles, complete=received.complete, subject=subject)


def _name_of(resource: dict[str, Any]) -> tuple[str, str | int]:
    """What tells resources apart: type and id, or which object it is when it has no id."""
    identifier = resource.get("id")
    return resource["resourceType"], identifier if isinstance(identifier, str) else id(resource)
