"""Emitters of FHIRPath paths, of types on the way, and of what is read from primitive elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from fhir_gepnet.logic.closures.fhirpath_items import reader_of
from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.fhirpath.navigation import Step
from fhir_gepnet.logic.form import ANY, BOOLEAN, STRING, Form, ListOf, Type
from fhir_gepnet.logic.source.fhirpath_walks import Read, each, gathered
from fhir_gepnet.logic.source.registry import Put, emits, walks
from fhir_gepnet.logic.source.writer import Writer

MOST_STEPS = 6
"""Repeating steps that one path may have as loops; a longer path is a closure."""

NO_SCALAR = frozenset((type(None), list, dict))
"""Types of JSON in the place of a primitive that need a second look: absent, or misshapen."""

OF_ONE_TYPE: dict[Type, type] = {STRING: str, BOOLEAN: bool}
"""System types whose values are in JSON as they are."""


def is_plain(step: Step) -> bool:
    """Whether the JSON key alone gives the items."""
    return not step.primitive and not step.typed and len(step.keys) == 1


def is_scalar_key(step: Step) -> bool:
    """Whether one JSON key holds the primitive, or the array of primitives."""
    return step.primitive and not step.typed and len(step.keys) == 1


def part(form: Form, kind: Type, writer: Writer) -> str:
    """The closure of one operator whose operand is an item: to be called with ``[scope, item]``."""
    slot = Form("fhirpath.slot", kind, (), 1, form.at)
    return writer.constant(
        close(Form(form.operator, form.type, (slot,), form.detail, form.at), cast(Any, None))
    )


def step_part(form: Form, step: Step, writer: Writer, *, many: bool) -> str:
    """The closure of one step from an item."""
    kind: Type = ListOf(ANY) if many else ANY
    return part(Form("fhirpath.navigate", kind, (), (step,), form.at), ANY, writer)


@emits("fhirpath.slot")
def slot(form: Form, writer: Writer) -> str:
    """``detail``: number of the slot."""
    return writer.names[form.detail]


@emits("fhirpath.literal")
def literal(form: Form, writer: Writer) -> str:
    """``detail``: the value; None with a list type is the empty collection."""
    if isinstance(form.type, ListOf):
        return writer.constant([] if form.detail is None else [form.detail])
    return writer.constant(form.detail)


@emits("fhirpath.patient")
def patient(form: Form, writer: Writer) -> str:
    """The patient of the record; without a record the closures know."""
    return "scope.record.patient"


@emits("fhirpath.retrieve")
def retrieve(form: Form, writer: Writer) -> str:
    """``detail``: resource type."""
    return f"scope.record.of_type({writer.word(form.detail)})"


@walks("fhirpath.looked_up")
def walk_looked_up(form: Form, writer: Writer, put: Put) -> None:
    """``detail``: (Lookup, slot)."""
    _, found = form.operands
    number = _look_up(form, writer)
    with writer.holding(number):
        each(found, writer, put)


@emits("fhirpath.looked_up")
def looked_up(form: Form, writer: Writer) -> str:
    """The form on what was found; where the record cannot be looked up the closures walk it."""
    if isinstance(form.type, ListOf) and form.operands[1].operator != "fhirpath.slot":
        return gathered(form, writer)
    number = _look_up(form, writer)
    with writer.holding(number):
        return writer.emit(form.operands[1])


def _look_up(form: Form, writer: Writer) -> int:
    lookup, number = form.detail
    writer.line(f"s{number} = scope.record.looked_up({writer.constant(lookup)})")
    writer.line(f"if s{number} is None: raise LookupError")
    return int(number)


@walks("fhirpath.navigate")
def walk_path(form: Form, writer: Writer, put: Put) -> None:
    """``detail``: tuple of Steps."""
    (source,) = form.operands
    each(source, writer, lambda item: walk_steps(form, item, form.detail, writer, put))


@emits("fhirpath.navigate")
def path(form: Form, writer: Writer) -> str:
    """A path as a list, or as one item or null."""
    (source,), steps = form.operands, form.detail
    if not isinstance(form.type, ListOf):
        return chain(source, [_getter(form, step, writer) for step in steps], writer)
    if sum(step.many for step in steps) > MOST_STEPS:
        return writer.closed(form)
    return gathered(form, writer)


def chain(source: Form, reads: Sequence[Read], writer: Writer) -> str:
    """Reads one after the other; null of null."""
    start = writer.emit(source)
    if source.operator == "fhirpath.slot":
        return _chained(reads[0](start), reads[1:], writer)
    return _chained(start, reads, writer)


def _chained(value: str, reads: Sequence[Read], writer: Writer) -> str:
    if not reads:
        return value
    first, again = writer.twice(value)
    return f"(None if {first} is None else {_chained(reads[0](again), reads[1:], writer)})"


def _getter(form: Form, step: Step, writer: Writer) -> Read:
    if is_plain(step):
        return lambda item: f"{item}.get({writer.word(step.keys[0][0])})"
    run = step_part(form, step, writer, many=False)
    return lambda item: f"{run}([scope, {item}])"


def walk_steps(
    form: Form, item: str, steps: Sequence[Step], writer: Writer, put: Put, read: Form | None = None
) -> None:
    """The items of a path from an item; ``read`` is the ``fhirpath.system`` that takes their values."""
    conditions: list[str] = []
    for position, step in enumerate(steps):
        if not is_plain(step):
            break
        found = writer.local()
        conditions.append(f"({found} := {item}.get({writer.word(step.keys[0][0])})) is not None")
        item = found
        if step.many:
            with writer.block(f"if {' and '.join(conditions)}:"):
                writer.line(f"if type({item}) is not list: raise TypeError")
                inner = writer.local()
                with writer.block(f"for {inner} in {item}:", loop=True):
                    walk_steps(form, inner, steps[position + 1 :], writer, put, read)
            return
    else:
        position = len(steps)
    rest = steps[position:]
    if not conditions:
        _last_steps(form, item, rest, writer, put, read)
        return
    with writer.block(f"if {' and '.join(conditions)}:"):
        _last_steps(form, item, rest, writer, put, read)


def _last_steps(
    form: Form, item: str, steps: Sequence[Step], writer: Writer, put: Put, read: Form | None
) -> None:
    """From a step that is not plain on: a primitive, or a choice."""
    if not steps:
        put(item)
        return
    step, *rest = steps
    if read is not None and not rest:
        _read_values(form, item, step, writer, put, read)
    elif is_scalar_key(step) and not rest:
        _walk_scalars(form, item, step, writer, put)
    else:
        found = writer.local()
        run = step_part(form, step, writer, many=step.many)
        if step.many:
            head = f"for {found} in {run}([scope, {item}]):"
        else:
            head = f"if ({found} := {run}([scope, {item}])) is not None:"
        with writer.block(head, loop=step.many):
            walk_steps(form, found, rest, writer, put, read)


def _walk_scalars(form: Form, item: str, step: Step, writer: Writer, put: Put) -> None:
    """A primitive, or a list of them, as FHIR items: with what stands beside in ``_key``."""
    run = step_part(form, step, writer, many=step.many)
    if step.many:
        inner = writer.local()
        with writer.block(f"for {inner} in {_scalars(run, item, step, writer)}:", loop=True):
            put(inner)
        return
    found = writer.local()
    if step.companions:
        writer.line(f"{found} = {run}([scope, {item}])")
    else:
        writer.line(f"{found} = {item}.get({writer.word(step.keys[0][0])})")
        writer.line(f"if type({found}) in {writer.constant(NO_SCALAR)}: {found} = {run}([scope, {item}])")
    with writer.block(f"if {found} is not None:"):
        put(found)


def _scalars(run: str, item: str, step: Step, writer: Writer) -> str:
    """The list of a repeating primitive; as it is when it has no nulls and nothing stands beside it."""
    found, key = writer.local(), step.keys[0][0]
    writer.line(f"{found} = {item}.get({writer.word(key)})")
    beside = f"{item}.get({writer.word('_' + key)}) is not None"
    with writer.block(f"if type({found}) is not list or None in {found} or {beside}:"):
        writer.line(f"{found} = {run}([scope, {item}])")
    return found


def _read_values(form: Form, item: str, step: Step, writer: Writer, put: Put, read: Form) -> None:
    """The System values of a primitive, or of a list of them; what cannot be read drops out."""
    value = writer.local()
    if not step.many:
        writer.line(f"{value} = {_value_of(form, item, step, writer, read)}")
        with writer.block(f"if {value} is not None:"):
            put(value)
        return
    change = part(_of_one(read), ANY, writer)
    values = _scalars(step_part(form, step, writer, many=True), item, step, writer)
    kind = OF_ONE_TYPE.get(_of_one(read).type)
    with writer.block(f"for {value} in {values}:", loop=True):
        test = "" if kind is None else f"if type({value}) is not {writer.constant(kind)}: "
        writer.line(f"{test}{value} = {change}([scope, {value}])")
        with writer.block(f"if {value} is not None:"):
            put(value)


def _of_one(read: Form) -> Form:
    """The reading of one item."""
    kind = read.type.element if isinstance(read.type, ListOf) else read.type
    return Form(read.operator, kind, (), read.detail, read.at)


def _value_of(form: Form, item: str, step: Step, writer: Writer, read: Form) -> str:
    """The System value of a primitive of an item that stands in a local, or null."""
    single = _of_one(read)
    navigated = Form(
        "fhirpath.navigate", ANY, (Form("fhirpath.slot", ANY, (), 1, form.at),), (step,), form.at
    )
    run = writer.constant(
        close(Form(single.operator, single.type, (navigated,), single.detail, single.at), cast(Any, None))
    )
    value, kind = writer.local(), OF_ONE_TYPE.get(single.type)
    key = writer.word(step.keys[0][0])
    if kind is not None:
        fits = f"type({value} := {item}.get({key})) is {writer.constant(kind)}"
        return f"({value} if {fits} else {run}([scope, {item}]))"
    convert = writer.constant(reader_of(single.detail))
    misfits = f"type({value} := {item}.get({key})) in {writer.constant(NO_SCALAR)}"
    return f"({run}([scope, {item}]) if {misfits} else {convert}({value}))"


def _reads_scalar(form: Form) -> bool:
    """Whether a reading is that of the primitive at the end of a path."""
    (source,) = form.operands
    return bool(form.detail) and source.operator == "fhirpath.navigate" and is_scalar_key(source.detail[-1])


@walks("fhirpath.system")
def walk_values(form: Form, writer: Writer, put: Put) -> None:
    """``detail``: FHIR type, "" when the items tell."""
    (source,) = form.operands
    if _reads_scalar(form):
        (start,) = source.operands
        each(start, writer, lambda item: walk_steps(source, item, source.detail, writer, put, form))
        return
    change = part(_of_one(form), ANY, writer)

    def changed(item: str) -> None:
        value = writer.local()
        with writer.block(f"if ({value} := {change}([scope, {item}])) is not None:"):
            put(value)

    each(source, writer, changed)


@emits("fhirpath.system")
def system(form: Form, writer: Writer) -> str:
    """The System value of an item, or the list of those of a collection."""
    if isinstance(form.type, ListOf):
        return gathered(form, writer)
    (source,) = form.operands
    if _reads_scalar(form):
        *steps, last = source.detail
        reads: list[Read] = [_getter(source, step, writer) for step in steps]
        reads.append(lambda item: _value_of(source, item, last, writer, form))
        return chain(source.operands[0], reads, writer)
    change = part(_of_one(form), ANY, writer)
    return writer.unless_null(source, lambda value: f"{change}([scope, {value}])")


@walks("fhirpath.of_type")
def walk_of_type(form: Form, writer: Writer, put: Put) -> None:
    """``detail``: (FHIR type names, whether they are resources)."""
    (source,), (names, resources) = form.operands, form.detail
    if not resources:
        _walk_elements(form, writer, put)
        return
    wanted = writer.word(*names) if len(names) == 1 else writer.constant(names)
    test = "==" if len(names) == 1 else "in"
    # The closures take a step before the choice together with it, and look at no other item's shape.
    sure = len(names) == 1 and _ends_plainly(source)

    def chosen(item: str) -> None:
        told = f"{item}.get('resourceType') {test} {wanted}"
        with writer.block(f"if {told}:" if sure else f"if type({item}) is dict and {told}:"):
            put(item)

    each(source, writer, chosen)


def _ends_plainly(form: Form) -> bool:
    if form.operator != "fhirpath.navigate":
        return False
    *before, last = form.detail
    many = isinstance(form.operands[0].type, ListOf) or any(step.many for step in before)
    return not last.many and is_plain(last) and many


def _walk_elements(form: Form, writer: Writer, put: Put) -> None:
    run = part(Form(form.operator, ANY, (), form.detail, form.at), ANY, writer)

    def chosen(item: str) -> None:
        found = writer.local()
        with writer.block(f"if ({found} := {run}([scope, {item}])) is not None:"):
            put(found)

    each(form.operands[0], writer, chosen)


@emits("fhirpath.of_type")
def of_type(form: Form, writer: Writer) -> str:
    """Items of a type, as a list, or one item or null."""
    if isinstance(form.type, ListOf):
        return gathered(form, writer)
    run = part(form, form.operands[0].type, writer)
    return f"{run}([scope, {writer.emit(form.operands[0])}])"
