"""FHIRPath 2.0 chapter 6.1 "Equality": equal and equivalent, of items and of collections.

Equal asks whether two values are the same and may be unknown (None); equivalent asks whether
they mean the same at the precision given, ignores case and order, and is never unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from fhir_gepnet.fhir.dates import Date, DateTime, Time
from fhir_gepnet.fhir.quantity import Quantity, compare_quantities, converted
from fhir_gepnet.logic.budget import STEPS_OF_A_TREE, spend
from fhir_gepnet.logic.closures.fhirpath_items import Element
from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath.moments import Unzoned, compare_moments
from fhir_gepnet.logic.form import BOOLEAN, STRING, Form, ListOf
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

_NUMBERS = (int, Decimal)
_DATES = (Date, DateTime, Unzoned)
_PLAIN = (str, bool, int, Decimal)


def equal_values(left: Any, right: Any) -> bool | None:
    """Whether two System values or complex items are equal; None when it cannot be known."""
    one, other = type(left), type(right)
    if one is other and one in _PLAIN:
        return bool(left == right)
    if one in _NUMBERS and other in _NUMBERS:
        return bool(left == right)
    if one is Quantity or other is Quantity:
        return _equal_quantities(left, right)
    if (one in _DATES and other in _DATES) or (one is Time and other is Time):
        order = compare_moments(left, right)
        return None if order is None else order == 0
    if one is Element or other is Element:
        return bool(_tree(left) == _tree(right))
    return bool(one is other and left == right)


def _tree(item: Any) -> Any:
    return item.value if type(item) is Element else item


def _equal_quantities(left: Any, right: Any) -> bool | None:
    left, right = _quantity(left), _quantity(right)
    if left is None or right is None:
        return False
    order = compare_quantities(left, right)
    return None if order is None else order == 0


def _quantity(value: Any) -> Quantity | None:
    if type(value) is Quantity:
        return value
    return Quantity(Decimal(value)) if type(value) in _NUMBERS else None


def equal_collections(left: list[Any], right: list[Any]) -> bool | None:
    """Pairwise in order; empty when either is empty, false when their sizes differ."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    verdict: bool | None = True
    for one, other in zip(left, right, strict=True):
        same = equal_values(one, other)
        if same is False:
            return False
        if same is None:
            verdict = None
    return verdict


def equivalent_values(left: Any, right: Any) -> bool:
    """Whether two items mean the same."""
    one, other = type(left), type(right)
    if one is str and other is str:
        return _folded(left) == _folded(right)
    if one in _NUMBERS and other in _NUMBERS:
        return _alike_numbers(Decimal(left), Decimal(right))
    if one is Quantity or other is Quantity:
        return _equivalent_quantities(_quantity(left), _quantity(right))
    if (one in _DATES and other in _DATES) or (one is Time and other is Time):
        return _depth(left) == _depth(right) and compare_moments(left, right) == 0
    return _equivalent_trees(_tree(left), _tree(right))


