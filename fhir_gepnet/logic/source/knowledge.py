"""What is known of a form's value before any patient comes: never null, only true, false or null.

Both answers are one-sided: no means "not known". They let generated code leave out tests that
can only go one way; where the data might lie (a text in a boolean element), the test stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhir_gepnet.logic.elm.queries import QueryShape
from fhir_gepnet.logic.form import BOOLEAN, STRING, Form

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program

Known = Callable[[Form], bool]


@dataclass(slots=True)
class Knowledge:
    """Answers about forms of one program; those about definitions and functions are kept."""

    program: Program
    _nulls: dict[tuple[str, int], bool] = field(default_factory=dict)
    _lists: dict[tuple[str, int], bool] = field(default_factory=dict)
    _truths: dict[tuple[str, int], bool] = field(default_factory=dict)

    def never_null(self, form: Form) -> bool:
        """Whether the value is certainly not null."""
        operator, operands = form.operator, form.operands
        if operator in ("elm.Literal", "fhirpath.literal"):
            return form.detail is not None
        if operator in _NEVER_NULL:
            return True
        if operator in _AS_OPERANDS:
            return all(map(self.never_null, operands))
        if operator in _AS_TRUTHS:
            return all(self.never_null(each) and self.is_truth(each) for each in operands)
        if operator == "elm.Equal":
            # Not of numbers: an uncertain count makes their equality unknown.
            return all(each.type in (STRING, BOOLEAN) and self.never_null(each) for each in operands)
        if operator == "elm.Coalesce":
            return any(map(self.never_null, operands))
        if operator == "elm.Query":
            shape: QueryShape = form.detail
            count = len(shape.sources)
            return shape.gives_list and all(map(self.never_null, operands[:count]))
        return self._through(form, self.never_null, self._nulls)

    def holds_no_null(self, form: Form) -> bool:
        """Whether no element of a list is null: resources of the record, rows of tuples."""
        operator, operands = form.operator, form.operands
        if operator in ("elm.Retrieve", "elm.RetrieveAll"):
            return True
        if operator == "elm.Query":
            shape: QueryShape = form.detail
            if shape.has_return and shape.aggregate is None:
                returned = operands[-1 - sum(key.slot is not None for key in shape.sort)]
                return self.never_null(returned)
            return shape.aggregate is None and len(shape.sources) == 1 and self.holds_no_null(operands[0])
        if operator in ("elm.List", "elm.ToList"):
            return operator == "elm.ToList" or all(map(self.never_null, operands))
        if operator in ("elm.Distinct", "elm.UnionList"):
            return all(map(self.holds_no_null, operands))
        if operator == "elm.Literal":
            return isinstance(form.detail, list) and None not in form.detail
        return self._through(form, self.holds_no_null, self._lists)

    def is_truth(self, form: Form) -> bool:
        """Whether the value is certainly one of ``True``, ``False`` and ``None``."""
        operator = form.operator
        if operator in ("elm.Literal", "fhirpath.literal"):
            return form.detail is None or isinstance(form.detail, bool)
        # In FHIRPath data are of FHIR types; only what was read from them is a System boolean.
        if operator in _TRUTHS or (form.type == BOOLEAN and operator.startswith("fhirpath.")):
            return True
        if operator == "elm.Coalesce":
            return all(map(self.is_truth, form.operands))
        return self._through(form, self.is_truth, self._truths)

    def _through(self, form: Form, known: Known, kept: dict[tuple[str, int], bool]) -> bool:
        """The answer about an operator whose value is that of another form."""
        operator, operands = form.operator, form.operands
        if operator == "elm.Case":
            return all(map(known, (*operands[1:-1:2], operands[-1])))
        if operator == "elm.Once":
            return known(operands[0])
        if operator == "elm.Bind":
            return known(operands[1])
        if operator not in ("elm.ExpressionRef", "elm.FunctionRef"):
            return False
        key = (operator, form.detail)
        if key not in kept:
            kept[key] = False  # what asks itself is not known
            body = self._body(operator, form.detail)
            kept[key] = body is not None and known(body)
        return kept[key]

    def _body(self, operator: str, number: int) -> Form | None:
        if operator == "elm.FunctionRef":
            return self.program.functions[number].form
        return self.program.definitions[number].form


_NEVER_NULL = frozenset(
    {
        "elm.Count",
        "elm.Equivalent",
        "elm.Exists",
        "elm.IsFalse",
        "elm.IsNull",
        "elm.IsTrue",
        "elm.List",
        "elm.ListLength",
        "elm.Retrieve",
        "elm.RetrieveAll",
        "elm.ToList",
        "elm.Tuple",
        "elm.UnionList",
        "fhirpath.all",
        "fhirpath.count",
        "fhirpath.empty",
        "fhirpath.equivalent",
        "fhirpath.exists",
        "fhirpath.exists_where",
        "fhirpath.not_equivalent",
    }
)
_AS_OPERANDS = frozenset({"elm.Concatenate", "elm.Distinct", "elm.Flatten"})
_AS_TRUTHS = frozenset(
    {
        "elm.And",
        "elm.Implies",
        "elm.Not",
        "elm.Or",
        "elm.Xor",
        "fhirpath.and",
        "fhirpath.not",
        "fhirpath.or",
    }
)
_TRUTHS = frozenset(
    {
        "elm.And",
        "elm.CodedEqual",
        "elm.Equal",
        "elm.Equivalent",
        "elm.Exists",
        "elm.Greater",
        "elm.GreaterOrEqual",
        "elm.Implies",
        "elm.InInterval",
        "elm.IncludedInInterval",
        "elm.InList",
        "elm.InValueSet",
        "elm.IsFalse",
        "elm.IsNull",
        "elm.IsTrue",
        "elm.Less",
        "elm.LessOrEqual",
        "elm.Not",
        "elm.Or",
        "elm.Xor",
    }
)
