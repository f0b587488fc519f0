"""What FHIR JSON means: records, bundles, dates, quantities, codes, the R4 model."""

from fhir_gepnet.fhir.record import PatientRecord

__all__ = ["PatientRecord"]
