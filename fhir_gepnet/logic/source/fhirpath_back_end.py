"""The second back end of FHIRPath: one Python function per expression and kind of root.

A function of the environment, the root and the variables. It is bare: when it breaks, for whatever
reason, the closures evaluate the expression again, and what they give or raise is the answer. So
generated code is written for data of the right shape, and errors are told in one place. With a
budget the closures run from the start, because they ask it at every loop.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import fhir_gepnet.logic.closures.fhirpath_back_end  # noqa: F401  (registers the closures that are called)
from fhir_gepnet.logic.fhirpath.place import ROOT_SLOT
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.source import fhirpath_paths, fhirpath_values, fhirpath_walks
from fhir_gepnet.logic.source.knowledge import Knowledge
from fhir_gepnet.logic.source.writer import Module, Writer

CHAPTERS = (fhirpath_paths, fhirpath_values, fhirpath_walks)
"""The files whose import registers the emitters."""

DEEPEST = 60
"""Forms in each other; what nests deeper runs as closures."""

TOLD = frozenset(("fhirpath.trace",))
"""Operators that tell somebody something; evaluated twice they would tell it twice."""

_numbers = count(1)


def write_function(form: Form, size: int, variables: int) -> Callable[..., Any] | None:
    """The function ``f(environment, root, *variables)``; None for what runs as closures.

    Args:
        form: the expression, typed for one kind of root.
        size: slots of the frame of its closures.
        variables: how many of them, from the one after the root's on, hold variables.

    Raises:
        GepnetError: an operator without a back end.
    """
    if not _is_writable(form):
        return None
    slots = {number: f"s{number}" for number in range(ROOT_SLOT, ROOT_SLOT + 1 + variables)}
    module = Module(cast(Any, None), Knowledge(cast(Any, None)))
    writer = Writer(module, dict(slots), size)
    writer.tail(form)
    lines = writer.function(f"e({', '.join(['scope', *slots.values()])})")
    text = "".join(f"{' ' * indentation}{line}\n" for indentation, line in lines)
    file = f"<gepnet fhirpath {next(_numbers)}>"
    exec(compile(text, file, "exec"), module.names)  # only our own words: see writer.py
    function: Callable[..., Any] = module.names["e"]
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    # A process may compile expressions for ever: the text goes when the function goes.
    weakref.finalize(function, linecache.cache.pop, file, None)
    return function


def _is_writable(form: Form) -> bool:
    waiting = [(form, 1)]
    while waiting:
        each, depth = waiting.pop()
        if depth > DEEPEST or each.operator in TOLD:
            return False
        waiting.extend((operand, depth + 1) for operand in each.operands)
    return True
