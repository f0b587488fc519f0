"""Emitters of choice elements: ``value[x]`` as what it is, without a ``Chosen`` where none is needed."""

from __future__ import annotations

from fhir_gepnet.logic.form import Chosen, Form
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer

FEW = 6
"""JSON keys of a choice element that are asked one after the other in one expression."""


@emits("elm.ChoiceKeys")
def choice_of_type(form: Form, writer: Writer) -> str:
    """A choice element as one type: the first of its JSON keys that holds something."""
    keys: tuple[str, ...] = form.detail
    (source,) = form.operands
    if not 0 < len(keys) <= FEW:
        return writer.called(form)
    if len(keys) == 1:
        key = writer.word(keys[0])
        return writer.unless_null(source, lambda held: f"{held}.get({key})")
    held = writer.kept(writer.emit(source))
    *firsts, last = map(writer.word, keys)
    found = f"{held}.get({last})"
    for key in reversed(firsts):
        value = writer.local()
        found = f"({value} if ({value} := {held}.get({key})) is not None else {found})"
    return found if writer.never_null(source) else f"(None if {held} is None else {found})"


def _chosen(form: Form, writer: Writer) -> tuple[str, str]:
    """Locals of the value and of the type name of a choice; both None of null."""
    value, name = writer.local(), writer.local()
    if form.operator != "elm.ChoiceProperty":
        held = writer.kept(writer.emit(form))
        writer.line(f"{value}, {name} = (None, None) if {held} is None else {held}")
        return value, name
    (source,) = form.operands
    pairs = writer.constant(tuple((key, "{http://hl7.org/fhir}" + of) for key, of in form.detail))
    held, key = writer.kept(writer.emit(source)), writer.local()
    writer.line(f"{value} = None")
    walked = pairs if writer.never_null(source) else f"() if {held} is None else {pairs}"
    with writer.block(f"for {key}, {name} in {walked}:", loop=True):
        writer.line(f"{value} = {held}.get({key})")
        writer.line(f"if {value} is not None: break")
    return value, name


@emits("elm.ChoiceProperty")
def choice(form: Form, writer: Writer) -> str:
    """A choice element as ``Chosen``."""
    value, name = _chosen(form, writer)
    return f"(None if {value} is None else {writer.constant(Chosen)}({value}, {name}))"


@emits("elm.AsChosen")
def as_chosen(form: Form, writer: Writer) -> str:
    """The value of a choice that is of one of these types."""
    value, name = _chosen(form.operands[0], writer)
    return f"({value} if {value} is not None and {name} in {writer.constant(form.detail)} else None)"


@emits("elm.IsChosen")
def is_chosen(form: Form, writer: Writer) -> str:
    """Whether a choice is of one of these types."""
    value, name = _chosen(form.operands[0], writer)
    return f"({value} is not None and {name} in {writer.constant(form.detail)})"


@emits("elm.PropertyOfChoice")
def element_of_choice(form: Form, writer: Writer) -> str:
    """An element of a choice, read as its type says."""
    source, *readers = form.operands
    number, keys = form.detail
    chosen, name = _chosen(source, writer)
    found = writer.local()
    writer.line(f"{found} = None")
    with writer.block(f"if {chosen} is not None:"), writer.holding(number, sure=True) as value:
        writer.line(f"{value} = {chosen}")
        word = "if"
        for key, reader in zip(keys, readers, strict=True):
            with writer.block(f"{word} {name} == {writer.constant(key)}:"):
                writer.line(f"{found} = {writer.emit(reader)}")
            word = "elif"
    return found
