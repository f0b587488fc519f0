"""Which language an ``Expression`` is written in, and what stands in for one that cannot be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_gepnet.errors import ArtifactError, UnsupportedFeatureError, Where
from fhir_gepnet.pathway.formula import Formula

NAMES_ONLY = frozenset({"text/cql-identifier", "text/cql.identifier"})
NAMES_TOO = frozenset({"text/cql", "text/cql-expression", "text/cql.expression"})
FHIRPATH = "text/fhirpath"
KNOWN = NAMES_ONLY | NAMES_TOO | {FHIRPATH}
ALTERNATIVE = "http://hl7.org/fhir/StructureDefinition/cqf-alternativeExpression"

REMEDIES = {
    "application/x-fhir-query": "a query has no value; retrieve the data in CQL, or name them in FHIRPath",
}
"""What to write instead of a language that is known and not carried out."""


def text_and_language(expression: Mapping[str, Any] | None, at: Where) -> tuple[str, str]:
    """The text as written and its language.

    Raises:
        ArtifactError: no expression, or an empty one.
        UnsupportedFeatureError: a language that is not carried out.
    """
    if not expression:
        raise ArtifactError(at, "there is no expression", "add one, with its language")
    language = str(expression.get("language", "")).strip()
    if language not in KNOWN:
        raise UnsupportedFeatureError(
            at,
            f"expression language {language!r} is not supported",
            REMEDIES.get(language, f"use one of {', '.join(sorted(KNOWN))}"),
        )
    text = str(expression.get("expression", ""))
    if not text.strip():
        raise ArtifactError(at, "the expression is empty", "write one")
    return text, language


def first_supported(
    expression: Mapping[str, Any] | None, compiled: Callable[[Mapping[str, Any] | None], Formula]
) -> Formula:
    """Compile an expression, or the first of its alternatives that is in a supported language.

    ``cqf-alternativeExpression`` is for engines that cannot run the primary one; a primary that is
    merely wrong is an error, whatever stands beside it.

    Raises:
        UnsupportedFeatureError: neither it nor an alternative is supported; says so of the primary.
    """
    try:
        return compiled(expression)
    except UnsupportedFeatureError:
        for alternative in _alternatives(expression or {}):
            try:
                return compiled(alternative)
            except UnsupportedFeatureError:
                continue
        raise


def _alternatives(expression: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for extension in expression.get("extension", ()):
        if extension.get("url") == ALTERNATIVE and isinstance(extension.get("valueExpression"), dict):
            yield extension["valueExpression"]
