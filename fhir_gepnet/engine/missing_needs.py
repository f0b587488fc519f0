"""What an open action waits for: declared data elements that are not known, else what lies behind a null."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_gepnet.engine.data_questions import Wanted, coded_element, item_of, search_of
from fhir_gepnet.engine.decision import Decision, Verdict
from fhir_gepnet.engine.facts import Sought, reference_of, sought_of
from fhir_gepnet.engine.forced import definition_named
from fhir_gepnet.engine.tracing import Explained, name_of_sought
from fhir_gepnet.engine.what_if import WhatIf, plain_value
from fhir_gepnet.errors import InvocationError, Where
from fhir_gepnet.logic import Definition
from fhir_gepnet.logic.reading import Recorder, Retrieved
from fhir_gepnet.logic.scope import Scope
from fhir_gepnet.pathway.data_elements import DataElement
from fhir_gepnet.terminology.expansion import Terminology

ABSENT, STALE, UNUSABLE = "absent", "stale", "unusable"

Json = dict[str, Any]


class Need(NamedTuple):
    """One thing that is missing.

    Attributes:
        wanted: what to ask for.
        requirement: FHIR R4 DataRequirement.
        state: absent: there is nothing; stale: it would count if it were of today; unusable: it
            is there and would not count even then (unit, status, form of the value).
        resources: references of what is there.
        search: FHIR search.
        item: Questionnaire.item.
        definitions: whose alternatives are tried.
        conditions: FHIRPath conditions that are answered yes and no.
        unknown: values of the definition that mean "not known".
    """

    wanted: Wanted
    requirement: Json
    state: str
    resources: tuple[str, ...]
    search: str
    item: Json
    definitions: tuple[Definition, ...] = ()
    conditions: tuple[str, ...] = ()
    unknown: tuple[Any, ...] = ()


# --- Declared


def declared_needs(
    elements: Iterable[DataElement],
    each: Explained,
    own: Sequence[DataElement],
    what_if: WhatIf,
    titles: Mapping[str, str],
) -> list[Need]:
    """The declared elements that a decision touched and that are not known; each key once.

    ``own`` are the inputs of the action: they count when the application needed them anywhere, and
    those without a definition always.
    """
    scope = each.decision.application.scope
    touched = {
        definition.slot for traced in each.conditions for definition in traced.grounds.read.definitions
    }
    needs: dict[str, Need] = {}
    for element in elements:
        definitions = [
            definition_of(name, what_if)[0]
            for name in (element.definition, *element.known)
            if name is not None
        ]
        reached = any(
            definition.slot in touched or (element in own and definition.evaluated(scope))
            for definition in definitions
        )
        if reached or (not definitions and element in own):
            need = _declared(element, each.decision, what_if, titles)
            if need is not None:
                needs.setdefault(need.wanted.key, need)
    return list(needs.values())


def definition_of(name: str, what_if: WhatIf) -> tuple[Definition, str | None]:
    """``Library.Define``, or ``Library.Define.element`` of a tuple with the element's name."""
    try:
        return definition_named(what_if.libraries, name), None
    except InvocationError:
        holder, _, part = name.rpartition(".")
        return definition_named(what_if.libraries, holder), part


def _is_known(element: DataElement, what_if: WhatIf, scope: Scope) -> bool | None:
    """Whether an element can be used; None when no definition tells."""
    if element.known:
        return any(_is_true(name, what_if, scope) for name in element.known)
    if element.definition is not None:
        value = plain_value(definition_of(element.definition, what_if)[0], scope)
        return value is not None and value not in element.unknown
    return None


def _is_true(name: str, what_if: WhatIf, scope: Scope) -> bool:
    definition, part = definition_of(name, what_if)
    value = plain_value(definition, scope)
    return (value.get(part) if part and isinstance(value, dict) else value) is True


def _declared(
    element: DataElement, decision: Decision, what_if: WhatIf, titles: Mapping[str, str]
) -> Need | None:
    scope = decision.application.scope
    known = _is_known(element, what_if, scope)
    if known is True:
        return None
    requirement = element.requirement
    resource_type = requirement["type"]
    coded, value_set, display, codes = _codes_of(requirement, what_if)
    lacking = requirement.get("mustSupport", [None])[0]
    held = _matching(resource_type, coded, codes, what_if)
    if lacking is not None:
        held = [resource for resource in held if resource.get(lacking.partition(".")[0]) is not None]
    if known is None and held:
        return None
    definition = None if element.definition is None else definition_of(element.definition, what_if)[0]
    sought = Sought(resource_type, coded, value_set, display, codes)
    path = f"{resource_type}.{lacking}" if lacking is not None else name_of_sought(sought, titles)
    wanted = Wanted(
        path,
        resource_type,
        coded if lacking is None else lacking,
        codes,
        value_set,
        element.question or path,
        element.type,
        None if definition is None else definition.result_type,
        element.unit,
        element.answers,
    )
    state = ABSENT
    if held:
        renewed = what_if.renewed(held)
        fresh = _is_known(element, what_if, renewed.decisions[0].application.scope)
        state = STALE if fresh is True else UNUSABLE
    conditions = () if definition is not None else _fhirpath(decision)
    return Need(
        wanted,
        requirement,
        state,
        tuple(map(reference_of, held)),
        search_of(wanted, what_if.result.subject),
        item_of(wanted),
        () if definition is None else (definition,),
        conditions,
        element.unknown,
    )


