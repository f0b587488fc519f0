"""What the names of a library mean: definitions, functions, parameters, codes, value sets.

Definitions are read on demand, because the type of one may be needed to read another; a
definition that needs itself is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import eq
from typing import Any

from fhir_gepnet.errors import (
    ArtifactError,
    GepnetError,
    TypeMismatchError,
    UnresolvedReferenceError,
    UnsupportedFeatureError,
    Where,
)
from fhir_gepnet.fhir.coding import Code, Concept, Vocabulary
from fhir_gepnet.logic.elm.reader import Binding, Reading, fit, subtype_fits
from fhir_gepnet.logic.elm.type_specifiers import Node, read_type, result_type
from fhir_gepnet.logic.form import ANY, FHIR, Form, Named, Type
from fhir_gepnet.logic.sources import LibrarySource, included, title_of
from fhir_gepnet.terminology.expansion import Terminology
from fhir_gepnet.terminology.value_set import ValueSet


@dataclass(slots=True, eq=False)
class ReadDefinition:
    """A definition on its way through the front end; ``form`` is None until it is read."""

    library: LibrarySource
    name: str
    slot: int
    node: Node
    type: Type | None
    form: Form | None = None
    size: int = 0
    references: tuple[int, ...] = ()
    reading: bool = False
    problem: GepnetError | None = None


@dataclass(slots=True, eq=False)
class ReadFunction:
    """A function overload on its way through the front end."""

    library: LibrarySource
    name: str
    number: int
    node: Node
    operand_types: tuple[Type, ...]
    type: Type | None
    form: Form | None = None
    size: int = 0
    references: tuple[int, ...] = ()
    reading: bool = False


def is_unfiltered(node: Node) -> bool:
    """Whether a define is about all patients; ``Population`` is what CQL before 1.4 called it."""
    return node.get("context") in ("Unfiltered", "Population")


@dataclass(slots=True)
class Linking:
    """All libraries of one load, and what has been read of them so far.

    Attributes:
        terminology: expands value sets.
        native_conversions: whether calls into the conversions library are done natively.
    """

    sources: dict[tuple[str, str], LibrarySource]
    terminology: Terminology
    native_conversions: bool = True
    definitions: list[ReadDefinition] = field(default_factory=list)
    functions: list[ReadFunction] = field(default_factory=list)
    called: list[ReadFunction] = field(default_factory=list)
    parameters: dict[str, tuple[Type, Form | None, Where]] = field(default_factory=dict)
    _slots: dict[tuple[str, str], int] = field(default_factory=dict)
    _overloads: dict[tuple[str, str], list[ReadFunction]] = field(default_factory=dict)

    def library_named(self, library: LibrarySource, name: str | None, at: Where) -> LibrarySource:
        """The library that a local name stands for; without a name the library itself."""
        if not name:
            return library
        include = library.includes.get(name)
        if include is None:
            raise UnresolvedReferenceError(at, f"no included library is called {name}", "add an include")
        found = included(self.sources, *include)
        if found is None:
            missing = title_of(*include)
            raise UnresolvedReferenceError(at, f"library {missing} is not loaded", "load it with the others")
        return found

    def declare(self, library: LibrarySource) -> None:
        """Give every definition of a library its slot."""
        for name, node in library.definitions.items():
            slot = len(self.definitions)
            self._slots[library.title, name] = slot
            declared = result_type(node, Where(library.title, "", name))
            self.definitions.append(ReadDefinition(library, name, slot, node, declared))

    def definition(
        self, library: LibrarySource, name: str, at: Where, unfiltered: bool = False
    ) -> tuple[int, Type]:
        """Slot and type of a definition; reads it when its type is not declared.

        Raises:
            UnresolvedReferenceError: there is none of that name.
            UnsupportedFeatureError: what is about all patients refers to what is about one.
        """
        slot = self._slots.get((library.title, name))
        if slot is None:
            problem = f"library {library.title} has no define {name}"
            raise UnresolvedReferenceError(at, problem, "mend the reference")
        entry = self.definitions[slot]
        if unfiltered and entry.node.get("context") == "Patient":
            problem = f"context Unfiltered asks for {name} of each patient, and a record holds one"
            raise UnsupportedFeatureError(at, problem, "refer to it in context Patient")
        if entry.type is None:
            self.read_definition(entry)
        return slot, entry.type or ANY

    def read_definition(self, entry: ReadDefinition) -> None:
        """Read one definition, once.

        Raises:
            ArtifactError: it refers to itself, or holds what cannot be read.
        """
        if entry.problem is not None:
            raise entry.problem
        if entry.form is not None:
            return
        at = Where(entry.library.title, entry.node.get("locator", ""), entry.name)
        if entry.reading:
            raise ArtifactError(at, f"define {entry.name} refers to itself", "break the circle")
        entry.reading = True
        reading = Reading(entry.library, self, entry.name, unfiltered=is_unfiltered(entry.node))
        try:
            form = self._whole(entry, reading, at)
        except GepnetError as problem:
            entry.problem = problem
            raise
        finally:
            entry.reading = False
        entry.form = form if entry.type is None else fit(form, entry.type)
        entry.type = entry.type or form.type
        entry.size, entry.references = reading.layout.size, tuple(reading.references)

    def _whole(self, entry: ReadDefinition, reading: Reading, at: Where) -> Form:
        context = entry.node.get("context")
        if entry.name == context and "expression" in entry.node:
            # `define Patient`, which the translator writes for `context Patient`.
            if context != "Patient":
                raise ArtifactError(at, f"context {context} is not supported", "use context Patient")
            return Form("elm.Subject", Named(FHIR + "Patient"), (), None, at)
        expression = entry.node.get("expression")
        if not expression:
            raise ArtifactError(at, f"define {entry.name} has no expression", "translate the CQL again")
        return reading.read(expression)

    def parameter(self, library: LibrarySource, name: str, at: Where) -> tuple[str, Type]:
        """Key in ``scope.parameters`` and type of a parameter."""
        node = library.declared["parameters"].get(name)
        if node is None:
            problem = f"library {library.title} has no parameter {name}"
            raise UnresolvedReferenceError(at, problem, "mend the reference")
        key = f"{library.title}.{name}"
        if key not in self.parameters:
            place = Where(library.title, node.get("locator", ""), name)
            specifier = node.get("parameterTypeSpecifier") or node.get("parameterType")
            of = read_type(specifier, place) if specifier else result_type(node, place)
            default = Reading(library, self, name).read(node["default"]) if node.get("default") else None
            of = of or (default.type if default else ANY)
            self.parameters[key] = (of, fit(default, of) if default else None, place)
        return key, self.parameters[key][0]

    def function(
        self,
        library: LibrarySource,
        name: str,
        operands: Sequence[Form],
        signature: tuple[Type, ...],
        at: Where,
    ) -> ReadFunction:
        """The overload that fits: by signature when one is written, else by the operands' types.

        Raises:
            UnresolvedReferenceError: no function of that name and number of operands.
            TypeMismatchError: no overload fits, or several do.
        """
        overloads = self._overloads_of(library, name)
        candidates = [each for each in overloads if len(each.operand_types) == len(operands)]
        if not candidates:
            problem = f"library {library.title} has no function {name} of {len(operands)} operands"
            raise UnresolvedReferenceError(at, problem, "mend the call")
        given = signature if len(signature) == len(operands) else tuple(each.type for each in operands)
        chosen = [each for each in candidates if each.operand_types == given]
        if not chosen:
            chosen = [
                each
                for each in candidates
                if all(subtype_fits(of, wanted) for of, wanted in zip(given, each.operand_types, strict=True))
            ]
            exact = [sum(map(eq, each.operand_types, given)) for each in chosen]
            chosen = [each for each, count in zip(chosen, exact, strict=True) if count == max(exact)]
        if len(chosen) != 1 and len(candidates) == 1:
            chosen = candidates
        if len(chosen) != 1:
            told = ", ".join(map(str, given))
            problem = f"{'no' if not chosen else 'more than one'} overload of {name} takes ({told})"
            raise TypeMismatchError(at, problem, "cast the operands, or translate with signatures")
        if chosen[0].type is None:
            self.read_function(chosen[0])
        if chosen[0] not in self.called:
            self.called.append(chosen[0])
        return chosen[0]

    def read_called(self) -> None:
        """Read the bodies of all functions that are called, and of those that they call."""
        for function in self.called:  # grows while it is walked
            self.read_function(function)

    def _overloads_of(self, library: LibrarySource, name: str) -> list[ReadFunction]:
        key = (library.title, name)
        if key not in self._overloads:
            overloads = []
            for node in library.functions.get(name, ()):
                at = Where(library.title, node.get("locator", ""), name)
                types = tuple(
                    read_type(each.get("operandTypeSpecifier") or each["operandType"], at)
                    for each in node.get("operand") or ()
                )
                number, of = len(self.functions), result_type(node, at)
                function = ReadFunction(library, name, number, node, types, of)
                self.functions.append(function)
                overloads.append(function)
            self._overloads[key] = overloads
        return self._overloads[key]

    def read_function(self, function: ReadFunction) -> None:
        """Read the body of one overload, once.

        Raises:
            ArtifactError: an external function, or one whose type depends on itself.
        """
        if function.form is not None or (function.reading and function.type is not None):
            return
        at = Where(function.library.title, function.node.get("locator", ""), function.name)
        if function.node.get("external"):
            raise ArtifactError(at, f"function {function.name} is external", "write it in CQL")
        if function.reading:
            raise ArtifactError(at, f"the type of function {function.name} depends on itself", "declare it")
        function.reading = True
        reading = Reading(function.library, self, function.name)
        for operand, of in zip(function.node.get("operand") or (), function.operand_types, strict=True):
            reading.names[operand["name"]] = Binding(reading.layout.allocate(), of)
        form = reading.read(function.node["expression"])
        function.reading = False
        function.form = form if function.type is None else fit(form, function.type)
        function.type = function.type or form.type
        function.size, function.references = reading.layout.size, tuple(reading.references)

    def vocabulary(self, library: LibrarySource, name: str, at: Where) -> Vocabulary:
        """A declared code system."""
        node = self._declared(library, "codeSystems", name, at)
        return Vocabulary(str(node["id"]), node.get("version"), name)

    def code_system(self, library: LibrarySource, name: str, at: Where) -> str:
        """URL of a declared code system."""
        return str(self._declared(library, "codeSystems", name, at)["id"])

    def code(self, library: LibrarySource, name: str, at: Where) -> Code:
        """A declared code."""
        node = self._declared(library, "codes", name, at)
        reference = node.get("codeSystem") or {}
        holder = self.library_named(library, reference.get("libraryName"), at)
        system = self.vocabulary(holder, reference["name"], at) if reference.get("name") else None
        text, display = str(node["id"]), node.get("display")
        return Code(text, system.id, system.version, display) if system else Code(text, display=display)

    def concept(self, library: LibrarySource, name: str, at: Where) -> Concept:
        """A declared concept."""
        node = self._declared(library, "concepts", name, at)
        codes = [
            self.code(self.library_named(library, code.get("libraryName"), at), code["name"], at)
            for code in node.get("code") or ()
        ]
        return Concept(tuple(codes), node.get("display"))

    def value_set(self, library: LibrarySource, name: str, at: Where) -> ValueSet:
        """A declared value set with its codes; its ``codesystems`` say which versions it is made of.

        Raises:
            UnresolvedReferenceError: no expansion was loaded. Never "no code is in it".
        """
        node = self._declared(library, "valueSets", name, at)
        version = node.get("version")
        canonical = f"{node['id']}|{version}" if version else str(node["id"])
        systems: dict[str, str] = {}
        for reference in node.get("codeSystem") or ():
            holder = self.library_named(library, reference.get("libraryName"), at)
            bound = self._declared(holder, "codeSystems", reference["name"], at)
            if bound.get("version"):
                systems[str(bound["id"])] = str(bound["version"])
        return self.terminology.value_set(canonical, at, systems)

    def _declared(self, library: LibrarySource, kind: str, name: str, at: Where) -> dict[str, Any]:
        node = library.declared[kind].get(name)
        if node is None:
            problem = f"library {library.title} declares no {name} among its {kind}"
            raise UnresolvedReferenceError(at, problem, "mend the reference")
        return node
