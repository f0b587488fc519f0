"""The second back end: Python source from the typed form, one module per library.

Every definition becomes a function of the scope, every library function one of the scope and
its arguments. Where an operator has no emitter, its closure is called with a frame. The closures
are the oracle: both must give the same values and the same errors.
"""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.logic.definitions import FAILURES, Definition, Function, nests_too_deeply, not_carried_out
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.recursion import counted, recursive_functions
from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.logic.source import (
    choices,
    comparison,
    computed,
    lists,
    logical,
    queries,
    references,
    strict,
    structures,
)
from fhir_gepnet.logic.source.knowledge import Knowledge
from fhir_gepnet.logic.source.writer import Line, Module, Writer

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

CHAPTERS = (choices, comparison, computed, lists, logical, queries, references, strict, structures)
"""The files whose import registers the emitters."""

DEEPEST = 80
"""Forms in each other; what nests deeper runs as closures."""


def write_source(
    units: Sequence[Definition | Function], program: Program, problems: list[GepnetError]
) -> None:
    """Give every unit its generated function; what cannot be compiled is added to the problems."""
    module = Module(program, Knowledge(program))
    by_library: dict[str, list[Definition | Function]] = {}
    for unit in units:
        by_library.setdefault(unit.library, []).append(unit)
    texts: dict[str, list[Line]] = {}
    for library, held in by_library.items():
        texts[library] = []
        for unit in held:
            try:
                texts[library] += _unit(unit, module)
            except GepnetError as problem:
                problems.append(problem)
            except RecursionError:
                problems.append(nests_too_deeply(unit.library, unit.name))
            except FAILURES as error:
                problems.append(not_carried_out(unit, error))
    if problems:
        return
    for library, lines in texts.items():
        _run(library, lines, module)
    for number in recursive_functions(program):
        module.names[f"f{number}"] = counted(module.names[f"f{number}"])
    for unit in units:
        _bind(unit, module)


def _unit(unit: Definition | Function, module: Module) -> list[Line]:
    form = unit.form
    if form is None:
        raise RuntimeError(f"{unit.name} was not read")
    count = 0 if isinstance(unit, Definition) else len(unit.operand_types)
    slots = [f"s{number}" for number in range(1, count + 1)]
    definition = unit if isinstance(unit, Definition) else None
    writer = Writer(module, dict(enumerate(slots, start=1)), unit.size, definition)
    if _depth(form) > DEEPEST:
        writer.give(writer.closed(form))
    else:
        writer.tail(form)
    return writer.function(f"{_name(unit)}({', '.join(['scope', *slots])})")


def _name(unit: Definition | Function) -> str:
    return f"d{unit.slot}" if isinstance(unit, Definition) else f"f{unit.number}"


def _depth(form: Form) -> int:
    deepest, waiting = 0, [(form, 1)]
    while waiting:
        each, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((operand, depth + 1) for operand in each.operands)
    return deepest


def _run(library: str, lines: list[Line], module: Module) -> None:
    """Compile the lines of a library; tracebacks find them by the file name."""
    file = f"<gepnet {library}>"
    text = "".join(f"{' ' * indentation}{line}\n" for indentation, line in lines)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), module.names)  # only our own words: see writer.py


def _bind(unit: Definition | Function, module: Module) -> None:
    run = module.names[_name(unit)]
    if isinstance(unit, Definition):
        unit.run = run
        unit.program.by_code[run.__code__] = unit
    else:
        unit.body = _with_frame(run, len(unit.operand_types))


def _with_frame(run: Any, count: int) -> Evaluate:
    """A generated function as closures call it."""

    def body(frame: Frame) -> Any:
        return run(*frame[: count + 1])

    return body
