"""All FHIRPath operators of the closure back end: importing this registers them."""

from fhir_gepnet.logic.closures import (
    fhirpath_arithmetic,
    fhirpath_comparison,
    fhirpath_conversion,
    fhirpath_crossings,
    fhirpath_equality,
    fhirpath_existence,
    fhirpath_filtering,
    fhirpath_logic,
    fhirpath_mathematics,
    fhirpath_members,
    fhirpath_navigation,
    fhirpath_strings,
    fhirpath_subsetting,
    fhirpath_tree,
    fhirpath_types,
    fhirpath_utility,
)

CHAPTERS = (
    fhirpath_arithmetic,
    fhirpath_comparison,
    fhirpath_conversion,
    fhirpath_crossings,
    fhirpath_equality,
    fhirpath_existence,
    fhirpath_filtering,
    fhirpath_logic,
    fhirpath_mathematics,
    fhirpath_members,
    fhirpath_navigation,
    fhirpath_strings,
    fhirpath_subsetting,
    fhirpath_tree,
    fhirpath_types,
    fhirpath_utility,
)
