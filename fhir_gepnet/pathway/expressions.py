"""``Expression`` elements: which language, which definition, and the callable for it.

Public plans spell the same language in many ways; all spellings are accepted, and ``text/cql``
that holds a name is that name. Inline CQL cannot be run: CQL is translated while authoring.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    TypeMismatchError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
    Where,
)
from fhir_gepnet.logic import Definition, Libraries, to_plain
from fhir_gepnet.logic.fhirpath.expression import Condition as CompiledCondition
from fhir_gepnet.logic.fhirpath.expression import compile_condition
from fhir_gepnet.logic.form import BOOLEAN, FHIR, SYSTEM, ListOf, Named, Type
from fhir_gepnet.logic.scope import MISSING, Scope
from fhir_gepnet.pathway.artifacts import Artifact, Artifacts, collected
from fhir_gepnet.pathway.formula import Formula, Variables

IDENTIFIER = re.compile(r'(?:(?P<library>"[^"]+"|[A-Za-z_]\w*)\.)?(?P<name>"[^"]+"|[A-Za-z_]\w*)')
NAMES_ONLY = frozenset({"text/cql-identifier", "text/cql.identifier"})
NAMES_TOO = frozenset({"text/cql", "text/cql-expression", "text/cql.expression"})
FHIRPATH = "text/fhirpath"
Scoped = tuple[str, ...]
"""Names of the libraries whose definitions may be named without a library."""

VARIABLES = ("encounter", "practitioner", "organization", "draftOrders")
"""What the caller's context gives to FHIRPath beside the patient; empty when it gives nothing."""


@dataclass(frozen=True, slots=True)
class Expressions:
    """Resolves the formulas of one folder.

    Attributes:
        artifacts: for the canonicals of libraries.
        libraries: the compiled logic; None when it does not compile, and then names are only
            checked, so that the author sees all problems at once.
        names: library name -> names of its defines.
        library_names: canonical with version of a Library -> its name in CQL.
    """

    artifacts: Artifacts
    libraries: Libraries | None
    names: Mapping[str, frozenset[str]]
    library_names: Mapping[str, str]

    def libraries_of(self, artifact: Artifact, problems: list[GepnetError]) -> Scoped | None:
        """Names of the libraries that an artefact's formulas may use; None when one is broken."""
        named: list[str | None] = []
        for number, canonical in enumerate(artifact.resource.get("library", ())):
            name = None
            with collected(problems):
                name = self._library(canonical, Where(artifact.canonical, f"library[{number}]"))
            named.append(name)
        return None if None in named else tuple(name for name in named if name)

    def condition(self, expression: Mapping[str, Any] | None, libraries: Scoped | None, at: Where) -> Formula:
        """A formula that gives True, False or None.

        Raises:
            ArtifactError: no expression, language, text, or a name that leads nowhere.
            ExpressionError: FHIRPath that does not compile; a definition that is not Boolean.
            UnsupportedFeatureError: a language that is not carried out, or inline CQL.
        """
        text, language = _text_and_language(expression, at)
        if language == FHIRPATH:
            return _fhirpath_condition(text, at)
        definition = self._definition(expression, text, language, libraries, at)
        if definition is not None and definition.result_type != BOOLEAN:
            raise TypeMismatchError(
                at,
                f"{text} is a {definition.result_type}, not a Boolean",
                "name a definition that is true or false",
            )
        return Formula(text, language, at, _truth_of(definition), "System.Boolean", definition)

    def value(self, expression: Mapping[str, Any] | None, libraries: Scoped | None, at: Where) -> Formula:
        """A formula that gives a plain value; raises as ``condition`` does."""
        text, language = _text_and_language(expression, at)
        if language == FHIRPATH:
            return _fhirpath_value(text, at)
        definition = self._definition(expression, text, language, libraries, at)
        result_type = None if definition is None else definition.result_type
        return Formula(text, language, at, _value_of(definition), _name_of(result_type), definition)

    def _library(self, canonical: str, at: Where) -> str | None:
        """Name of a library; "" when it has no logic, None when its logic is broken."""
        artifact = self.artifacts.resolve(canonical, ("Library",), at)
        without_logic = None if artifact.resource.get("content") else ""
        return self.library_names.get(artifact.canonical, without_logic)

    def _definition(
        self,
        expression: Mapping[str, Any] | None,
        text: str,
        language: str,
        libraries: Scoped | None,
        at: Where,
    ) -> Definition | None:
        reference = (expression or {}).get("reference")
        if reference is not None:
            named = self._library(reference, at)
            libraries = None if named is None else (named,)
        if libraries is None:
            # The missing library is a problem already; each of its names would only repeat it.
            return None
        library, name = self._resolve(text, language, libraries, at)
        return None if self.libraries is None else self.libraries[library].definition(name)

    def _resolve(self, text: str, language: str, libraries: Scoped, at: Where) -> tuple[str, str]:
        """Library and name of the definition that a text names."""
        written = text.strip()
        holders = [library for library in libraries if written in self.names.get(library, ())]
        match = IDENTIFIER.fullmatch(written)
        if not holders and match is not None:
            written = match["name"].strip('"')
            if match["library"] is not None:
                return self._qualified(match["library"].strip('"'), written, at)
            holders = [library for library in libraries if written in self.names.get(library, ())]
        elif not holders and language not in NAMES_ONLY:
            raise UnsupportedFeatureError(
                at,
                "CQL inside an artefact cannot be run",
                "define it in the CQL library and name the definition here",
            )
        if len(holders) > 1:
            raise ArtifactError(
                at,
                f"{written} is defined in several libraries: {', '.join(holders)}",
                f'name the library: {holders[0]}."{written}"',
            )
        if holders:
            return holders[0], written
        if not libraries:
            raise UnresolvedReferenceError(
                at,
                f"{written} is defined nowhere: no library is named",
                "add the element library, with its version",
            )
        known = [name for library in libraries for name in self.names.get(library, ())]
        raise UnresolvedReferenceError(
            at, f"no definition {written} in {', '.join(libraries)}", _near(written, known)
        )

    def _qualified(self, library: str, name: str, at: Where) -> tuple[str, str]:
        known = self.names.get(library)
        if known is None:
            raise UnresolvedReferenceError(at, f"no library {library}", _near(library, list(self.names)))
        if name not in known:
            raise UnresolvedReferenceError(at, f"no definition {name} in {library}", _near(name, list(known)))
        return library, name