def _fhirpath(decision: Decision) -> tuple[str, ...]:
    """The FHIRPath conditions of an action that are unknown."""
    if decision.verdict is not Verdict.UNKNOWN:
        return ()
    pairs = zip(decision.action.conditions, decision.outcomes, strict=True)
    return tuple(
        condition.formula.text
        for condition, outcome in pairs
        if condition.formula.definition is None and outcome.value is None
    )


def _codes_of(
    requirement: Json, what_if: WhatIf
) -> tuple[str | None, str | None, str | None, tuple[tuple[str, str], ...]]:
    """Coded element, value set, display and codes of a DataRequirement; a filter on category only narrows."""
    for code_filter in requirement.get("codeFilter", ()):
        if code_filter.get("path") == "category":
            continue
        element = coded_element(requirement["type"], code_filter.get("path"))
        codes = {(coding.get("system", ""), coding["code"]) for coding in code_filter.get("code", ())}
        url = code_filter.get("valueSet")
        if url is not None:
            resources = what_if.asked.content.resources
            terminology = Terminology(
                [each for each in resources if each["resourceType"] == "ValueSet"],
                [each for each in resources if each["resourceType"] == "CodeSystem"],
            )
            found = terminology.value_set(url, Where(f"DataRequirement of {requirement['type']}"))
            codes |= found.codes
        display = next(
            (coding["display"] for coding in code_filter.get("code", ()) if "display" in coding), None
        )
        return element, None if url is None else url.partition("|")[0], display, tuple(sorted(codes))
    return None, None, None, ()


def _matching(
    resource_type: str, coded: str | None, codes: Sequence[tuple[str, str]], what_if: WhatIf
) -> list[Json]:
    resources = what_if.record.of_type(resource_type)
    if coded is None or not codes:
        return list(resources)
    index = what_if.record.index(resource_type, coded)
    found = {id(resource) for key in codes for resource in index.get(key, ())}
    return [resource for resource in resources if id(resource) in found]


# --- Read from the logic


def derived_needs(
    each: Explained, recorder: Recorder, what_if: WhatIf, titles: Mapping[str, str]
) -> list[Need]:
    """What lies behind the unknown conditions of a decision, without anybody having declared it."""
    needs: dict[str, Need] = {}
    decision = each.decision
    pairs = zip(decision.action.conditions, each.conditions, strict=True)
    for number, (condition, traced) in enumerate(pairs):
        if traced.because.verdict != Verdict.UNKNOWN.value:
            continue
        for definition, reading in recorder.behind(traced.grounds.read.root):
            cause = definition or condition.formula.definition
            forced = (cause,) if cause is not None else ()
            texts = () if cause is not None else (condition.formula.text,)
            for resource, name in reading.lacking.values():
                if resource["resourceType"] == "Patient":
                    wanted = Wanted(f"Patient.{name}", "Patient", name, (), None, f"Patient.{name}")
                    needs.setdefault(wanted.key, _derived(wanted, ABSENT, (), forced, texts, what_if))
            for question in reading.retrieved:
                if question.need.resource_type != "Patient":
                    need = _of_question(question, decision, number, forced, texts, what_if, titles)
                    needs.setdefault(need.wanted.key, need)
    return list(needs.values())


def _of_question(
    question: Retrieved,
    decision: Decision,
    number: int,
    definitions: tuple[Definition, ...],
    texts: tuple[str, ...],
    what_if: WhatIf,
    titles: Mapping[str, str],
) -> Need:
    sought = sought_of(question)
    key = name_of_sought(sought, titles)
    wanted = Wanted(key, sought.resource_type, sought.element, sought.codes, sought.value_set, key)
    state = ABSENT
    if question.resources:
        renewed = what_if.renewed(question.resources)
        same = [each for each in _everything(renewed.decisions) if each.action is decision.action]
        fresh = any(len(each.outcomes) > number and each.outcomes[number].value is not None for each in same)
        state = STALE if fresh else UNUSABLE
    found = tuple(map(reference_of, question.resources))
    return _derived(wanted, state, found, definitions, texts, what_if)


def _everything(decisions: Iterable[Decision]) -> Iterator[Decision]:
    for each in decisions:
        yield each
        yield from _everything(each.children)


def _derived(
    wanted: Wanted,
    state: str,
    found: tuple[str, ...],
    definitions: tuple[Definition, ...],
    texts: tuple[str, ...],
    what_if: WhatIf,
) -> Need:
    requirement: Json = {"type": wanted.resource_type}
    if wanted.codes and wanted.element is not None:
        code_filter: Json = {"path": wanted.element}
        if wanted.value_set is not None:
            code_filter["valueSet"] = wanted.value_set
        else:
            code_filter["code"] = [{"system": system, "code": code} for system, code in wanted.codes]
        requirement["codeFilter"] = [code_filter]
    elif wanted.element is not None:
        requirement["mustSupport"] = [wanted.element]
    subject = what_if.result.subject
    return Need(
        wanted, requirement, state, found, search_of(wanted, subject), item_of(wanted), definitions, texts
    )
