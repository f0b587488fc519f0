"""Loading libraries: ELM documents in, compiled libraries out; every problem found is reported at once.

``load_libraries`` does everything that does not need a patient: includes, names, types, expansions,
constant parts, and the back end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import fhir_gepnet.logic.closures.elm
import fhir_gepnet.logic.elm  # noqa: F401  (both register what they know)
from fhir_gepnet.errors import ArtifactError, GepnetError, InvocationError, PathwayError, Where
from fhir_gepnet.logic.closures.elm_back_end import close_all
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES, Definition, Function, nests_too_deeply, not_carried_out
from fhir_gepnet.logic.elm.reader import elm_of_r1
from fhir_gepnet.logic.elm.retrieves import Retrieve, data_need
from fhir_gepnet.logic.folding import fold, hoist
from fhir_gepnet.logic.form import ANY, Form
from fhir_gepnet.logic.linking import Linking
from fhir_gepnet.logic.program import Libraries, Library, Parameter, Program
from fhir_gepnet.logic.source.back_end import write_source
from fhir_gepnet.logic.sources import LibrarySource, read_sources
from fhir_gepnet.terminology.expansion import Terminology


def load_libraries(
    documents: Iterable[Any],
    *,
    value_sets: Iterable[Any] = (),
    code_systems: Iterable[Any] = (),
    native_conversions: bool = True,
    back_end: str = "source",
) -> Libraries:
    """Compile ELM libraries that may include each other.

    Args:
        documents: parsed ELM JSON, one per library, in any order.
        value_sets: ValueSet resources as parsed JSON.
        code_systems: CodeSystem resources that value sets refer to.
        native_conversions: do the conversions of FHIRHelpers natively; off is for tests.
        back_end: ``source`` (generated Python) or ``closures``, which give the same answers;
            closures are the slower of the two and the oracle of the tests.

    Raises:
        PathwayError: with every problem found: what does not resolve, is not supported, does not type.
        InvocationError: there is no such back end.
    """
    if back_end not in BACK_ENDS:
        raise InvocationError(f"there is no back end {back_end}; there are: {', '.join(BACK_ENDS)}")
    problems: list[GepnetError] = []
    sources = read_sources(documents, problems)
    linking = Linking(sources, Terminology(value_sets, code_systems), native_conversions)
    for source in sources.values():
        try:
            with elm_of_r1(Where(source.title)):
                linking.declare(source)
        except GepnetError as problem:
            problems.append(problem)
    if not problems:
        _read_all(linking, sources, problems)
    libraries = Libraries(Program())
    if not problems:
        _compile_all(linking, libraries, problems, back_end)
    if problems:
        distinct = list({id(problem): problem for problem in problems}.values())
        raise PathwayError(Where("ELM libraries"), distinct)
    for source in sources.values():
        libraries.add(_library(source, libraries))
    return libraries


def _read_all(
    linking: Linking, sources: Mapping[tuple[str, str], LibrarySource], problems: list[GepnetError]
) -> None:
    """Front end over everything; each problem once."""
    for source in sources.values():
        for local in source.includes:
            try:
                linking.library_named(source, local, Where(source.title, f"include {local}"))
            except GepnetError as problem:
                problems.append(problem)
        for name in source.declared["parameters"]:
            try:
                with elm_of_r1(at := Where(source.title, "", name)):
                    linking.parameter(source, name, at)
            except GepnetError as problem:
                problems.append(problem)
    if problems:
        return
    for entry in linking.definitions:
        try:
            with elm_of_r1(Where(entry.library.title, "", entry.name)):
                linking.read_definition(entry)
        except GepnetError as problem:
            problems.append(problem)
        except RecursionError:
            problems.append(nests_too_deeply(entry.library.title, entry.name))
    for function in linking.called:  # grows while it is walked
        try:
            with elm_of_r1(Where(function.library.title, "", function.name)):
                linking.read_function(function)
        except GepnetError as problem:
            problems.append(problem)
        except RecursionError:
            problems.append(nests_too_deeply(function.library.title, function.name))


def _compile_all(linking: Linking, libraries: Libraries, problems: list[GepnetError], back_end: str) -> None:
    program = libraries.program
    needs: set[Retrieve] = set()
    for read in linking.definitions:
        form, of = read.form, read.type
        if form is None or of is None:
            raise RuntimeError(f"{read.name} was not read")
        program.definitions.append(
            Definition(read.name, read.library.title, read.slot, of, form, read.size, program)
        )
    for called in linking.called:
        program.functions[called.number] = Function(
            called.name,
            called.library.title,
            called.number,
            called.operand_types,
            called.type or ANY,
            called.form,
            called.size,
        )
    for read, definition in zip(linking.definitions, program.definitions, strict=True):
        definition.references = tuple(program.definitions[slot] for slot in read.references)
    _refuse_circles(linking, problems)
    if problems:
        return
    program.size = len(program.definitions)
    units: list[Definition | Function] = [*program.definitions, *program.functions.values()]
    folded: list[Definition | Function] = []
    for unit in units:
        if unit.form is None:
            continue
        try:
            unit.form = hoist(fold(unit.form, program), program)
            _collect_needs(unit.form, needs)
            folded.append(unit)
        except GepnetError as problem:
            problems.append(problem)
        except RecursionError:
            problems.append(nests_too_deeply(unit.library, unit.name))
        except FAILURES as error:
            problems.append(not_carried_out(unit, error))
    BACK_ENDS[back_end](folded, program, problems)
    libraries.retrieves = frozenset(needs)
    for key, (of, default, place) in linking.parameters.items():
        try:
            form = fold(default, program) if default is not None else None
            constant = form.detail if form is not None and form.operator == "elm.Literal" else None
            evaluate = close(form, program) if form is not None and form.operator != "elm.Literal" else None
            library = place.artifact.partition("|")[0]
            qualified = f"{library}.{place.text}"
            libraries.declare(Parameter(key, place.text, qualified, library, of, evaluate, constant))
        except GepnetError as problem:
            problems.append(problem)


BACK_ENDS: dict[str, Callable[[Sequence[Definition | Function], Program, list[GepnetError]], None]] = {
    "closures": close_all,
    "source": write_source,
}


def _collect_needs(form: Form, needs: set[Retrieve]) -> None:
    if form.operator == "elm.Retrieve":
        needs.add(data_need(form))
    elif form.operator == "elm.Subject":
        needs.add(Retrieve("Patient"))
    for operand in form.operands:
        _collect_needs(operand, needs)


def _refuse_circles(linking: Linking, problems: list[GepnetError]) -> None:
    """Definitions that reach themselves; reported once per circle."""
    finished: set[int] = set()
    for start in linking.definitions:
        path: list[int] = []
        waiting: list[tuple[int, bool]] = [(start.slot, False)]
        while waiting:
            slot, leaving = waiting.pop()
            if leaving:
                path.pop()
                finished.add(slot)
                continue
            if slot in finished:
                continue
            if slot in path:
                names = [linking.definitions[each].name for each in path[path.index(slot) :]]
                entry = linking.definitions[slot]
                at = Where(entry.library.title, entry.node.get("locator", ""), entry.name)
                told = " -> ".join([*names, names[0]])
                problem = f"definitions refer to each other in a circle: {told}"
                problems.append(ArtifactError(at, problem, "break the circle"))
                return
            path.append(slot)
            waiting.append((slot, True))
            waiting.extend((reference, False) for reference in linking.definitions[slot].references)


def _library(source: LibrarySource, libraries: Libraries) -> Library:
    found = {each.name: each for each in libraries.program.definitions if each.library == source.title}
    public = tuple(
        name
        for name, node in source.definitions.items()
        if node.get("accessLevel", "Public") == "Public" and name != node.get("context")
    )
    return Library(source.identifier, source.version, found, public, libraries)