def _depth(moment: Any) -> int:
    depth: int = (moment.moment if type(moment) is Unzoned else moment).depth
    # Seconds and milliseconds are one component.
    return min(depth, 3) if type(moment) is Time else min(depth, 6)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _places(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _alike_numbers(left: Decimal, right: Decimal) -> bool:
    """Equal when both are rounded to the digits of the less precise; trailing zeros do not count."""
    step = Decimal(1).scaleb(-min(_places(left), _places(right)))
    return left.quantize(step, ROUND_HALF_UP) == right.quantize(step, ROUND_HALF_UP)


def _equivalent_quantities(left: Quantity | None, right: Quantity | None) -> bool:
    if left is None or right is None:
        return False
    # Calendar years and months may stand for the definite ones here, unlike in equality.
    right = Quantity(right.value, _DEFINITE.get(right.unit.removesuffix("s"), right.unit))
    left = Quantity(left.value, _DEFINITE.get(left.unit.removesuffix("s"), left.unit))
    same = converted(right, left.unit)
    return same is not None and _alike_numbers(left.value, same.value)


_DEFINITE = {"year": "a", "month": "mo"}


def _equivalent_trees(left: Any, right: Any) -> bool:
    if type(left) is dict and type(right) is dict:
        return left.keys() == right.keys() and all(_equivalent_trees(left[key], right[key]) for key in left)
    if type(left) is list and type(right) is list:
        return equivalent_collections(left, right)
    if type(left) in _PLAIN and type(right) in _PLAIN and type(left) is not bool:
        return type(right) is not bool and (
            equivalent_values(left, right) if (type(left) is str) == (type(right) is str) else False
        )
    return type(left) is type(right) and left == right


def equivalent_collections(left: list[Any], right: list[Any]) -> bool:
    """In any order; two empty collections are equivalent."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for item in left:
        for position, candidate in enumerate(rest):
            if equivalent_values(item, candidate):
                del rest[position]
                break
        else:
            return False
    return True


def _lists(form: Form, operands: Sequence[Evaluate]) -> tuple[Evaluate, Evaluate]:
    left, right = (
        operand if isinstance(part.type, ListOf) else _listed(operand)
        for operand, part in zip(operands, form.operands, strict=True)
    )
    return left, right


def _listed(source: Evaluate) -> Evaluate:
    def many(frame: Frame) -> list[Any]:
        item = source(frame)
        return [] if item is None else [item]

    return many


def _is_one(form: Form) -> bool:
    return not isinstance(form.type, ListOf)


def _equality(form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    """The fastest closure that the static types allow."""
    left, right = form.operands
    if _is_one(left) and _is_one(right):
        fused = _element_of_slot(left, right) or _element_of_slot(right, left)
        if fused is not None:
            return fused
        return _of_items(operands, direct=left.type == right.type and left.type in (STRING, BOOLEAN))
    first, second = _lists(form, operands)
    if left.operator == "fhirpath.literal" or right.operator == "fhirpath.literal":
        constant, many = (left, second) if left.operator == "fhirpath.literal" else (right, first)
        if type(constant.detail) is str:
            return _with_text(many, constant.detail)

    def equal_lists(frame: Frame) -> bool | None:
        one, other = first(frame), second(frame)
        spend(frame, min(len(one), len(other)))
        return equal_collections(one, other)

    return equal_lists


def _element_of_slot(element: Form, constant: Form) -> Evaluate | None:
    """``code = 'x'`` inside a criterion: one look at the item's JSON instead of four calls."""
    text = constant.detail
    if constant.operator != "fhirpath.literal" or type(text) is not str or element.type != STRING:
        return None
    if element.operator != "fhirpath.system":
        return None
    (path,) = element.operands
    if path.operator != "fhirpath.navigate" or len(path.detail) != 1:
        return None
    (source,), (step,) = path.operands, path.detail
    if source.operator != "fhirpath.slot" or len(step.keys) != 1 or step.typed:
        return None
    slot, key = source.detail, step.keys[0][0]

    def equal(frame: Frame) -> bool | None:
        item = frame[slot]
        if item is None:
            return None
        value = item.get(key)
        # A code that is no text cannot be read, which is unknown; so is a primitive without a value.
        return value == text if type(value) is str else None

    return equal


def _of_items(operands: Sequence[Evaluate], *, direct: bool) -> Evaluate:
    left, right = operands
    if direct:

        def same(frame: Frame) -> bool | None:
            one = left(frame)
            if one is None:
                return None
            other = right(frame)
            return None if other is None else one == other

        return same

    def equal(frame: Frame) -> bool | None:
        one = left(frame)
        if one is None:
            return None
        other = right(frame)
        return None if other is None else equal_values(one, other)

    return equal


def _with_text(many: Evaluate, text: str) -> Evaluate:
    def equal(frame: Frame) -> bool | None:
        items = many(frame)
        if not items:
            return None
        return len(items) == 1 and items[0] == text

    return equal


@closes("fhirpath.equal")
def equal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``=``"""
    return _equality(form, operands)


@closes("fhirpath.not_equal")
def not_equal(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``!=``"""
    same = _equality(form, operands)

    def differ(frame: Frame) -> bool | None:
        verdict = same(frame)
        return None if verdict is None else not verdict

    return differ


@closes("fhirpath.equivalent")
def equivalent(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``~``"""
    return _equivalence(form, operands)


def _equivalence(form: Form, operands: Sequence[Evaluate]) -> Evaluate:
    left, right = _lists(form, operands)

    def alike(frame: Frame) -> bool:
        one, other = left(frame), right(frame)
        spend(frame, (len(one) + len(other)) * STEPS_OF_A_TREE)
        return equivalent_collections(one, other)

    return alike


@closes("fhirpath.not_equivalent")
def not_equivalent(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``!~``"""
    alike = _equivalence(form, operands)
    return lambda frame: not alike(frame)
