"""Writes the Python functions of one load: locals, constants, blocks, and the way back to closures.

No name of a library gets into the text: locals are numbered (``s`` what a slot holds, ``t``
everything else), and whatever a library says is a numbered global (``k``), except names of elements,
which are literals as ``ascii`` writes them. Generated functions
have only these names besides ``scope``, ``m`` (its memo) and ``X`` (not computed); ``d`` is a
definition, ``f`` a library's function, ``g`` a part of either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.closures.registry import close
from fhir_gepnet.logic.definitions import Definition
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import MISSING
from fhir_gepnet.logic.source.knowledge import Knowledge
from fhir_gepnet.logic.source.registry import emitter_of, finisher_of, tester_of

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Line = tuple[int, str]
"""Indentation and text."""

LONGEST = 160
"""Characters of an expression; a longer one is put into a local."""
DEEPEST = 24
"""Indentation of a block; what is deeper becomes a function of its own."""
LOOPS = 12
"""Loops in each other; Python takes 20 blocks."""

SHORT = 40
"""Characters of a text that is written as a literal."""

_ATOM = re.compile(r"[kst]\d+|None|True|False|scope|\(\)")


@dataclass(slots=True)
class Module:
    """What all generated functions of one load share: their globals."""

    program: Program
    knowledge: Knowledge
    names: dict[str, Any] = field(default_factory=lambda: {"X": MISSING})
    slots: dict[Any, int] = field(default_factory=dict)
    outlined: int = 0
    _constants: dict[tuple[type, object], str] = field(default_factory=dict)

    def constant(self, value: Any) -> str:
        """The name under which generated code finds a value."""
        if value is None or value is True or value is False:
            return str(value)
        # By identity, but for texts: 1.0 and 1.00 are equal and not the same.
        key = (type(value), value if type(value) is str else id(value))
        name = self._constants.get(key)
        if name is None:
            name = self._constants[key] = f"k{len(self._constants)}"
            self.names[name] = value
        return name

    def slot_of(self, of: Any) -> int:
        """One slot of ``scope.memo`` for everything that asks the same."""
        if of not in self.slots:
            self.slots[of] = self.program.new_slot()
        return self.slots[of]


@dataclass(slots=True)
class Writer:
    """One function being written, with the functions that were split off from it.

    Attributes:
        names: the local of each slot of the frame that is visible here.
        size: slots of the frame that a closure gets.
        definition: the one whose function this is, None in a function of a library or a part.
        sure: slots that certainly do not hold null.
        written: lines of finished functions.
    """

    module: Module
    names: dict[int, str]
    size: int
    definition: Definition | None = None
    sure: set[int] = field(default_factory=set)
    written: list[Line] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    indentation: int = 1
    loops: int = 0
    locals: int = 0

    # Forms

    def emit(self, form: Form) -> str:
        """Write what the form needs; an expression for its value, to be used once and at once."""
        emitter = emitter_of(form.operator)
        if emitter is None:
            return self.closed(form)
        if form.operands and (self.indentation > DEEPEST or self.loops > LOOPS):
            return self.split_off(form)
        expression = emitter(form, self)
        return self.kept(expression) if len(expression) > LONGEST else expression

    def test(self, form: Form) -> str:
        """Write what the form needs; a condition that holds when its value is true."""
        tester = tester_of(form.operator)
        if tester is not None and self.indentation <= DEEPEST and self.loops <= LOOPS:
            condition = tester(form, self)
            return self.kept(condition) if len(condition) > LONGEST else condition
        value = self.emit(form)
        return value if self.module.knowledge.is_truth(form) else f"({value} is True)"

    def operands(self, forms: Sequence[Form]) -> list[str]:
        """Expressions of several forms, evaluated in this order."""
        found: list[str] = []
        for form in forms:
            expression, lines = self.apart(lambda form=form: self.emit(form))  # type: ignore[misc]
            if lines:
                found = [self.kept(each) for each in found]
                self.lines += lines
            found.append(expression)
        return found

    def tail(self, form: Form) -> None:
        """Write the end of a function: it returns the form's value."""
        finish = finisher_of(form.operator)
        if finish is not None:
            finish(form, self)
        else:
            self.give(self.emit(form))

    def give(self, expression: str) -> None:
        """Write the return of a value; a definition puts it into its slot of the memo."""
        if self.definition is None:
            self.line(f"return {expression}")
        elif _ATOM.fullmatch(expression):
            self.line(f"m[{self.definition.slot}] = {expression}")
            self.line(f"return {expression}")
        else:
            value = self.local()
            self.line(f"{value} = m[{self.definition.slot}] = {expression}")
            self.line(f"return {value}")

    def never_null(self, form: Form) -> bool:
        """Whether the value is certainly not null."""
        if form.operator == "elm.SlotRef" and form.detail in self.sure:
            return True
        return self.module.knowledge.never_null(form)

    def constant(self, value: Any) -> str:
        """The name of a value that is known while loading."""
        return self.module.constant(value)

    def word(self, text: str) -> str:
        """A text that is written as a literal: the name of an element, which is asked at every step.

        Python reads a literal from the code itself; a global is one more place in memory to go to.
        """
        return ascii(text) if len(text) <= SHORT else self.constant(text)

    # Locals and lines

    def local(self) -> str:
        """A new local."""
        self.locals += 1
        return f"t{self.locals}"

    def line(self, text: str) -> None:
        """One line at this indentation."""
        self.lines.append((self.indentation, text))

    def kept(self, expression: str) -> str:
        """The expression as a local, or as it is when it is one."""
        if _ATOM.fullmatch(expression):
            return expression
        name = self.local()
        self.line(f"{name} = {expression}")
        return name

    def twice(self, expression: str) -> tuple[str, str]:
        """How to read a value the first time and the second time."""
        if _ATOM.fullmatch(expression):
            return expression, expression
        name = self.local()
        return f"({name} := {expression})", name

    def unless_null(self, form: Form, then: Callable[[str], str]) -> str:
        """An expression that is null of null, else what ``then`` makes of the value."""
        value = self.emit(form)
        if self.never_null(form):
            return then(value)
        first, again = self.twice(value)
        return f"(None if {first} is None else {then(again)})"

    # Blocks

    def apart(self, write: Callable[[], str], deeper: int = 0) -> tuple[str, list[Line]]:
        """An expression, with its lines not yet written."""
        before, self.lines = self.lines, []
        self.indentation += deeper
        try:
            expression = write()
            return expression, self.lines
        finally:
            self.lines = before
            self.indentation -= deeper

    @contextmanager
    def block(self, head: str, loop: bool = False) -> Iterator[None]:
        """What is written within stands under the head."""
        self.line(head)
        self.indentation += 1
        self.loops += loop
        yield
        self.indentation -= 1
        self.loops -= loop

    @contextmanager
    def holding(self, slot: int, sure: bool = False) -> Iterator[str]:
        """Within, a slot of the frame is a local; its name. ``sure``: it is not null."""
        self.names[slot] = f"s{slot}"
        if sure:
            self.sure.add(slot)
        yield f"s{slot}"
        del self.names[slot]
        self.sure.discard(slot)

    # Other functions

    def split_off(self, form: Form) -> str:
        """A call of a function of its own for the form."""
        self.module.outlined += 1
        name = f"g{self.module.outlined}"
        slots = sorted(slots_read(form) & set(self.names))
        names = {slot: f"s{slot}" for slot in slots}
        inner = Writer(self.module, names, self.size, sure=self.sure & set(slots))
        inner.tail(form)
        given = "".join(f", s{slot}" for slot in slots)
        self.written += inner.function(f"{name}(scope{given})")
        return f"{name}({', '.join(['scope', *(self.names[slot] for slot in slots)])})"

    def function(self, head: str) -> list[Line]:
        """All lines of the finished function, after those of the functions split off from it."""
        memo = [(1, "m = scope.memo")] if any("m[" in text for _, text in self.lines) else []
        if any(" is X" in text for _, text in self.lines):
            head = head.removesuffix(")") + ", X=X)"  # a local is nearer than a global
        return [*self.written, (0, f"def {head}:"), *memo, *self.lines]

    # Closures

    def closed(self, form: Form) -> str:
        """A call of the form's closure, with a frame of the slots that it reads."""
        run = self.constant(close(form, self.module.program))
        read = slots_read(form)
        frame = [self.names.get(slot, "None") if slot in read else "None" for slot in range(1, self.size)]
        return f"{run}([{', '.join(['scope', *frame])}])"

    def called(self, form: Form) -> str:
        """A call of the operator's closure, its operands as far as they vary written here."""
        varying = [operand for operand in form.operands if operand.operator != "elm.Literal"]
        numbers = iter(range(1, len(varying) + 1))
        operands = tuple(
            operand
            if operand.operator == "elm.Literal"
            else Form("elm.SlotRef", operand.type, (), next(numbers), operand.at)
            for operand in form.operands
        )
        run = self.constant(
            close(Form(form.operator, form.type, operands, form.detail, form.at), self.module.program)
        )
        return f"{run}([{', '.join(['scope', *self.operands(varying)])}])"


def slots_read(form: Form) -> set[int]:
    """The slots of the frame that a form reads, of itself or of what it calls in place."""
    found: set[int] = set()
    waiting = [form]
    while waiting:
        each = waiting.pop()
        if each.operator in ("elm.SlotRef", "fhirpath.slot"):
            found.add(each.detail)
        elif each.operator == "fhirpath.variable":
            found.add(each.detail[1])
        waiting.extend(each.operands)
    return found
