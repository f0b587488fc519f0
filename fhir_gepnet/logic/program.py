"""Libraries, loaded: ELM documents in, compiled definitions out.

``load_libraries`` does everything that does not need a patient: includes, names, types,
expansions, constant parts, closures. What it returns is immutable and shared by threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import CodeType
from typing import Any

import fhir_gepnet.logic.closures.elm
import fhir_gepnet.logic.elm  # noqa: F401  (both register what they know)
from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    InvocationError,
    PathwayError,
    UnresolvedReferenceError,
    Where,
)
from fhir_gepnet.fhir.code_table import CodeTable
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.closures.elm_back_end import close_all
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES, Definition, Function, nests_too_deeply
from fhir_gepnet.logic.elm.retrieves import Retrieve, data_need
from fhir_gepnet.logic.folding import fold, hoist
from fhir_gepnet.logic.form import ANY, Form, Type
from fhir_gepnet.logic.linking import Linking
from fhir_gepnet.logic.scope import MISSING, Evaluate, Frame, Scope
from fhir_gepnet.logic.source.back_end import write_source
from fhir_gepnet.logic.sources import LibrarySource, read_sources
from fhir_gepnet.logic.surface import from_plain, to_plain
from fhir_gepnet.terminology.expansion import Terminology


@dataclass(slots=True, eq=False)
class Program:
    """All compiled definitions and functions of one load, by number.

    Attributes:
        size: slots of ``scope.memo``.
        by_code: the definition of each generated function.
    """

    definitions: list[Definition] = field(default_factory=list)
    functions: dict[int, Function] = field(default_factory=dict)
    size: int = 0
    by_code: dict[CodeType, Definition] = field(default_factory=dict)
    _tables: dict[tuple[str, str], CodeTable] = field(default_factory=dict)

    def code_table(self, resource_type: str, element: str) -> CodeTable:
        """The table of all questions about one element of a type; complete when everything is compiled."""
        return self._tables.setdefault((resource_type, element), CodeTable(resource_type, element))

    def new_slot(self) -> int:
        """One more slot in ``scope.memo``."""
        self.size += 1
        return self.size - 1

    def definition_at(self, error: BaseException, asked: Definition) -> Definition:
        """The innermost definition whose generated function an error came out of, else the one asked."""
        found, step = asked, error.__traceback__
        while step is not None:
            found = self.by_code.get(step.tb_frame.f_code, found)
            step = step.tb_next
        return found

    def place_of_failure(self, definition: Definition, scope: Scope) -> Where:
        """The address of the innermost part of a definition that breaks on this patient.

        Runs only after a failure. The definition is tried again with closures, whose frame then
        holds the aliases of the row that broke.
        """
        frame: Frame = [scope, *[None] * (definition.size - 1)]
        try:
            close(definition.form, self)(frame)
        except (GepnetError, *FAILURES):
            return self._broken_part(definition.form, frame)
        return definition.form.at

    def _broken_part(self, form: Form, frame: Frame) -> Where:
        for operand in form.operands:
            try:
                close(operand, self)(frame)
            except GepnetError:
                return operand.at
            except FAILURES:
                return self._broken_part(operand, frame)
        return form.at


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A library parameter: its type, and how its default comes about."""

    key: str
    name: str
    qualified: str
    library: str
    type: Type
    default: Evaluate | None
    constant: Any


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """One loaded library.

    Attributes:
        definitions: by name, in the order of the library.
        public: names of the definitions that other libraries and callers may use.
    """

    name: str
    version: str
    definitions: Mapping[str, Definition]
    public: tuple[str, ...]
    libraries: Libraries

    def definition(self, name: str) -> Definition:
        """A define by its name.

        Raises:
            UnresolvedReferenceError: there is none of that name.
        """
        found = self.definitions.get(name)
        if found is None:
            raise UnresolvedReferenceError(
                Where(f"{self.name}|{self.version}"), f"no define is called {name}", "mend the name"
            )
        return found

    def evaluate(
        self, record: PatientRecord, *, now: datetime, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Every public define, as plain values.

        Raises:
            EvaluationError: a define broke.
            InvocationError: ``now`` has no zone, or a parameter is not declared or of another type.
        """
        scope = self.libraries.scope(record, now=now, parameters=parameters)
        found = [self.definitions[name] for name in self.public]
        return {each.name: to_plain(each.evaluate(scope), each.result_type) for each in found}


class Libraries(Mapping[str, Library]):
    """All libraries of one load, by id or by ``Id|version``."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.retrieves: frozenset[Retrieve] = frozenset()
        self._libraries: dict[str, Library] = {}
        self._by_title: dict[str, Library] = {}
        self._parameters: list[Parameter] = []
        self._names: set[str] = set()
        self._constants: dict[str, Any] = {}
        self._computed: list[Parameter] = []

    def __getitem__(self, name: str) -> Library:
        return self._by_title[name] if name in self._by_title else self._libraries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._libraries)

    def __len__(self) -> int:
        return len(self._libraries)

    @property
    def parameters(self) -> Mapping[str, Type]:
        """Type of every parameter by its plain name."""
        return {parameter.name: parameter.type for parameter in self._parameters}

    def scope(
        self,
        record: PatientRecord,
        *,
        now: datetime,
        parameters: Mapping[str, Any] | None = None,
    ) -> Scope:
        """A fresh state for one application.

        Args:
            record: the patient.
            now: aware of its zone.
            parameters: plain values by name; one name binds the parameter in every library that
                declares it, ``Library.Name`` in one library only.

        Raises:
            InvocationError: a naive ``now``, a parameter that nobody declares, a value of another type.
        """
        given = dict(parameters or {})
        unknown = sorted(set(given) - self._names)
        if unknown:
            told = ", ".join(sorted({each.name for each in self._parameters})) or "none"
            raise InvocationError(f"no library declares a parameter {unknown[0]}; there are: {told}")
        values = dict(self._constants)
        scope = Scope(record, now, values, [MISSING] * self.program.size)
        for each in self._parameters if given else self._computed:
            if given and (each.name in given or each.qualified in given):
                plain = given[each.qualified if each.qualified in given else each.name]
                values[each.key] = from_plain(plain, each.type, each.name, scope.offset)
            elif each.default is not None:
                values[each.key] = each.default([scope])
        return scope

    # Filled by load_libraries only.

    def add(self, library: Library) -> None:
        """Take in one library; of several versions the last one answers to the bare id."""
        self._libraries[library.name] = library
        self._by_title[f"{library.name}|{library.version}"] = library

    def declare(self, parameter: Parameter) -> None:
        """Take in one parameter.

        Raises:
            ArtifactError: another library declares the name with another type.
        """
        for other in self._parameters:
            if other.name == parameter.name and other.type != parameter.type:
                problem = f"{parameter.name} is {parameter.type} here and {other.type} in {other.library}"
                at = Where(parameter.library, "", parameter.name)
                raise ArtifactError(at, problem, "agree on one type")
        self._parameters.append(parameter)
        if parameter.default is None:
            self._constants[parameter.key] = parameter.constant
        else:
            self._computed.append(parameter)
        self._names |= {parameter.name, parameter.qualified}


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
        linking.declare(source)
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
                linking.parameter(source, name, Where(source.title, "", name))
            except GepnetError as problem:
                problems.append(problem)
    if problems:
        return
    for entry in linking.definitions:
        try:
            linking.read_definition(entry)
        except GepnetError as problem:
            problems.append(problem)
        except RecursionError:
            problems.append(nests_too_deeply(entry.library.title, entry.name))
    for function in linking.called:  # grows while it is walked
        try:
            linking.read_function(function)
        except GepnetError as problem:
            problems.append(problem)


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
