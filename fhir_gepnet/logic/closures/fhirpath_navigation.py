"""Back end of FHIRPath paths: fused loops over JSON of known types, variables, retrieves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import EvaluationError, PatientDataError
from fhir_gepnet.logic.budget import spend
from fhir_gepnet.logic.closures.fhirpath_items import Element
from fhir_gepnet.logic.closures.registry import close, closes
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.navigation import Step
from fhir_gepnet.logic.form import ANY, Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Walk = Callable[[list[Any]], list[Any]]


def _misshapen(name: str) -> PatientDataError:
    return PatientDataError(f"the element {name!r} does not have the JSON shape that FHIR R4 gives it")


@closes("fhirpath.navigate")
def navigate(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: tuple of Steps. One operand: item or collection."""
    (source,) = operands
    steps: tuple[Step, ...] = form.detail
    if not isinstance(form.type, ListOf):
        return _scalar(source, steps)
    source_is_list = isinstance(form.operands[0].type, ListOf)
    leading: list[Step] = []
    rest = list(steps)
    if not source_is_list:
        while not rest[0].many and _is_plain(rest[0]):
            leading.append(rest.pop(0))
        if leading:
            source = _plain_path(source, leading)
    walks = [walk_of(step) for step in rest]
    if len(walks) == 1:
        (only,) = walks
        if source_is_list:

            def walked(frame: Frame) -> list[Any]:
                items, budget = source(frame), frame[0].budget
                if budget is not None:
                    budget.spend(len(items))
                return only(items)

            return walked
        if _is_plain(rest[0]):
            return _list_of_one(source, rest[0])

        def of_one(frame: Frame) -> list[Any]:
            item = source(frame)
            return [] if item is None else only([item])

        return of_one

    def of_many(frame: Frame) -> list[Any]:
        items = source(frame)
        if not source_is_list:
            items = [] if items is None else [items]
        budget = frame[0].budget
        for walk in walks:
            if budget is not None:
                budget.spend(len(items))
            items = walk(items)
        return items  # type: ignore[no-any-return]

    return of_many


def _is_plain(step: Step) -> bool:
    return not step.primitive and not step.typed and len(step.keys) == 1


def _list_of_one(source: Evaluate, step: Step) -> Evaluate:
    """A repeating element of one item: the record's own list, which nobody changes."""
    key = step.keys[0][0]

    def only(frame: Frame) -> list[Any]:
        item = source(frame)
        if item is None:
            return []
        try:
            found = item.get(key)
        except AttributeError:
            raise _misshapen(step.name) from None
        if found is None:
            return []
        if type(found) is not list:
            raise _misshapen(key)
        return found

    return only


def _plain_path(source: Evaluate, steps: Sequence[Step]) -> Evaluate:
    keys = tuple(step.keys[0][0] for step in steps)
    if len(keys) == 1:
        (key,) = keys

        def step_once(frame: Frame) -> Any:
            item = source(frame)
            if item is None:
                return None
            try:
                return item.get(key)
            except AttributeError:
                raise _misshapen(steps[0].name) from None

        return step_once

    def walk_down(frame: Frame) -> Any:
        item = source(frame)
        try:
            for key in keys:
                if item is None:
                    return None
                item = item.get(key)
        except AttributeError:
            raise _misshapen(".".join(keys)) from None
        return item

    return walk_down


def _scalar(source: Evaluate, steps: Sequence[Step]) -> Evaluate:
    """No step repeats: at most one item comes out."""
    plain: list[Step] = []
    for step in steps:
        if _is_plain(step):
            plain.append(step)
            continue
        if plain:
            source, plain = _plain_path(source, plain), []
        source = _last_step(source, step)
    return _plain_path(source, plain) if plain else source


def _last_step(source: Evaluate, step: Step) -> Evaluate:
    read = _reader(step)

    def one(frame: Frame) -> Any:
        item = source(frame)
        if item is None:
            return None
        try:
            return read(item)
        except AttributeError:
            raise _misshapen(step.name) from None

    return one


def _reader(step: Step) -> Callable[[Any], Any]:
    """One item -> value of an element that does not repeat."""
    if step.typed or len(step.keys) > 1:
        return _choice_reader(step)
    key, type_name = step.keys[0]
    if not step.primitive:
        return lambda item: item.get(key)
    beside = "_" + key
    keep = step.companions

    def primitive(item: Any) -> Any:
        value = item.get(key)
        if value is not None and not keep:
            if type(value) is list or type(value) is dict:
                raise _misshapen(key)
            return value
        companion = item.get(beside)
        if companion is None:
            return value
        return Element(value, type_name, companion)

    return primitive


def _choice_reader(step: Step) -> Callable[[Any], Any]:
    kinds = dict(step.keys)
    primitives = {key for key, kind in step.keys if schema.is_primitive(kind)}
    companions = {"_" + key: key for key in primitives}
    typed, keep, few = step.typed, step.companions, len(kinds) <= 12

    def choice(item: Any) -> Any:
        for key in kinds if few else [key for key in item if key in kinds]:
            value = item.get(key)
            if value is not None:
                companion = item.get("_" + key) if keep and key in primitives else None
                if typed or companion is not None:
                    return Element(value, kinds[key], companion)
                return value
        for beside, key in companions.items():
            if beside in item:
                return Element(None, kinds[key], item[beside])
        return None

    return choice


