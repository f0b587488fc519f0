"""Operators whose closures are called with values: they evaluate all their operands, in order, always."""

from __future__ import annotations

from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.source.registry import emits
from fhir_gepnet.logic.source.writer import Writer

STRICT = (
    "elm.Abs",
    "elm.After",
    "elm.AllTrue",
    "elm.AnyTrue",
    "elm.AsDynamic",
    "elm.AsListOf",
    "elm.AsResource",
    "elm.Attribute",
    "elm.Avg",
    "elm.Before",
    "elm.Ceiling",
    "elm.CoalesceList",
    "elm.CodedEqual",
    "elm.ConvertQuantity",
    "elm.CanConvertQuantity",
    "elm.Date",
    "elm.DifferenceBetween",
    "elm.Distinct",
    "elm.DurationBetween",
    "elm.End",
    "elm.EndsInterval",
    "elm.EndsWith",
    "elm.ExpandValueSet",
    "elm.Flatten",
    "elm.Floor",
    "elm.HelpersQuantity",
    "elm.HelpersQuantityInterval",
    "elm.HelpersQuantityOnly",
    "elm.HelpersRange",
    "elm.HelpersRatio",
    "elm.InInterval",
    "elm.IncludedInInterval",
    "elm.IndexOf",
    "elm.Indexer",
    "elm.IntersectList",
    "elm.Interval",
    "elm.IntervalEnd",
    "elm.IntervalOfDays",
    "elm.IsDynamic",
    "elm.KeepChosen",
    "elm.Length",
    "elm.Lower",
    "elm.Median",
    "elm.Negate",
    "elm.Now",
    "elm.Overlaps",
    "elm.PeriodInterval",
    "elm.PositionOf",
    "elm.ProperIncludedInList",
    "elm.IncludedInList",
    "elm.RangeInterval",
    "elm.RetrieveAll",
    "elm.SameAs",
    "elm.SameOrAfter",
    "elm.SameOrBefore",
    "elm.SingletonFrom",
    "elm.Slice",
    "elm.Start",
    "elm.StartsWith",
    "elm.Sum",
    "elm.TimeFrom",
    "elm.TimeOfDay",
    "elm.TimingInterval",
    "elm.ToChoice",
    "elm.ToDateTime",
    "elm.ToIntervalOf",
    "elm.ToListOf",
    "elm.Today",
    "elm.Upper",
    "elm.Width",
)


@emits(*STRICT)
def strict(form: Form, writer: Writer) -> str:
    """A call of the operator's closure with the values of its operands."""
    return writer.called(form)


THEN_CONSTANT = ("elm.Combine", "elm.Round", "elm.Substring")
"""Evaluate their first operand always, the others only as needed."""


@emits(*THEN_CONSTANT)
def then_constant(form: Form, writer: Writer) -> str:
    """As ``strict``, when it makes no difference whether the later operands are evaluated."""
    calm = ("elm.Literal", "elm.SlotRef")
    if all(operand.operator in calm for operand in form.operands[1:]):
        return writer.called(form)
    return writer.closed(form)
