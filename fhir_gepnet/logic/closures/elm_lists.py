"""Closures of the List chapter. Nulls in a list are elements like others, unless a function says else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.budget import COMPARISONS_OF_A_STEP, Account, account_of, spend
from fhir_gepnet.logic.closures.elm_queries import compared, first_match
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.equality import among, distinct, equal, is_quick, same
from fhir_gepnet.logic.form import BOOLEAN, INTEGER, LONG, STRING, Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.logic.three_valued import Truth, both

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.Exists")
def exists(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether there is an element that is not null; over a plain query it stops at the first."""
    match = first_match(form.operands[0], program)
    if match is not None:
        return match
    (source,) = operands

    def run(frame: Frame) -> Any:
        items = source(frame)
        if not items:
            return False
        return items[0] is not None or any(item is not None for item in items)

    return run


@closes("elm.ListLength")
def length(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Number of elements; 0 of null."""
    (source,) = operands
    return lambda frame: len(source(frame) or ())


@closes("elm.First", "elm.Last")
def end(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """First or last element; null of an empty list."""
    (source,) = operands
    index = 0 if form.operator == "elm.First" else -1

    def run(frame: Frame) -> Any:
        items = source(frame)
        return items[index] if items else None

    return run


@closes("elm.SingletonFrom")
def singleton(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The one element; several are an error, none is null."""
    (source,) = operands

    def run(frame: Frame) -> Any:
        items = source(frame)
        if not items:
            return None
        if len(items) > 1:
            raise ValueError("a list of several elements has no single one")
        return items[0]

    return run


@closes("elm.Distinct")
def without_repeats(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Elements that are not the same as an earlier one."""
    (source,) = operands

    def run(frame: Frame) -> Any:
        items = source(frame)
        return None if items is None else compared(frame, items)

    return run


@closes("elm.Flatten")
def flatten(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A list of lists as one list; null lists in it do not count."""
    (source,) = operands

    def run(frame: Frame) -> Any:
        lists = source(frame)
        if lists is None:
            return None
        account = account_of(frame)
        if account is not None:
            account.hold(sum(len(held) for held in lists if isinstance(held, list)))
        return flattened(lists)

    return run


def flattened(lists: list[Any]) -> list[Any]:
    """The elements of all lists that are not null, in one."""
    return [
        item for held in lists if held is not None for item in (held if isinstance(held, list) else [held])
    ]


@closes("elm.IndexOf")
def index_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Position of the first equal element, -1 without one; null beside null."""
    source, element = operands
    # Text equals text and nothing else, so that the list's own search does.
    texts = form.operands[0].type == ListOf(STRING) and form.operands[1].type == STRING

    def run(frame: Frame) -> Any:
        items, wanted = source(frame), element(frame)
        if items is None or wanted is None:
            return None
        spend(frame, len(items) // COMPARISONS_OF_A_STEP)
        if texts:
            return items.index(wanted) if wanted in items else -1
        return next((at for at, item in enumerate(items) if equal(item, wanted) is True), -1)

    return run


@closes("elm.Slice")
def slice_of(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Elements from start to before end; null bounds are those of the list."""
    source, first, last = operands

    def run(frame: Frame) -> Any:
        items, begin, stop = source(frame), first(frame), last(frame)
        if items is None:
            return None
        begin = 0 if begin is None else begin
        if begin < 0 or (stop is not None and stop < 0):
            return []
        return items[begin:] if stop is None else items[begin:stop]

    return run


@closes("elm.ToList")
def to_list(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A value as a list of itself; null as an empty list."""
    (source,) = operands

    def run(frame: Frame) -> Any:
        value = source(frame)
        return [] if value is None else [value]

    return run


HASHED = frozenset({BOOLEAN, INTEGER, LONG, STRING})


def contains(items: list[Any], element: Any) -> Truth:
    """Whether an element is in a list; null is in it when one of its elements is null."""
    if element is None:
        return any(item is None for item in items)
    return any(item is element or equal(item, element) is True for item in items)


def has_null(items: list[Any]) -> Truth:
    """Whether a null element is in a list: unknown when all of its elements are known."""
    if not items:
        return False
    return True if any(item is None for item in items) else None


@closes("elm.InList")
def membership(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether an element is in a list. A null list holds nothing; a null element is null in it."""
    element, source = operands
    held = form.operands[1]
    if form.operands[0].type in HASHED and held.operator == "elm.Literal" and held.detail is not None:
        known = frozenset(item for item in held.detail if item is not None)
        of_null = has_null(held.detail)

        def in_constant(frame: Frame) -> Any:
            value = element(frame)
            return of_null if value is None else value in known

        return in_constant

    test = list_test(form)

    def run(frame: Frame) -> Any:
        items = source(frame)
        spend(frame, 0 if items is None else len(items) // COMPARISONS_OF_A_STEP)
        return test(items, element(frame))

    return run


def list_test(form: Form) -> Callable[[list[Any] | None, Any], Truth]:
    """``is_in`` for the static types of a membership form."""
    element, held = form.operands
    return is_text_in if element.type == STRING and held.type == ListOf(STRING) else is_in


def is_text_in(items: list[Any] | None, value: Any) -> Truth:
    """``is_in`` for text: it equals text and nothing else."""
    if items is None:
        return False
    return has_null(items) if value is None else value in items


def is_in(items: list[Any] | None, value: Any) -> Truth:
    """Whether a value is in a list. A null list holds nothing; a null element is null in it."""
    if items is None:
        return False
    if value is None:
        return has_null(items)
    return contains(items, value)


@closes("elm.ProperInList")
def proper_membership(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether an element is in a list that holds others too."""
    element, source = operands

    def run(frame: Frame) -> Any:
        items, value = source(frame), element(frame)
        if items is None:
            return False
        if not contains(items, value):
            return False
        others = [item for item in items if not same(item, value)]
        if value is None:
            return bool(others)
        return True if any(item is not None for item in others) else None if others else False

    return run


def _all_in(inner: list[Any], outer: list[Any]) -> Truth:
    answer: Truth = True
    for item in inner:
        answer = both(answer, contains(outer, item))
    return answer


@closes("elm.IncludedInList", "elm.ProperIncludedInList")
def inclusion(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether every element of a list is in another (that for the proper form has more)."""
    inner, outer = operands
    proper = form.operator == "elm.ProperIncludedInList"

    def run(frame: Frame) -> Any:
        part, whole = inner(frame), outer(frame)
        if part is None or whole is None:
            return None
        spend(frame, len(part) * len(whole) // COMPARISONS_OF_A_STEP)
        found = _all_in(part, whole)
        if proper and found:
            return len(distinct(whole)) > len(distinct(part))
        return found

    return run


def union_of(lists: list[list[Any]]) -> list[Any]:
    """Distinct elements of all lists."""
    return distinct(item for held in lists for item in held)


def hold_union(account: Account, lists: list[list[Any]]) -> None:
    """Ask the budget before ``union_of``."""
    items = list(chain.from_iterable(lists))
    account.hold(len(items))
    if not is_quick(items):
        account.compare(items)


def _intersection(left: list[Any], right: list[Any]) -> list[Any]:
    return distinct(item for item in left if among(item, right))


def _difference(left: list[Any], right: list[Any]) -> list[Any]:
    return distinct(item for item in left if not among(item, right))


@closes("elm.UnionList")
def union(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Distinct elements of all lists; a null list counts as empty."""
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        lists = [part(frame) or [] for part in parts]
        account = account_of(frame)
        if account is not None:
            hold_union(account, lists)
        return union_of(lists)

    return run


@closes("elm.IntersectList")
def intersection(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Distinct elements that are in both lists; null beside null."""
    return _of_two(operands, _intersection)


@closes("elm.ExceptList")
def difference(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Distinct elements of the first list that are not in the second (null counts as empty)."""
    left, right = operands

    def run(frame: Frame) -> Any:
        one = left(frame)
        if one is None:
            return None
        other = right(frame) or []
        spend(frame, len(one) * len(other) // COMPARISONS_OF_A_STEP)
        return _difference(one, other)

    return run


def _of_two(operands: Sequence[Evaluate], combine: Callable[[list[Any], list[Any]], list[Any]]) -> Evaluate:
    left, right = operands

    def run(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if one is None or other is None:
            return None
        spend(frame, len(one) * len(other) // COMPARISONS_OF_A_STEP)
        return combine(one, other)

    return run
