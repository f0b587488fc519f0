"""Libraries as they are after loading: compiled definitions, parameters, and the state of an application.

What is here is immutable once loaded (``loading.py``) and shared by threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import CodeType
from typing import TYPE_CHECKING, Any

import fhir_gepnet.logic.closures.elm
import fhir_gepnet.logic.elm  # noqa: F401  (both register what they know)
from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    InvocationError,
    UnresolvedReferenceError,
    Where,
)
from fhir_gepnet.fhir.code_table import CodeTable
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import FAILURES, Definition, Function
from fhir_gepnet.logic.elm.retrieves import Retrieve
from fhir_gepnet.logic.form import Form, Type
from fhir_gepnet.logic.scope import MISSING, Evaluate, Frame, Scope
from fhir_gepnet.logic.surface import from_plain

if TYPE_CHECKING:
    from fhir_gepnet.logic.observe import Recorder


@dataclass(slots=True, eq=False)
class Program:
    """All compiled definitions and functions of one load, by number.

    Attributes:
        size: slots of ``scope.memo``.
        by_code: the definition of each generated function.
        watch: wraps every closure while a recorder closes the forms for itself; None otherwise.
    """

    definitions: list[Definition] = field(default_factory=list)
    functions: dict[int, Function] = field(default_factory=dict)
    size: int = 0
    by_code: dict[CodeType, Definition] = field(default_factory=dict)
    watch: Callable[[Form, Evaluate], Evaluate] | None = None
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
        self,
        record: PatientRecord,
        *,
        now: datetime,
        parameters: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
        recorder: Recorder | None = None,
    ) -> dict[str, Any]:
        """Every public define, as plain values.

        Args:
            record: the patient.
            now: the moment of evaluation, aware of its zone.
            parameters: see ``Libraries.scope``.
            budget: what the evaluation may take; None: whatever it needs. See ``Budget``.
            recorder: notes what every part gave. The values are the same; it takes longer.

        Raises:
            EvaluationError: a define broke.
            BudgetExceededError: it took more than the budget, or nests deeper than Python's stack.
            InvocationError: ``now`` has no zone, or a parameter is not declared or of another type.
        """
        scope = self.libraries.scope(record, now=now, parameters=parameters, budget=budget)
        definitions = self.definitions if recorder is None else recorder.definitions_of(self)
        return {name: definitions[name].plain(scope) for name in self.public}


class Libraries(Mapping[str, Library]):
    """All libraries of one load, by id or by ``Id|version``."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.retrieves: frozenset[Retrieve] = frozenset()
        self._libraries: dict[str, Library] = {}
        self._by_title: dict[str, Library] = {}
        self._parameters: list[Parameter] = []
        self._names: set[str] = set()
        self._types: dict[str, Type] = {}
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
        return self._types

    def scope(
        self,
        record: PatientRecord,
        *,
        now: datetime,
        parameters: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
    ) -> Scope:
        """A fresh state for one application.

        Args:
            record: the patient.
            now: aware of its zone.
            parameters: plain values by name; one name binds the parameter in every library that
                declares it, ``Library.Name`` in one library only.
            budget: what the application may take; None: whatever it needs.

        Raises:
            InvocationError: a naive ``now``, a parameter that nobody declares, a value of another type.
        """
        given = dict(parameters or {})
        unknown = sorted(set(given) - self._names)
        if unknown:
            told = ", ".join(sorted({each.name for each in self._parameters})) or "none"
            raise InvocationError(f"no library declares a parameter {unknown[0]}; there are: {told}")
        values = dict(self._constants)
        scope = Scope(
            record, now, values, [MISSING] * self.program.size, None if budget is None else budget.opened()
        )
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
        self._types[parameter.name] = parameter.type
        if parameter.default is None:
            self._constants[parameter.key] = parameter.constant
        else:
            self._computed.append(parameter)
        self._names |= {parameter.name, parameter.qualified}
