"""FHIRPath 2.0 chapter 6.5 "Boolean logic", on True, False and None; the right side only when needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fhir_gepnet.logic import three_valued
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("fhirpath.and")
def conjunction(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``and``"""
    left, right = operands

    def both(frame: Frame) -> bool | None:
        one = left(frame)
        if one is False:
            return False
        other = right(frame)
        if other is False:
            return False
        return True if one is True and other is True else None

    return both


@closes("fhirpath.or")
def disjunction(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``or``"""
    left, right = operands

    def either(frame: Frame) -> bool | None:
        one = left(frame)
        if one is True:
            return True
        other = right(frame)
        if other is True:
            return True
        return False if one is False and other is False else None

    return either


@closes("fhirpath.xor")
def exclusive(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``xor``"""
    left, right = operands
    return lambda frame: three_valued.exactly_one(left(frame), right(frame))


@closes("fhirpath.implies")
def implication(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``implies``"""
    left, right = operands

    def implies(frame: Frame) -> bool | None:
        premise = left(frame)
        return True if premise is False else three_valued.implies(premise, right(frame))

    return implies


@closes("fhirpath.not")
def negation(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``not()``"""
    (source,) = operands
    return lambda frame: three_valued.negated(source(frame))
