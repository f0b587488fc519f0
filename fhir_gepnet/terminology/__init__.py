"""Value sets and code systems, expanded from what was given."""

from fhir_gepnet.terminology.expansion import Terminology
from fhir_gepnet.terminology.value_set import ValueSet

__all__ = ["Terminology", "ValueSet"]
