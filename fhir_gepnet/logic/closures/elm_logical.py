"""Closures of the Logical, Nullological and Conditional chapters: short-circuiting, three-valued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.logic.three_valued import exactly_one

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("elm.And")
def conjunction(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A chain of And: stops at the first false."""
    if len(operands) == 2:
        left, right = operands

        def of_two(frame: Frame) -> Any:
            one = left(frame)
            if one is False:
                return False
            other = right(frame)
            if other is False:
                return False
            return None if one is None or other is None else True

        return of_two
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        answer: bool | None = True
        for part in parts:
            value = part(frame)
            if value is False:
                return False
            if value is None:
                answer = None
        return answer

    return run


@closes("elm.Or")
def disjunction(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A chain of Or: stops at the first true."""
    if len(operands) == 2:
        left, right = operands

        def of_two(frame: Frame) -> Any:
            one = left(frame)
            if one is True:
                return True
            other = right(frame)
            if other is True:
                return True
            return None if one is None or other is None else False

        return of_two
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        answer: bool | None = False
        for part in parts:
            value = part(frame)
            if value is True:
                return True
            if value is None:
                answer = None
        return answer

    return run


@closes("elm.Implies")
def implication(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Implication: a false premise decides."""
    left, right = operands

    def run(frame: Frame) -> Any:
        premise = left(frame)
        if premise is False:
            return True
        conclusion = right(frame)
        if conclusion is True:
            return True
        return None if premise is None or conclusion is None else False

    return run


@closes("elm.Xor")
def exclusive(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Exclusive or."""
    left, right = operands
    return lambda frame: exactly_one(left(frame), right(frame))


@closes("elm.Not")
def negation(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Negation."""
    (operand,) = operands

    def run(frame: Frame) -> Any:
        value = operand(frame)
        return None if value is None else value is False

    return run


@closes("elm.IsTrue")
def is_true(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Certainly true; never null."""
    (operand,) = operands
    return lambda frame: operand(frame) is True


@closes("elm.IsFalse")
def is_false(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Certainly false; never null."""
    (operand,) = operands
    return lambda frame: operand(frame) is False


@closes("elm.IsNull")
def is_null(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Test for null."""
    (operand,) = operands
    return lambda frame: operand(frame) is None


@closes("elm.Coalesce")
def coalesce(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """First operand that is not null."""
    if len(operands) == 2:
        first, second = operands

        def of_two(frame: Frame) -> Any:
            value = first(frame)
            return second(frame) if value is None else value

        return of_two
    parts = tuple(operands)

    def run(frame: Frame) -> Any:
        for part in parts:
            value = part(frame)
            if value is not None:
                return value
        return None

    return run


@closes("elm.CoalesceList")
def coalesce_list(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """First element that is not null."""
    (operand,) = operands
    return lambda frame: next((item for item in operand(frame) or () if item is not None), None)


@closes("elm.Case")
def case(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Result of the first condition that is true; unknown conditions do not count."""
    otherwise = operands[-1]
    if len(operands) == 3:
        condition, result, _ = operands
        return lambda frame: result(frame) if condition(frame) is True else otherwise(frame)
    pairs = tuple(zip(operands[:-1:2], operands[1::2], strict=True))

    def run(frame: Frame) -> Any:
        for condition, result in pairs:
            if condition(frame) is True:
                return result(frame)
        return otherwise(frame)

    return run


@closes("elm.Bind")
def bind(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Put the first operand's value into a slot (detail), then evaluate the second."""
    value, body = operands
    slot: int = form.detail

    def run(frame: Frame) -> Any:
        frame[slot] = value(frame)
        return body(frame)

    return run
