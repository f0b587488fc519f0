"""PlanDefinition.action.input: DataRequirements, prepared so that a record can be asked for them.

Source: FHIR R4 DataRequirement. A code filter matches when the element carries one of the codes, or
a code of the value set; a date filter with a Duration means "within that time before now". Filters
are ANDed. ``mustSupport``, ``limit`` and ``sort`` do not change whether data are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir.duration import duration_of
from fhir_gepnet.logic import compile_fhirpath
from fhir_gepnet.pathway.model import CodeFilter, DateFilter, Input
from fhir_gepnet.terminology.expansion import Terminology


def input_of(requirement: Mapping[str, Any], terminology: Terminology, at: Where) -> Input:
    """One input, compiled.

    Raises:
        ArtifactError: no type, a filter without a path, a duration without a unit of time.
        UnresolvedReferenceError: a value set that is not in the folder.
        UnsupportedFeatureError: a filter by search parameter.
        ExpressionError: a path that the type does not have.
    """
    kind = requirement.get("type")
    if not kind:
        raise ArtifactError(at, "the input has no type", "name the resource type")
    return Input(
        name=requirement.get("id") or kind,
        resource_type=kind,
        codes=tuple(_code_filter(each, kind, terminology, at) for each in requirement.get("codeFilter", ())),
        dates=tuple(_date_filter(each, kind, at) for each in requirement.get("dateFilter", ())),
        requirement=dict(requirement),
    )


def _code_filter(
    code_filter: Mapping[str, Any], kind: str, terminology: Terminology, at: Where
) -> CodeFilter:
    codes = {
        (coding.get("system", ""), coding["code"])
        for coding in code_filter.get("code", ())
        if "code" in coding
    }
    canonical = code_filter.get("valueSet")
    value_set = None if canonical is None else terminology.value_set(canonical, at)
    return CodeFilter(_path(code_filter, kind, at), frozenset(codes), value_set)


def _date_filter(date_filter: Mapping[str, Any], kind: str, at: Where) -> DateFilter:
    duration = None
    if "valueDuration" in date_filter:
        duration = duration_of(date_filter["valueDuration"])
        if duration is None:
            raise ArtifactError(
                at, "the dateFilter's duration has no unit of time", "write d, wk, mo or a as its code"
            )
    period = date_filter.get("valuePeriod")
    if "valueDateTime" in date_filter:
        period = {"start": date_filter["valueDateTime"], "end": date_filter["valueDateTime"]}
    return DateFilter(_path(date_filter, kind, at), duration, period)


def _path(holder: Mapping[str, Any], kind: str, at: Where) -> Any:
    path = holder.get("path")
    if path is None and "searchParam" in holder:
        raise UnsupportedFeatureError(at, "a filter by searchParam is not supported", "name the path instead")
    if path is None:
        raise ArtifactError(at, "the filter has no path", "say which element it is about")
    return compile_fhirpath(path.removeprefix(f"{kind}."), root_type=kind, where=at)
