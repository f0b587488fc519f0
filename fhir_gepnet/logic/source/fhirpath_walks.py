"""Walks: one nest of loops for a chain of FHIRPath collections, without lists in between.

Closures finish one collection before they begin the next; a walk takes each item through all of
them. Where data break, a walk may therefore meet another error first. That is why generated code only
has to break whenever the closures break: the expression is then evaluated again by them, and
their error is the one that is told (``fhirpath_back_end.py``). It may even break where they do not.
What it must never do is to leave out an evaluation that could break.
"""

from __future__ import annotations

from collections.abc import Callable

from fhir_gepnet.logic.form import Form, ListOf
from fhir_gepnet.logic.source.registry import Put, emits, walker_of, walks
from fhir_gepnet.logic.source.writer import DEEPEST, Writer

TALLEST = 10
"""Blocks that one walk may nest; the part of a longer chain that comes first is a list."""
LOOPS = 14
"""Loops in each other, those of the walk included; Python takes 20 blocks."""

WALKED = (
    "fhirpath.navigate",
    "fhirpath.where",
    "fhirpath.select",
    "fhirpath.of_type",
    "fhirpath.collection",
    "fhirpath.system",
    "fhirpath.looked_up",
)
"""Operators whose collections are walked; each has a walker in the files beside."""


def each(form: Form, writer: Writer, put: Put) -> None:
    """Write what ``put`` writes for each item of a form, in order; an item that is not there is none.

    An item may be null where an array of the JSON holds a null.
    """
    if not isinstance(form.type, ListOf):
        item = writer.kept(writer.emit(form))
        if form.operator == "fhirpath.slot":
            put(item)  # the item of a loop, or the root
            return
        with writer.block(f"if {item} is not None:"):
            put(item)
        return
    walk = walker_of(form.operator)
    height = _height(form)
    if (
        walk is not None
        and height <= TALLEST
        and writer.indentation <= DEEPEST
        and writer.loops + height <= LOOPS
    ):
        walk(form, writer, put)
        return
    loop(writer.split_off(form) if walk is not None else writer.emit(form), writer, put)


def loop(items: str, writer: Writer, put: Put) -> None:
    """A loop over an expression for a list. An evaluation with a budget runs closures, which ask it."""
    item = writer.local()
    with writer.block(f"for {item} in {items}:", loop=True):
        put(item)


def _height(form: Form) -> int:
    """Blocks that the walk of a form nests at most."""
    height = 0
    while form.operator in WALKED and isinstance(form.type, ListOf):
        if form.operator == "fhirpath.navigate":
            height += 1 + sum(step.many for step in form.detail)
        elif form.operator == "fhirpath.looked_up":
            form = form.operands[1]
            continue
        else:
            height += 1
        form = form.operands[0]
    return height


@emits("fhirpath.where", "fhirpath.select", "fhirpath.collection")
def gathered(form: Form, writer: Writer) -> str:
    """The list of what a walk meets."""
    found = writer.local()
    writer.line(f"{found} = []")
    walk = walker_of(form.operator)
    if walk is None:
        raise RuntimeError(f"{form.operator} has no walker")
    walk(form, writer, lambda item: writer.line(f"{found}.append({item})"))
    return found


@walks("fhirpath.collection")
def collection(form: Form, writer: Writer, put: Put) -> None:
    """At most one item."""
    item = writer.kept(writer.emit(form.operands[0]))
    with writer.block(f"if {item} is not None:"):
        put(item)


@walks("fhirpath.where")
def where(form: Form, writer: Writer, put: Put) -> None:
    """``where(criteria)``; ``detail``: Slots."""
    source, criterion = form.operands

    def kept(_: str) -> None:
        with writer.block(f"if {writer.test(criterion)}:"):
            put(writer.names[form.detail.this])

    per_item(form, source, writer, kept)


def per_item(form: Form, source: Form, writer: Writer, put: Put) -> None:
    """A walk whose items stand in the slots of a criterion or projection."""
    this, index = form.detail
    if index:
        writer.line(f"s{index} = -1")

    def held(item: str) -> None:
        writer.line(f"s{this} = {item}")
        with writer.holding(this) as name:
            if not index:
                put(name)
                return
            with writer.holding(index) as position:
                writer.line(f"{position} += 1")
                put(name)

    each(source, writer, held)


@walks("fhirpath.select")
def select(form: Form, writer: Writer, put: Put) -> None:
    """``select(projection)``; ``detail``: Slots."""
    source, projection = form.operands
    per_item(form, source, writer, lambda _: _projected(projection, writer, put))


def _projected(projection: Form, writer: Writer, put: Put) -> None:
    if projection.operator == "fhirpath.slot" and not isinstance(projection.type, ListOf):
        item = writer.kept(writer.emit(projection))
        with writer.block(f"if {item} is not None:"):
            put(item)
        return
    each(projection, writer, put)


@emits("fhirpath.exists_where")
def exists_where(form: Form, writer: Writer) -> str:
    """``exists(criteria)``: the criterion is not asked again once it was true."""
    source, criterion = form.operands
    found = writer.local()
    writer.line(f"{found} = False")
    stops = is_one_list(source)

    def asked(_: str) -> None:
        with writer.block(f"if {writer.test(criterion)}:"):
            writer.line(f"{found} = True")
            if stops:
                writer.line("break")

    per_item(form, source, writer, asked if stops else _unless(f"not {found}", writer, asked))
    return found


@emits("fhirpath.all")
def all_items(form: Form, writer: Writer) -> str:
    """``all(criteria)``: the criterion is not asked again once it was not true."""
    source, criterion = form.operands
    every = writer.local()
    writer.line(f"{every} = True")
    stops = is_one_list(source)

    def asked(_: str) -> None:
        with writer.block(f"if not {writer.test(criterion)}:"):
            writer.line(f"{every} = False")
            if stops:
                writer.line("break")

    per_item(form, source, writer, asked if stops else _unless(every, writer, asked))
    return every


def _unless(condition: str, writer: Writer, put: Put) -> Put:
    def guarded(item: str) -> None:
        with writer.block(f"if {condition}:"):
            put(item)

    return guarded


def is_one_list(form: Form) -> bool:
    """Whether the walk is one loop over a list that is there before: leaving it leaves nothing out."""
    if not isinstance(form.type, ListOf):
        return False
    if form.operator == "fhirpath.navigate":
        *before, last = form.detail
        source = form.operands[0]
        plain = not last.primitive and not last.typed and len(last.keys) == 1
        return (
            last.many
            and plain
            and not isinstance(source.type, ListOf)
            and not any(step.many for step in before)
        )
    return form.operator not in WALKED


Read = Callable[[str], str]
"""An expression for the item -> an expression for what is read from it, which may be null."""
