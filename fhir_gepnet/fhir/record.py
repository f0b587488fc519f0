"""One patient's resources, indexed once and read many times.

Resources stay the plain JSON dicts that came in; nothing is copied, modelled or changed. All
indexes are built the first time that somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_gepnet.errors import PatientDataError
from fhir_gepnet.fhir.bundle import Gathered, gather
from fhir_gepnet.fhir.code_table import CodeTable
from fhir_gepnet.fhir.model import compartment_paths, patient_element
from fhir_gepnet.fhir.path_index import Lookup, Path, PathIndex, index_of_path, is_walkable
from fhir_gepnet.fhir.reference import contained_in, type_and_id

Resource = dict[str, Any]
CodeIndex = dict[tuple[str, str], list[Resource]]


class PatientRecord:
    """All data of one patient that an evaluation may see.

    Attributes:
        patient: the Patient resource.
        subject: its reference, ``Patient/p1``; ``Patient`` when the resource has neither id nor fullUrl.
        complete: resource types whose search is known to have returned everything there is.
        ignored: how many resources were left out because they are about somebody or something else.
    """

    __slots__ = (
        "_addresses",
        "_answers",
        "_by_type",
        "_codes",
        "_looked_up",
        "_paths",
        "_walkable",
        "complete",
        "ignored",
        "patient",
        "subject",
    )

    patient: Resource
    subject: str
    complete: frozenset[str]
    ignored: int

    def __init__(self) -> None:
        raise TypeError("build a record with PatientRecord.of(data)")

    @classmethod
    def of(cls, data: object, *, complete: Iterable[str] = (), subject: str | None = None) -> PatientRecord:
        """Read a patient's data once.

        Args:
            data: a Bundle, a prefetch mapping (key -> resource, Bundle, null or OperationOutcome), a
                list of resources, or one resource. A record is returned as it is. The same type and
                id under several keys counts once; the first wins. The caller must not change
                ``data`` while the record is in use.
            complete: resource types whose absence means "none", because their search returned
                everything ("Condition"). Without it nothing that is missing is known to be absent.
            subject: ``Patient/id`` when the data hold more than one Patient.

        Raises:
            PatientDataError: no Patient, two without ``subject``, or JSON of the wrong shape.
        """
        if isinstance(data, PatientRecord):
            return data
        gathered = gather(data)
        record = object.__new__(cls)
        record.complete = frozenset(complete)
        record._answers = {}
        record._codes = {}
        record._looked_up = {}
        record._paths = {}
        record._walkable = {}
        record._by_type = gathered.by_type
        record._addresses = gathered.addresses
        record.patient, record.subject = _subject_among(gathered.patients, subject)
        others = [patient for patient, _ in gathered.patients if patient is not record.patient]
        record._by_type["Patient"] = [record.patient]
        record.ignored = 0
        if others:
            record._leave_out("Patient", others)
        record._leave_out_others(gathered)
        return record

    def _leave_out_others(self, gathered: Gathered) -> None:
        """Drop resources whose subject is named and is not this patient."""
        own = {self.subject, *(url for patient, url in gathered.patients if patient is self.patient and url)}
        identity = type_and_id(self.subject)
        for resource_type, resources in list(self._by_type.items()):
            element = patient_element(resource_type)
            others = []
            if element is None:
                paths = () if resource_type == "Patient" else compartment_paths(resource_type)
                others = [each for each in resources if paths and _is_of_others(each, paths, own, identity)]
                if others:
                    self._leave_out(resource_type, others)
                continue
            for resource in resources:
                try:
                    if resource[element]["reference"] in own:
                        continue  # by far the most
                except (KeyError, TypeError):
                    pass
                about = resource.get(element)
                if about is not None and _names_another(about, own, identity):
                    others.append(resource)
            if others:
                self._leave_out(resource_type, others)

    def _leave_out(self, resource_type: str, others: list[Resource]) -> None:
        """Forget resources of a type, by name and by address."""
        left_out = set(map(id, others))
        self.ignored += len(others)
        self._by_type[resource_type] = [
            item for item in self._by_type[resource_type] if id(item) not in left_out
        ]
        self._addresses = {
            address: item for address, item in self._addresses.items() if id(item) not in left_out
        }

    def varied(self, changed: Mapping[int, Resource], added: Iterable[Resource] = ()) -> PatientRecord:
        """A record like this one with some resources exchanged and some added; this one stays as it is.

        Args:
            changed: new resources by the ``id()`` of those in whose place they come.
            added: further resources of this patient.
        """
        record = object.__new__(PatientRecord)
        for name in PatientRecord.__slots__:
            # Every index is of the old resources: whichever there are, they start empty.
            held = getattr(self, name)
            setattr(record, name, {} if type(held) is dict else held)
        record.patient = changed.get(id(self.patient), self.patient)
        record._by_type = {
            name: [changed.get(id(resource), resource) for resource in resources]
            for name, resources in self._by_type.items()
        }
        for resource in added:
            record._by_type.setdefault(resource["resourceType"], []).append(resource)
        record._addresses = {
            address: changed.get(id(resource), resource) for address, resource in self._addresses.items()
        }
        return record

    def of_type(self, resource_type: str) -> list[Resource]:
        """All resources of a type, in the order of the data. Do not change the list."""
        return self._by_type.get(resource_type, [])

    def coded(self, resource_type: str, element: str, system: str, code: str) -> list[Resource]:
        """Resources of a type whose ``element`` carries this coding; see ``index``."""
        return self.index(resource_type, element).get((system, code), [])

    def index(self, resource_type: str, element: str) -> CodeIndex:
        """(system, code) -> resources of a type whose ``element`` carries that coding.

        ``element`` is a CodeableConcept, a Coding, a code, a list of these, or a choice by its
        model name: ``medication`` reads ``medicationCodeableConcept`` and the ``code`` of what
        ``medicationReference`` points to (contained or in the record; a reference that leads
        nowhere adds nothing). A coding without a system stands under ("", code). Each resource
        stands once under each key. Built on the first call; do not change it.
        """
        key = (resource_type, element)
        found = self._codes.get(key)
        if found is None:
            found = self._codes[key] = self._code_index(resource_type, element)
        return found

    def _code_index(self, resource_type: str, element: str) -> CodeIndex:
        index: CodeIndex = {}
        for resource in self._by_type.get(resource_type, ()):
            for coding in self.codings(resource, element):
                if type(coding) is not dict or type(code := coding.get("code")) is not str:
                    continue
                holders = index.setdefault((coding.get("system") or "", code), [])
                if not holders or holders[-1] is not resource:
                    holders.append(resource)
        return index

    def retrieved(self, table: CodeTable) -> list[list[Resource]]:
        """The answers to all questions of a table, by number; each in the order of the record.

        Matching is that of ``index``. Computed once per record; do not change the lists.
        """
        found = self._answers.get(table)
        if found is not None:
            return found
        found = self._answers[table] = [[] for _ in range(len(table))]
        element, wanted = table.element, table.wanted
        for resource in self._by_type.get(table.resource_type, ()):
            value = resource.get(element)
            if type(value) is not dict or type(codings := value.get("coding")) is not list:
                codings = self.codings(resource, element)
            for coding in codings:
                try:
                    systems = wanted.get(coding.get("code"))
                    if systems is None:
                        continue
                    numbers = systems.get(coding.get("system") or "", ())
                except (AttributeError, TypeError):
                    continue  # no object, or a code that is one
                for number in numbers:
                    answer = found[number]
                    if not answer or answer[-1] is not resource:
                        answer.append(resource)
        return found

    def looked_up(self, lookup: Lookup) -> list[Resource] | None:
        """The answer to a look-up, in the order of the record; do not change the list.

        None when some resource of the type has another shape on one of the look-up's paths than
        FHIR R4 gives it: then the caller walks the resources, and finds the error where it is.
        The index of a path is built once per record, whoever asks.
        """
        try:
            return self._looked_up[lookup]
        except KeyError:
            found = self._looked_up[lookup] = self._look_up(lookup)
            return found

    def _look_up(self, lookup: Lookup) -> list[Resource] | None:
        resources = self.of_type(lookup.resource_type)
        key = (lookup.resource_type, lookup.path)
        if key not in self._paths:
            self._paths[key] = index_of_path(resources, lookup.path)
        index = self._paths[key]
        for path in lookup.walked:
            other = (lookup.resource_type, path)
            if other not in self._walkable:
                self._walkable[other] = is_walkable(resources, path)
            if not self._walkable[other]:
                return None
        return None if index is None else index.get((lookup.system, lookup.code), [])

    def codings(self, resource: Resource, element: str) -> list[Any]:
        """The codings of an element, whatever its type; through a reference when it has one."""
        value = resource.get(element)
        return _codings_of(self._chosen(resource, element) if value is None else value)

    def _chosen(self, resource: Resource, element: str) -> Any:
        """The coded value of a choice element, through its reference when it has one."""
        value = resource.get(element + "CodeableConcept") or resource.get(element + "Coding")
        if value is not None:
            return value
        reference = resource.get(element + "Reference")
        if type(reference) is not dict:
            return None
        text = reference.get("reference")
        target = self.referenced(text, resource) if type(text) is str else None
        return None if target is None else target.get("code")

    def referenced(self, reference: str, within: Resource | None = None) -> Resource | None:
        """What a reference text points to, None when it is not in the record.

        Args:
            reference: ``Type/id``, an absolute URL (an entry's fullUrl, or ending ``/Type/id``),
                ``urn:uuid:…``, or ``#id`` of a resource contained in ``within``.
            within: the resource that holds the reference; needed for ``#id`` only.
        """
        if reference.startswith("#"):
            return None if within is None else contained_in(within, reference)
        found = self._addresses.get(reference)
        if found is not None:
            return found
        key = type_and_id(reference)
        return None if key is None else self._addresses.get(key)

    # Private state, declared for the type checker.
    _by_type: dict[str, list[Resource]]
    _codes: dict[tuple[str, str], CodeIndex]
    _addresses: dict[str | tuple[str, str], Resource]
    _answers: dict[CodeTable, list[list[Resource]]]
    _looked_up: dict[Lookup, list[Resource] | None]
    _paths: dict[tuple[str, Path], PathIndex | None]
    _walkable: dict[tuple[str, Path], bool]


def _codings_of(value: Any) -> list[Any]:
    """The Codings of a CodeableConcept, a Coding, a code, or a list of these; a code has no system."""
    found: list[Any] = []
    for concept in value if type(value) is list else (value,):
        if type(concept) is str:
            found.append({"code": concept})
        elif type(concept) is dict:
            codings = concept.get("coding", concept)
            found += codings if type(codings) is list else [codings]
    return found


def _subject_among(patients: list[tuple[Resource, str | None]], subject: str | None) -> tuple[Resource, str]:
    """The one Patient that the evaluation is about, with its reference."""
    named = [(patient, _reference_to(patient, address), address) for patient, address in patients]
    if subject is not None:
        wanted = type_and_id(subject) or ("Patient", subject)
        for patient, reference, address in named:
            if type_and_id(reference) == wanted or subject in (reference, address):
                return patient, reference
        raise PatientDataError("the data hold no Patient with the subject's id; send that Patient resource")
    if not named:
        raise PatientDataError("the data hold no Patient; send the Patient resource with the other data")
    if len(named) > 1:
        raise PatientDataError(f"the data hold {len(named)} Patients; choose with subject='Patient/id'")
    return named[0][:2]


def _reference_to(patient: Resource, full_url: str | None) -> str:
    identifier = patient.get("id")
    if isinstance(identifier, str) and identifier:
        return f"Patient/{identifier}"
    if full_url:
        return f"Patient/{full_url.replace(':', '/').rpartition('/')[2]}"
    return "Patient"


def _names_another(about: object, own: set[str], identity: tuple[str, str] | None) -> bool:
    """Whether a subject element names somebody or something, and none of it is this patient.

    A logical reference (identifier only) or a contained subject names nobody that could be
    compared; such resources stay in.
    """
    references = about if isinstance(about, list) else [about]
    texts = [reference.get("reference") for reference in references if isinstance(reference, dict)]
    named = [text for text in texts if isinstance(text, str) and not text.startswith("#")]
    if not named:
        return False
    return not any(text in own or (identity is not None and type_and_id(text) == identity) for text in named)


def _is_of_others(
    resource: Resource, paths: tuple[str, ...], own: set[str], identity: tuple[str, str] | None
) -> bool:
    """Whether a resource that has no subject names Patients on these paths, and none of them is this one.

    An Appointment of another patient with the same practitioner is not this patient's.
    """
    held: list[Any] = []
    for path in paths:
        found: list[Any] = [resource]
        for name in path.split("."):
            values = [each.get(name) for each in found if isinstance(each, dict)]
            found = [item for value in values for item in (value if isinstance(value, list) else [value])]
        held += found
    texts = [each.get("reference") for each in held if isinstance(each, dict)]
    named = {text: type_and_id(text) for text in texts if isinstance(text, str)}
    if any(text in own or (identity is not None and who == identity) for text, who in named.items()):
        return False
    return any(who is not None and who[0] == "Patient" for who in named.values())
