"""A third reader of forms: which resources and elements a formula read on its way to a value.

Made on request, after an application: the forms are closed again, with the operators that reach
into the record noting what they reach for. Values are those of the closures, so references made
inside functions and through other definitions are seen, and what a short cut left out is not.
Nothing here runs, or costs anything, when nobody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir.coding import Code
from fhir_gepnet.logic.closures.fhirpath_items import Element
from fhir_gepnet.logic.closures.registry import build
from fhir_gepnet.logic.definitions import FAILURES, Definition
from fhir_gepnet.logic.elm.retrieves import Retrieve, data_need
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.expression import Condition
from fhir_gepnet.logic.fhirpath.navigation import Step
from fhir_gepnet.logic.fhirpath.place import ROOT_SLOT
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.program import Program
from fhir_gepnet.logic.scope import Evaluate, Frame, Scope
from fhir_gepnet.terminology.value_set import ValueSet

Resource = dict[str, Any]

LITERAL = "elm.Literal"
OPAQUE = "reading.opaque"
"""Stands for an operand towards a builder, so that it takes no short cut past what we note."""


class Retrieved(NamedTuple):
    """One question to the record with what came back.

    Attributes:
        need: type, and for coded retrieves element and codes.
        asked: the value set or code that was written, or None.
        resources: in the order of the record.
    """

    need: Retrieve
    asked: ValueSet | Code | None
    resources: tuple[Resource, ...]


@dataclass(slots=True, eq=False)
class Reading:
    """What one definition or formula read itself.

    Attributes:
        retrieved: in the order of evaluation.
        leaves: id of a resource -> the resource, and path -> scalars read from it.
        definitions: slots of the definitions whose value it took, each once, in order.
        value: what it came to.
    """

    retrieved: list[Retrieved] = field(default_factory=list)
    leaves: dict[int, tuple[Resource, dict[str, Any]]] = field(default_factory=dict)
    definitions: list[int] = field(default_factory=list)
    value: Any = None
    broken: Exception | None = None


class Read(NamedTuple):
    """Everything that led to a value, through all definitions, each once, innermost last.

    Attributes:
        own: definitions that the formula itself took the value of, inside functions too.
        definitions: all of them.
        retrieved: all questions to the record.
        leaves: what was read of each resource: path -> value.
    """

    own: tuple[Definition, ...]
    definitions: tuple[Definition, ...]
    retrieved: tuple[Retrieved, ...]
    leaves: tuple[tuple[Resource, Mapping[str, Any]], ...]


@dataclass(slots=True, eq=False)
class Recorder:
    """Notes what is read in one application. Not shared, not kept.

    Attributes:
        scope: of the application; its memo is neither read nor written.
        program: the compiled definitions.
        given: values of definitions by slot that were given instead of computed.
    """

    scope: Scope
    program: Program
    given: Mapping[int, Any] = field(default_factory=dict)
    _kept: dict[int, Reading] = field(default_factory=dict)
    _once: dict[int, Any] = field(default_factory=dict)
    _places: dict[int, tuple[Resource, str]] = field(default_factory=dict)
    _bodies: dict[int, Evaluate] = field(default_factory=dict)
    _open: list[Reading] = field(default_factory=list)

    def of_definition(self, definition: Definition) -> Read:
        """What a definition of CQL read; up to where it broke, when it did."""
        reading = self._definition(definition.slot)
        return self._everything(reading)

    def of_fhirpath(self, condition: Condition, variables: Mapping[str, Any]) -> Read:
        """What a FHIRPath condition read; up to where it broke, when it did."""
        typed, record = condition.typed(), self.scope.record
        frame: Frame = [None] * typed.slots
        frame[0], frame[ROOT_SLOT] = Environment(record.patient, record, self.scope.now), record.patient
        for name, slot in typed.variables.items():
            value = variables.get(name)
            frame[slot] = value if isinstance(value, list) else [] if value is None else [value]
        return self._everything(self._run(self.closed(typed.form), frame))

    def closed(self, form: Form) -> Evaluate:
        """The closure of a form that notes what it reads."""
        operands = [self.closed(operand) for operand in form.operands]
        notes = _NOTING.get(form.operator)
        return self.plain(form, operands) if notes is None else notes(self, form, operands)

    def plain(self, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
        """The back end's own closure over operands that note."""
        shown = tuple(
            operand if operand.operator == LITERAL else Form(OPAQUE, operand.type, (), None, operand.at)
            for operand in form.operands
        )
        return build(Form(form.operator, form.type, shown, form.detail, form.at), operands, self.program)

    # What the operators of the second half of this file report.

    def retrieve(self, need: Retrieve, asked: ValueSet | Code | None, resources: Sequence[Resource]) -> None:
        """Resources came out of the record."""
        for resource in resources:
            self._places.setdefault(id(resource), (resource, ""))
        known = self._open[-1].retrieved
        if all((each.need, each.asked) != (need, asked) for each in known):
            known.append(Retrieved(need, asked, tuple(resources)))

    def read(self, holder: Any, keys: Sequence[str]) -> list[Any]:
        """Elements of a dict were read; gives their values, lists opened."""
        place = self._places.get(id(holder))
        if place is None or not isinstance(holder, dict):
            return []
        resource, path = place
        found = []
        for key in keys:
            held = holder.get(key)
            for item in held if isinstance(held, list) else (held,):
                if item is None:
                    continue
                way = f"{path}.{key}" if path else key
                found.append(item)
                if isinstance(item, dict):
                    self._places[id(item)] = (resource, way)
                else:
                    self._leaf(resource, way, item)
        return found

    def take(self, slot: int) -> Any:
        """Another definition's value."""
        self._open[-1].definitions.append(slot)
        reading = self._definition(slot)
        if reading.broken is not None:
            raise reading.broken
        return reading.value

    def once(self, slot: int, compute: Evaluate, frame: Frame) -> Any:
        """A value that a loop computes once."""
        if slot not in self._once:
            self._once[slot] = compute(frame)
        return self._once[slot]

    def body(self, number: int) -> Evaluate:
        """The noting closure of a library's function."""
        found = self._bodies.get(number)
        if found is None:
            form = self.program.functions[number].form
            if form is None:
                raise RuntimeError(f"function {self.program.functions[number].name} was not read")
            found = self._bodies[number] = self.closed(form)
        return found

    def _leaf(self, resource: Resource, path: str, value: Any) -> None:
        _, paths = self._open[-1].leaves.setdefault(id(resource), (resource, {}))
        paths.setdefault(path, value)

    def _definition(self, slot: int) -> Reading:
        found = self._kept.get(slot)
        if found is None:
            if slot in self.given:
                found = Reading(value=self.given[slot])
            else:
                definition = self.program.definitions[slot]
                frame: Frame = [self.scope, *[None] * (definition.size - 1)]
                found = self._run(self.closed(definition.form), frame)
            self._kept[slot] = found
        return found

    def _run(self, compute: Evaluate, frame: Frame) -> Reading:
        reading = Reading()
        self._open.append(reading)
        try:
            reading.value = compute(frame)
        except (GepnetError, RecursionError, *FAILURES) as error:
            # Not hidden: the decision says that it failed; here we say what was read until then.
            reading.broken = error
        finally:
            self._open.pop()
        return reading

    def _everything(self, reading: Reading) -> Read:
        reached: dict[int, Reading] = {}
        waiting = list(reversed(reading.definitions))
        while waiting:
            slot = waiting.pop()
            if slot not in reached:
                reached[slot] = self._kept[slot]
                waiting.extend(reversed(self._kept[slot].definitions))
        leaves: dict[int, tuple[Resource, dict[str, Any]]] = {}
        retrieved: dict[tuple[Retrieve, ValueSet | Code | None], Retrieved] = {}
        for each in (reading, *reached.values()):
            for question in each.retrieved:
                retrieved.setdefault((question.need, question.asked), question)
            for number, (resource, paths) in each.leaves.items():
                leaves.setdefault(number, (resource, {}))[1].update(paths)
        definitions = self.program.definitions
        return Read(
            tuple(definitions[slot] for slot in dict.fromkeys(reading.definitions)),
            tuple(definitions[slot] for slot in reached),
            tuple(retrieved.values()),
            tuple(leaves.values()),
        )


