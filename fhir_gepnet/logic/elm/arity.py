"""How many operands ELM R1 gives a node: UnaryExpression, BinaryExpression, TernaryExpression.

Source: ELM R1 schema (expression.xsd, clinicalexpression.xsd). Nodes with any number of operands
(Coalesce, Concatenate, Union), with named arguments instead (Round's precision is one), or whose second
operand old translators leave out (Collapse, Expand, LowBoundary, HighBoundary) are not listed.
"""

from __future__ import annotations

_UNARY = (
    "Abs", "CalculateAge", "Ceiling", "ConvertsToBoolean", "ConvertsToDate", "ConvertsToDateTime",
    "ConvertsToDecimal", "ConvertsToInteger", "ConvertsToLong", "ConvertsToQuantity", "ConvertsToRatio",
    "ConvertsToString", "ConvertsToTime", "DateFrom", "DateTimeComponentFrom", "Distinct", "End", "Exists",
    "Exp", "Flatten", "Floor", "IsFalse", "IsNull", "IsTrue", "Length", "Ln", "Lower", "Negate", "Not",
    "PointFrom", "Precision", "Predecessor", "Round", "Size", "Start", "Successor", "TimeFrom",
    "TimezoneFrom", "TimezoneOffsetFrom", "ToBoolean", "ToChars", "ToConcept", "ToDate", "ToDateTime",
    "ToDecimal", "ToInteger", "ToLong", "ToQuantity", "ToRatio", "ToString", "ToTime", "Truncate", "Upper",
    "Width",
)  # fmt: skip
_BINARY = (
    "Add", "After", "And", "Before", "CalculateAgeAt", "CanConvertQuantity", "Contains", "ConvertQuantity",
    "DifferenceBetween", "Divide", "DurationBetween", "Ends", "EndsWith", "Equal", "Equivalent", "Greater",
    "GreaterOrEqual", "Implies", "In", "IncludedIn", "Includes", "Indexer", "Less", "LessOrEqual", "Log",
    "Matches", "Meets", "MeetsAfter", "MeetsBefore", "Modulo", "Multiply", "NotEqual", "Or", "Overlaps",
    "OverlapsAfter", "OverlapsBefore", "Power", "ProperContains", "ProperIn", "ProperIncludedIn",
    "ProperIncludes", "SameAs", "SameOrAfter", "SameOrBefore", "Starts", "StartsWith", "Subtract",
    "TruncatedDivide", "Xor",
)  # fmt: skip

ARITY = dict.fromkeys(_UNARY, 1) | dict.fromkeys(_BINARY, 2) | {"ReplaceMatches": 3}
"""Node kind -> number of operands; what is not in here has any number, or none."""
