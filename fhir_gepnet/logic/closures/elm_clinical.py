"""Closures of the Clinical chapter and of the native conversions from FHIR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.coding import Code, Concept, code_of, concept_of
from fhir_gepnet.fhir.period import ends_of
from fhir_gepnet.fhir.quantity import Quantity, Ratio, quantity_of
from fhir_gepnet.logic.closures.elm_arithmetic import unary
from fhir_gepnet.logic.closures.elm_codings import coded_in
from fhir_gepnet.logic.closures.registry import close, closes
from fhir_gepnet.logic.form import DATE_TIME, QUANTITY, Form
from fhir_gepnet.logic.interval import Interval, made
from fhir_gepnet.logic.scope import Evaluate, Frame
from fhir_gepnet.logic.three_valued import Truth, either
from fhir_gepnet.terminology.value_set import ValueSet

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


def member(value: Any, value_set: ValueSet) -> Truth:
    """Whether a code, concept, text, or one of a list of these is in a value set; null is not."""
    if isinstance(value, Code):
        return value_set.has(value)
    if isinstance(value, Concept):
        return value_set.has_any(value.codes)
    if isinstance(value, str):
        return value_set.has_text(value)
    if value is None:
        return False
    answer: Truth = False
    for item in value:
        answer = either(answer, member(item, value_set))
    return answer


@closes("elm.InValueSet")
def in_value_set(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Membership in a value set. Operands: tested, value set."""
    tested, value_set = operands
    concept, constant = form.operands
    if concept.operator == "elm.ConceptOf" and isinstance(constant.detail, ValueSet):
        return coded_in(close(concept.operands[0], program), constant.detail)

    def run(frame: Frame) -> Any:
        codes = value_set(frame)
        return None if codes is None else member(tested(frame), codes)

    return run


def _in_system(value: Any, system: str) -> bool:
    if isinstance(value, Code):
        return value.system == system
    if isinstance(value, Concept):
        return any(code.system == system for code in value.codes)
    if isinstance(value, list):
        return any(_in_system(item, system) for item in value)
    if value is None:
        return False
    raise TypeError("a bare text belongs to no code system")


@closes("elm.InCodeSystem")
def in_code_system(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Whether a code is of a system; null of no system. Operands: tested, the system."""
    tested, system = operands

    def run(frame: Frame) -> Any:
        named = system(frame)
        return None if named is None else _in_system(tested(frame), named.id)

    return run


@closes("elm.ExpandValueSet")
def expand(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """The codes of a value set in a fixed order."""
    return unary(
        operands[0],
        lambda held: [Code(code, system or None) for system, code in sorted(held.codes)],
    )


def _quantity(value: Any) -> Quantity | None:
    """A FHIR Quantity of UCUM units; null without a unit, of other units, and with a comparator."""
    found = quantity_of(value)
    return None if found is None or not found.unit or "|" in found.unit else found


def _ratio(value: Any) -> Ratio | None:
    if value is None:
        return None
    numerator, denominator = _quantity(value.get("numerator")), _quantity(value.get("denominator"))
    return None if numerator is None or denominator is None else Ratio(numerator, denominator)


FROM_FHIR: dict[str, Callable[[Any], Any]] = {
    "elm.CodeOf": code_of,
    "elm.ConceptOf": concept_of,
    "elm.QuantityOf": _quantity,
    "elm.RatioOf": _ratio,
}


@closes(*FROM_FHIR)
def from_fhir(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """Coding, CodeableConcept, Quantity and Ratio as System values."""
    read = FROM_FHIR[form.operator]
    (source,) = operands
    return lambda frame: read(source(frame))


@closes("elm.PeriodInterval")
def of_period(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A Period as a closed interval; an end that is not given is unbounded.

    A start that is not given is unknown: FHIR says so, and "since ever" would be wrong.
    """
    (source,) = operands

    def run(frame: Frame) -> Any:
        period = source(frame)
        if period is None:
            return None
        start, end = ends_of(period, frame[0].offset)
        return made(start, end, start is not None, True, DATE_TIME)

    return run


@closes("elm.RangeInterval")
def of_range(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """A Range as a closed interval of quantities; an end that is not given is unbounded."""
    return unary(
        operands[0],
        lambda held: Interval(_quantity(held.get("low")), _quantity(held.get("high")), True, True, QUANTITY),
    )