def resources_of_type(form: Form, source: Evaluate, name: str, program: Program) -> Evaluate:
    """Resources of one type among the items of a form; its last step is fused with the choice."""
    shorter = _without_last_step(form)
    if shorter is None:

        def chosen(frame: Frame) -> list[Any]:
            items = source(frame)
            spend(frame, len(items))
            return [item for item in items if type(item) is dict and item.get("resourceType") == name]

        return chosen
    return _stepped(close(shorter, program), form.detail[-1], name)


def _without_last_step(form: Form) -> Form | None:
    """The path before its last step, when that is a plain one from many items."""
    if form.operator != "fhirpath.navigate":
        return None
    (source,), (*before, last) = form.operands, form.detail
    if last.many or not _is_plain(last):
        return None
    if not before:
        return source if isinstance(source.type, ListOf) else None
    if not isinstance(source.type, ListOf) and not any(step.many for step in before):
        return None
    return Form("fhirpath.navigate", ListOf(ANY), form.operands, tuple(before), form.at)


def _stepped(source: Evaluate, step: Step, name: str) -> Evaluate:
    key = step.keys[0][0]

    def stepped(frame: Frame) -> list[Any]:
        items, budget = source(frame), frame[0].budget
        if budget is not None:
            budget.spend(len(items))
        try:
            return [
                found
                for item in items
                if (found := item.get(key)) is not None and found.get("resourceType") == name
            ]
        except AttributeError:
            raise _misshapen(step.name) from None

    return stepped


def walk_of(step: Step) -> Walk:
    """Items -> items of one element."""
    if not _is_plain(step):
        return _primitive_walk(step) if step.many else _reading_walk(step)
    key = step.keys[0][0]
    if not step.many:

        def single(items: list[Any]) -> list[Any]:
            try:
                return [found for item in items if (found := item.get(key)) is not None]
            except AttributeError:
                raise _misshapen(step.name) from None

        return single

    def repeating(items: list[Any]) -> list[Any]:
        out: list[Any] = []
        for item in items:
            try:
                found = item.get(key)
            except AttributeError:
                raise _misshapen(step.name) from None
            if found is not None:
                if type(found) is not list:
                    raise _misshapen(key)
                out += found
        return out

    return repeating


def _reading_walk(step: Step) -> Walk:
    read = _reader(step)

    def walk(items: list[Any]) -> list[Any]:
        try:
            return [found for item in items if (found := read(item)) is not None]
        except AttributeError:
            raise _misshapen(step.name) from None

    return walk


def _primitive_walk(step: Step) -> Walk:
    """A repeating primitive: nulls in its array hold the place of extensions in ``_key``."""
    key, type_name = step.keys[0]
    beside, keep = "_" + key, step.companions

    def walk(items: list[Any]) -> list[Any]:
        out: list[Any] = []
        for item in items:
            try:
                found, companions = item.get(key), item.get(beside)
            except AttributeError:
                raise _misshapen(step.name) from None
            if found is None and companions is None:
                continue
            if companions is None and type(found) is list:
                out += found if None not in found else [value for value in found if value is not None]
                continue
            out += _with_companions(found or [], companions or [], type_name, keep, key)
        return out

    return walk


def _with_companions(found: Any, companions: Any, type_name: str, keep: bool, key: str) -> list[Any]:
    if type(found) is not list or type(companions) is not list:
        raise _misshapen(key)
    out: list[Any] = []
    for position in range(max(len(found), len(companions))):
        value = found[position] if position < len(found) else None
        companion = companions[position] if position < len(companions) else None
        if value is None and companion is None:
            continue
        out.append(
            value
            if companion is None or (value is not None and not keep)
            else Element(value, type_name, companion)
        )
    return out


@closes("fhirpath.slot")
def slot(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: number of the slot."""
    number = form.detail
    return lambda frame: frame[number]


@closes("fhirpath.variable")
def variable(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (name, slot) of a variable that the caller has to give."""
    name, number = form.detail
    at = form.at

    def read(frame: Frame) -> Any:
        found = frame[number]
        if found is None:
            raise EvaluationError(at, f"no value was given for %{name}", f"hand in {name}=…, [] for nothing")
        return found

    return read


@closes("fhirpath.patient")
def patient(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The patient of the record."""

    def read(frame: Frame) -> Any:
        environment: Environment = frame[0]
        return environment.record.patient if environment.record is not None else None

    return read


@closes("fhirpath.retrieve")
def retrieve(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: resource type; all resources of that type in the record."""
    resource_type = form.detail

    def read(frame: Frame) -> list[Any]:
        environment: Environment = frame[0]
        return [] if environment.record is None else environment.record.of_type(resource_type)

    return read


@closes("fhirpath.tuple_element")
def tuple_element(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: element name."""
    (source,), name = operands, form.detail
    if isinstance(form.type, ListOf):
        return lambda frame: [found for item in source(frame) if (found := item.get(name)) is not None]

    def one(frame: Frame) -> Any:
        item = source(frame)
        return None if item is None else item.get(name)

    return one
