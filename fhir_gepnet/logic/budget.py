"""What one evaluation may take: steps, depth, size of collections and texts, and time.

Compiled formulas ask ``scope.budget`` (FHIRPath: ``environment.budget``), which is None unless the
caller handed in a ``Budget``; then a loop costs one question and nothing else. Who writes an operator
calls

- ``spend`` once per loop with the number of items about to be walked, where the loop runs parts of
  the formula (``where``, ``select``, a query) or compares items with each other;
- ``hold`` with the size of a collection that can be larger than what it was made of (a union, a
  product, an expansion), ``hold_text`` with the length of such a text.

Everything else is linear in what is held already, and needs no question. The core has no clock:
time is the caller's, by a function that says when it is up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fhir_gepnet.errors import BudgetExceededError

Items = TypeVar("Items", bound=Sequence[Any])

COMPARISONS_OF_A_STEP = 2
STEPS_OF_A_TREE = 10
"""What it takes to look at every part of an element when elements are compared."""
STEPS_OF_A_CALL = 10
STEPS_OF_AN_EXPANSION = 4
CHARACTERS_OF_A_STEP = 64
"""Characters that are copied in about the time of a step."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one evaluation; immutable, so that one may serve all evaluations of a process.

    The default is for content from outside: the evaluation ends within seconds and some hundred
    megabytes, and no sensible formula meets it on 10,000 resources.

    Attributes:
        steps: items walked by loops and held in new collections, altogether.
        depth: calls of recursive library functions inside each other. Python's own stack may end an
            evaluation before; that is a BudgetExceededError too.
        items: items of one collection.
        characters: characters of one text that a formula makes.
        deadline: called in loops; True says that time is up. None: no limit of time.
    """

    steps: int = 2_000_000
    depth: int = 100
    items: int = 200_000
    characters: int = 2_000_000
    deadline: Callable[[], bool] | None = None

    def opened(self) -> Account:
        """A fresh account for one evaluation."""
        return Account(self)


class Account:
    """What an evaluation has left of its budget. Belongs to one evaluation and its thread.

    Raises:
        BudgetExceededError: in every method, once a limit is passed. It does not know the place; the
            evaluation adds the define or expression.
    """

    __slots__ = ("_deadline", "_depth", "_limits", "_steps")

    def __init__(self, limits: Budget) -> None:
        self._limits = limits
        self._steps = limits.steps
        self._depth = limits.depth
        self._deadline = limits.deadline

    def spend(self, count: int) -> None:
        """A loop is about to walk so many items."""
        self._steps -= count + 1
        if self._steps < 0:
            raise BudgetExceededError(f"the evaluation takes more than {self._limits.steps} steps")
        if self._deadline is not None and self._deadline():
            raise BudgetExceededError(
                "the time of the evaluation is up",
                None,
                "make the formula or the data smaller, or allow more time",
            )

    def walk(self, items: Sequence[Any] | None) -> None:
        """``spend`` for generated code, which is shorter when it hands in the items; None is nothing."""
        self.spend(0 if items is None else len(items))

    def compare(self, items: Sequence[Any] | None) -> None:
        """Items that have no hash are about to be compared with each other."""
        count = 0 if items is None else len(items)
        self.spend(count * count // COMPARISONS_OF_A_STEP)

    def hold(self, count: int) -> None:
        """A new collection has, or is going to have, so many items."""
        self.fit(count)
        self.spend(count)

    def fit(self, count: int) -> None:
        """A collection that is still being made has so many items by now."""
        if count > self._limits.items:
            raise BudgetExceededError(f"a collection grows beyond {self._limits.items} items")

    def hold_text(self, length: int) -> None:
        """A new text has, or is going to have, so many characters."""
        self.fit_text(length)
        self.spend(length // CHARACTERS_OF_A_STEP)

    def fit_text(self, length: int) -> None:
        """A text that is still being made has so many characters by now."""
        if length > self._limits.characters:
            raise BudgetExceededError(f"a text grows beyond {self._limits.characters} characters")

    def enter(self) -> None:
        """A recursive function is called; ``leave`` when it is done, also when it breaks."""
        self._depth -= 1
        if self._depth < 0:
            raise BudgetExceededError(
                f"a function calls itself more than {self._limits.depth} times deep",
                None,
                "end the recursion sooner, or allow more with a larger budget",
            )
        self.spend(STEPS_OF_A_CALL)

    def leave(self) -> None:
        """A recursive function is done."""
        self._depth += 1


def account_of(frame: Sequence[Any]) -> Account | None:
    """The account of the evaluation that a frame belongs to; a frame of constants has none."""
    state = frame[0]
    return None if state is None else state.budget


def spend(frame: Sequence[Any], count: int) -> None:
    """``Account.spend`` of the frame's evaluation, if it has a budget."""
    state = frame[0]
    if state is not None and state.budget is not None:
        state.budget.spend(count)


def held(frame: Sequence[Any], items: Items) -> Items:
    """The collection as it is, once the frame's evaluation may hold it."""
    state = frame[0]
    if state is not None and state.budget is not None:
        state.budget.hold(len(items))
    return items


def held_text(frame: Sequence[Any], text: str) -> str:
    """The text as it is, once the frame's evaluation may hold it."""
    state = frame[0]
    if state is not None and state.budget is not None:
        state.budget.hold_text(len(text))
    return text
