"""FHIRPath text -> typed form: parses, then types every node against the R4 model.

Everything that can be wrong with an expression and does not depend on a patient is refused
here: syntax, unknown functions, arities, elements, types and variables, operands that never fit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_gepnet.errors import TypeMismatchError
from fhir_gepnet.logic.fhirpath import (
    aggregates,
    combining,
    conversion,
    existence,
    filtering,
    mathematics,
    navigation,
    operators,
    strings,
    subsetting,
    tree,
    types,
    utility,
)
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.place import (
    FIRST_FREE_SLOT,
    ROOT_SLOT,
    CompanionsNeededError,
    Compilation,
    Place,
    Root,
)
from fhir_gepnet.logic.fhirpath.syntax import Node
from fhir_gepnet.logic.form import ANY, STRING, Form, ListOf

CHAPTERS = (
    existence,
    filtering,
    subsetting,
    combining,
    conversion,
    strings,
    mathematics,
    tree,
    utility,
    operators,
    types,
    aggregates,
    navigation,
)
"""Importing a chapter registers its functions; listed so that none is forgotten."""

CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
"""Variables that FHIR R4 "FHIRPath" defines with a value."""

ROOT_VARIABLES = ("context", "resource", "rootResource")
PATIENT_VARIABLES = ("subject", "patient")


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed expression: what a back end needs to make it run.

    Attributes:
        form: the expression.
        slots: size of the frame.
        variables: name -> slot of every variable that the caller may hand in.
    """

    form: Form
    slots: int
    variables: dict[str, int]


def typed(tree_of_text: Node, source: Source, root: Root, variables: Iterable[str]) -> Typed:
    """Type a syntax tree for one kind of root.

    Raises:
        TypeMismatchError, UnsupportedFeatureError: see the module.
    """
    for companions in (False, True):
        slots = {name: FIRST_FREE_SLOT + number for number, name in enumerate(variables)}
        compilation = Compilation(
            source, root, _variables(source, root, slots), companions, FIRST_FREE_SLOT + len(slots)
        )
        place = Place(compilation, Form("fhirpath.slot", root.type, (), ROOT_SLOT, source.at(0)))
        try:
            form = place.form(tree_of_text)
        except CompanionsNeededError:
            continue
        return Typed(form, compilation.slots, slots)
    raise TypeMismatchError(source.at(0), "extensions of primitives cannot be followed here", "report this")


def _variables(source: Source, root: Root, slots: dict[str, int]) -> dict[str, Form]:
    at = source.at(0)
    forms = {name: Form("fhirpath.literal", STRING, (), value, at) for name, value in CONSTANTS.items()}
    of_root = Form("fhirpath.slot", root.type, (), ROOT_SLOT, at)
    forms.update(dict.fromkeys(ROOT_VARIABLES, of_root))
    if root.record or root.type_name == "Patient":
        forms.update(dict.fromkeys(PATIENT_VARIABLES, of_root))
    for name, slot in slots.items():
        forms[name] = Form("fhirpath.variable", ListOf(ANY), (), (name, slot), at)
    return forms
