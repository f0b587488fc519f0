"""Back end of coded look-ups in a patient's record (``logic/fhirpath/indexing.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fhir_gepnet.logic.closures.registry import closes
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate, Frame

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Program


@closes("fhirpath.looked_up")
def looked_up(form: Form, operands: Sequence[Evaluate], program: Program) -> Evaluate:
    """``detail``: (Lookup, slot). The plain form where the record cannot be looked up."""
    plain, of_found = operands
    lookup, slot = form.detail

    def look(frame: Frame) -> Any:
        environment: Environment = frame[0]
        found = None if environment.record is None else environment.record.looked_up(lookup)
        if found is None:
            return plain(frame)
        frame[slot] = found
        return of_found(frame)

    return look
