"""The typed form: what ELM and FHIRPath both become before anything runs.

A front end (``logic/elm``, ``logic/fhirpath``) only builds forms; a back end
(``logic/closures``) only reads them. An operator carries its dialect in its name, because the
two languages disagree on purpose: ``elm.Equal`` is not ``fhirpath.equal``. A form says its
static type, so that the back end never guesses a type from a Python value (a FHIR date is a
``str``, ``0 == False``).

How a value looks at run time follows from its static type alone:

========================  =====================================================================
static type               Python value (``None`` is null everywhere)
========================  =====================================================================
System.Boolean            ``bool``
System.Integer, Long      ``int``
System.Decimal            ``Decimal``
System.String             ``str``
System.Date, DateTime,    the frozen values of ``fhir/dates.py``, with their precision
Time
System.Quantity, Ratio    the frozen values of ``fhir/quantity.py``
System.Code, Concept      the frozen values of ``fhir/coding.py``
System.ValueSet           the expansion (``terminology/value_set.py``), else a ``Vocabulary``
System.CodeSystem         a ``Vocabulary`` of ``fhir/coding.py``
Interval<T>               ``logic/interval.py``
List<T>                   ``list`` (never mutated once made)
Tuple                     ``dict`` of element name to value
a FHIR complex type       the JSON ``dict`` of the record, as it is
a FHIR primitive type     the JSON scalar of the record, as it is
a choice of types         ``Chosen(value, type_name)``, because only the JSON key tells the type
========================  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_gepnet.errors import Where

FHIR = "{http://hl7.org/fhir}"
SYSTEM = "{urn:hl7-org:elm-types:r1}"


@dataclass(frozen=True, slots=True)
class Named:
    """A named type with its model: ``{http://hl7.org/fhir}Observation``."""

    name: str

    def __str__(self) -> str:
        return self.name.replace(FHIR, "FHIR.").replace(SYSTEM, "System.")


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, or in FHIRPath a collection, of one element type."""

    element: Type

    def __str__(self) -> str:
        return f"List<{self.element}>"


@dataclass(frozen=True, slots=True)
class IntervalOf:
    """An interval over one point type."""

    point: Type

    def __str__(self) -> str:
        return f"Interval<{self.point}>"


@dataclass(frozen=True, slots=True)
class ChoiceOf:
    """One of several types; at run time a ``Chosen``."""

    choices: tuple[Type, ...]

    def __str__(self) -> str:
        return f"Choice<{', '.join(map(str, self.choices))}>"


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A tuple of named elements."""

    elements: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return "Tuple{" + ", ".join(f"{name} {of}" for name, of in self.elements) + "}"


Type = Named | ListOf | IntervalOf | ChoiceOf | TupleOf

ANY = Named(SYSTEM + "Any")
BOOLEAN = Named(SYSTEM + "Boolean")
INTEGER = Named(SYSTEM + "Integer")
LONG = Named(SYSTEM + "Long")
DECIMAL = Named(SYSTEM + "Decimal")
STRING = Named(SYSTEM + "String")
DATE = Named(SYSTEM + "Date")
DATE_TIME = Named(SYSTEM + "DateTime")
TIME = Named(SYSTEM + "Time")
QUANTITY = Named(SYSTEM + "Quantity")
RATIO = Named(SYSTEM + "Ratio")
CODE = Named(SYSTEM + "Code")
CONCEPT = Named(SYSTEM + "Concept")
VOCABULARY = Named(SYSTEM + "Vocabulary")
VALUE_SET = Named(SYSTEM + "ValueSet")
CODE_SYSTEM = Named(SYSTEM + "CodeSystem")


def is_fhir(of: Type) -> bool:
    """Whether values of this type are JSON of the record."""
    return isinstance(of, Named) and of.name.startswith(FHIR)


class Chosen(NamedTuple):
    """A value of a choice element together with the type that its JSON key names."""

    value: Any
    type_name: str  # with its model: {http://hl7.org/fhir}dateTime


@dataclass(frozen=True, slots=True)
class Form:
    """One operation with its operands.

    Attributes:
        operator: dialect and name: ``elm.And``, ``fhirpath.where``.
        type: static type of the result.
        operands: forms evaluated by this one, in the order that the operator documents.
        detail: what is known before any patient comes (a literal's value, an element name, a
            slot number); which shape it has is documented beside the operator's back end.
        at: the author's address, for errors and traces.
    """

    operator: str
    type: Type
    operands: tuple[Form, ...]
    detail: Any
    at: Where