def _fhirpath(text: str, at: Where) -> CompiledCondition:
    return compile_condition(text, variables=VARIABLES, where=at)


def _fhirpath_condition(text: str, at: Where) -> Formula:
    compiled = _fhirpath(text, at)

    def compute(scope: Scope, variables: Variables) -> Any:
        return compiled(scope.record, now=scope.now, variables=variables, account=scope.budget)

    types = tuple(sorted(compiled.retrieved_types))
    return Formula(text, FHIRPATH, at, compute, "System.Boolean", None, types)


def _fhirpath_value(text: str, at: Where) -> Formula:
    compiled = _fhirpath(text, at)

    def compute(scope: Scope, variables: Variables) -> Any:
        items = compiled.items(scope.record, now=scope.now, variables=variables, account=scope.budget)
        return items if len(items) > 1 else items[0] if items else None

    return Formula(text, FHIRPATH, at, compute, None, None, tuple(sorted(compiled.retrieved_types)))


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 3)
    return f"did you mean {' or '.join(near)}?" if near else "mend the name, or add the definition"


def _text_and_language(expression: Mapping[str, Any] | None, at: Where) -> tuple[str, str]:
    if not expression:
        raise ArtifactError(at, "there is no expression", "add one, with its language")
    language = expression.get("language", "")
    if language not in NAMES_ONLY | NAMES_TOO | {FHIRPATH}:
        known = ", ".join(sorted(NAMES_ONLY | NAMES_TOO | {FHIRPATH}))
        raise UnsupportedFeatureError(
            at, f"expression language {language!r} is not supported", f"use one of {known}"
        )
    text = expression.get("expression", "")
    if not text.strip():
        raise ArtifactError(at, "the expression is empty", "write one")
    return text, language


def _name_of(result_type: Type | None) -> str | None:
    if isinstance(result_type, ListOf):
        return _name_of(result_type.element)
    if not isinstance(result_type, Named):
        return None
    return result_type.name.replace(SYSTEM, "System.").removeprefix(FHIR)


def _truth_of(definition: Definition | None) -> Callable[[Scope, Variables], Any]:
    if definition is None:
        return _never_applied
    slot, compute = definition.slot, definition.compute

    def truth(scope: Scope, variables: Variables) -> Any:
        value = scope.memo[slot]
        return compute(scope) if value is MISSING else value

    return truth


def _value_of(definition: Definition | None) -> Callable[[Scope, Variables], Any]:
    if definition is None:
        return _never_applied
    slot, compute = definition.slot, definition.compute

    def value(scope: Scope, variables: Variables) -> Any:
        value = scope.memo[slot]
        if value is MISSING:
            value = compute(scope)
        return value if type(value) is str else to_plain(value)

    return value


def _never_applied(scope: Scope, variables: Variables) -> Any:
    raise RuntimeError("a folder with problems is never applied")
