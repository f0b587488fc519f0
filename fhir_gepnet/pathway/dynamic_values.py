"""``dynamicValue``, and ``cqf-expression`` in its place: compiled at load, in the order of writing.

A plan may write into a child of an action (``action.action[1].title``); such a value is compiled
with the child, before the child's own. An expression that stands in an extension, or beside a
primitive (``_title``), is a dynamic value of that element: what it gives replaces the element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_gepnet.errors import ArtifactError, GepnetError, UnresolvedReferenceError, Where
from fhir_gepnet.pathway.artifacts import collected
from fhir_gepnet.pathway.expressions import Expressions, Scoped
from fhir_gepnet.pathway.fhirpath_formulas import Holder
from fhir_gepnet.pathway.model import DynamicValue, Write
from fhir_gepnet.pathway.paths import child_path, is_on_action, writer_of

CQF_EXPRESSION = "http://hl7.org/fhir/StructureDefinition/cqf-expression"


class Assignment(NamedTuple):
    """One value to be written, with the address of who wrote it into the plan.

    ``appended`` says that it is an extension which is added beside others of the same url.
    """

    path: str
    expression: Mapping[str, Any] | None
    at: Where
    appended: bool = False


@dataclass(frozen=True, slots=True)
class Compilation:
    """What the formulas of one artefact are compiled with.

    Attributes:
        expressions: resolves and compiles formulas.
        problems: takes what is wrong.
        holder: what the formulas stand in, for ``%context`` and ``%action``.
        libraries: names of the libraries it uses; None when one of them is broken.
    """

    expressions: Expressions
    problems: list[GepnetError]
    holder: Holder
    libraries: Scoped | None


def assignments_of(element: Mapping[str, Any], canonical: str, place: str) -> list[Assignment]:
    """The dynamic values of an action or activity, as it lists them."""
    dotted = f"{place}." if place else ""
    found = []
    for number, each in enumerate(element.get("dynamicValue", ())):
        at = Where(canonical, f"{dotted}dynamicValue[{number}]")
        found.append(Assignment(each.get("path", ""), each.get("expression"), at))
    return found


def without_computed(output: dict[str, Any], computed: Sequence[Assignment]) -> dict[str, Any]:
    """An output action without what is written into it later: an extension has no value before."""
    if not computed:
        return output
    left = dict(output)
    extensions = [each for each in output.get("extension", ()) if _expression_in(each) is None]
    left.pop("extension", None)
    if extensions:
        left["extension"] = extensions
    for key, companion in output.items():
        if key.startswith("_") and isinstance(companion, dict) and _cqf_expression(companion) is not None:
            del left[key]
    return left


def for_children(
    assignments: Sequence[Assignment], children: int
) -> tuple[list[Assignment], dict[int, list[Assignment]], list[GepnetError]]:
    """Divide what an action writes into itself and into its children, by their number; and what is wrong."""
    own: list[Assignment] = []
    below: dict[int, list[Assignment]] = {}
    problems: list[GepnetError] = []
    for each in assignments:
        child = child_path(each.path)
        if child is None:
            own.append(each)
            continue
        number, path = child
        if number is None and children != 1:
            problems.append(
                ArtifactError(
                    each.at, f"{each.path} means one of {children} children", "say which: action.action[0]"
                )
            )
        elif (number or 0) >= children:
            problems.append(
                UnresolvedReferenceError(each.at, f"{each.path}: there is no such child", "mend the number")
            )
        else:
            below.setdefault(number or 0, []).append(each._replace(path=path))
    return own, below, problems


def compile_assignments(
    assignments: Sequence[Assignment], target: str | None, compilation: Compilation
) -> tuple[DynamicValue, ...]:
    """Compile values; ``target`` is the kind of the made resource, None when no resource is made."""
    compiled = []
    for path, expression, at, appended in assignments:
        with collected(compilation.problems):
            if not path:
                raise ArtifactError(at, "the dynamicValue has no path", "say which element takes the value")
            formula = compilation.expressions.value(expression, compilation.libraries, at, compilation.holder)
            on_action = target is None or is_on_action(path, target)
            write = writer_of(path, None if on_action else target, formula.result_type, at)
            if appended:
                write = _appending(write)
            compiled.append(DynamicValue(path, on_action, write, formula))
    return tuple(compiled)


def computed_of(element: Mapping[str, Any], canonical: str, place: str) -> Iterator[Assignment]:
    """Extensions and primitives of an action whose value an expression gives; they come before its list."""
    dotted = f"{place}." if place else ""
    for number, extension in enumerate(element.get("extension", ())):
        found = _expression_in(extension)
        if found is not None:
            key, expression = found
            path = f"%action.extension('{extension.get('url', '')}').{key or 'value'}"
            yield Assignment(path, expression, Where(canonical, f"{dotted}extension[{number}]"), True)
    for key, companion in element.items():
        if key.startswith("_") and isinstance(companion, dict):
            of_companion = _cqf_expression(companion)
            if of_companion is not None:
                yield Assignment(f"%action.{key[1:]}", of_companion, Where(canonical, f"{dotted}{key}"))


def _expression_in(extension: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]] | None:
    """The expression that gives an extension its value, and the element that takes it, if that is said."""
    expression = _cqf_expression(extension)
    if expression is not None:
        return None, expression
    for key, value in extension.items():
        if key.removeprefix("_").startswith("value") and isinstance(value, dict):
            expression = _cqf_expression(value)
            if expression is not None:
                return key.removeprefix("_"), expression
    return None


def _cqf_expression(element: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for extension in element.get("extension", ()):
        if extension.get("url") == CQF_EXPRESSION:
            expression: Mapping[str, Any] = extension.get("valueExpression", {})
            return expression
    return None


def _appending(write: Write) -> Write:
    """Add extensions instead of replacing those of the url that are there."""

    def append(target: dict[str, Any], value: Any) -> None:
        apart: dict[str, Any] = {}
        write(apart, value)
        target["extension"] = [*target.get("extension", ()), *apart["extension"]]

    return append