Notes = Callable[[Recorder, Form, Sequence[Evaluate]], Evaluate]
_NOTING: dict[str, Notes] = {}


def _notes(*operators: str) -> Callable[[Notes], Notes]:
    def register(noting: Notes) -> Notes:
        for operator in operators:
            if operator in _NOTING:
                raise RuntimeError(f"two readers of {operator}")
            _NOTING[operator] = noting
        return noting

    return register


@_notes("elm.ExpressionRef")
def _reference(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    slot: int = form.detail
    return lambda frame: recorder.take(slot)


@_notes("elm.Once")
def _once(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    slot: int = form.detail
    (compute,) = operands
    return lambda frame: recorder.once(slot, compute, frame)


@_notes("elm.FunctionRef")
def _function(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    called = recorder.program.functions[form.detail]
    rest = [None] * (called.size - len(operands) - 1)

    def run(frame: Frame) -> Any:
        arguments = [operand(frame) for operand in operands]
        return recorder.body(called.number)([frame[0], *arguments, *rest])

    return run


@_notes("elm.Retrieve")
def _retrieve(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    run, need = recorder.plain(form, operands), data_need(form)
    codes = form.operands[0].detail if form.operands and form.operands[0].operator == LITERAL else None
    if isinstance(codes, list) and len(codes) == 1:
        (codes,) = codes
    asked = codes if isinstance(codes, ValueSet | Code) else None

    def noted(frame: Frame) -> Any:
        found = run(frame)
        recorder.retrieve(need, asked, found)
        return found

    return noted


@_notes("elm.Subject")
def _subject(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    def noted(frame: Frame) -> Any:
        recorder.retrieve(Retrieve("Patient"), None, [frame[0].record.patient])
        return frame[0].record.patient

    return noted


def _keys_of(form: Form) -> tuple[str, ...]:
    if form.operator == "elm.Property":
        return (form.detail,)
    return tuple(each if isinstance(each, str) else each[0] for each in form.detail)


@_notes("elm.Property", "elm.ChoiceKeys", "elm.ChoiceProperty")
def _element(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    keys = _keys_of(form)
    return recorder.plain(form, [_spied(operands[0], lambda held: recorder.read(held, keys)), *operands[1:]])


@_notes("fhirpath.retrieve")
def _resources(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    run = recorder.plain(form, operands)
    return _spied(run, lambda found: recorder.retrieve(Retrieve(form.detail), None, found))


@_notes("fhirpath.slot")
def _slot(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    run = recorder.plain(form, operands)
    if form.detail != ROOT_SLOT:
        return run
    return _spied(run, lambda patient: recorder.retrieve(Retrieve("Patient"), None, [patient]))


@_notes("fhirpath.navigate")
def _navigate(recorder: Recorder, form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    steps: tuple[Step, ...] = form.detail

    def walk(found: Any) -> None:
        items = list(_items(found))
        for step in steps:
            keys = tuple(key for key, _ in step.keys)
            items = [child for item in items for child in recorder.read(item, keys)]

    return recorder.plain(form, [_spied(operands[0], walk)])


def _items(found: Any) -> Iterator[Any]:
    for item in found if isinstance(found, list) else (found,):
        yield item.value if isinstance(item, Element) else item


def _spied(run: Evaluate, look: Callable[[Any], object]) -> Evaluate:
    def spied(frame: Frame) -> Any:
        found = run(frame)
        if found is not None:
            look(found)
        return found

    return spied
