"""What a formula may see while it runs: one application of one pathway to one patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fhir_gepnet.errors import GepnetError, InvocationError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Account

Frame = list[Any]
"""Slot 0 holds the Scope; the others hold aliases, lets and operands by number."""

Evaluate = Callable[[Frame], Any]
"""A compiled form. Called with a frame, gives the value; pure but for the scope's memo."""

MISSING: Any = object()
"""A memo slot that has not been computed. Not None: null is a value."""


@dataclass(slots=True)
class Scope:
    """State of one application; never shared between applications or threads.

    Attributes:
        record: the patient, indexed.
        now: the moment of evaluation, aware of its zone; fixed for the whole application.
        parameters: values of library parameters by key (``Library.Name``), already converted.
        memo: one slot per definition of the program; ``MISSING`` until computed.
        budget: what the evaluation has left of its budget, asked in loops; None: it has none.
        cache: what closures keep for this application: retrieve results, the moment.
        offset: minutes east of UTC of ``now``; the zone of texts that name none.
        failures: definitions that broke, with the error that they raise again.

    Raises:
        InvocationError: a naive ``now``.
    """

    record: PatientRecord
    now: datetime
    parameters: Mapping[str, Any]
    memo: list[Any]
    budget: Account | None = None
    cache: dict[Any, Any] = field(default_factory=dict)
    offset: int = field(init=False, default=0)
    failures: dict[Any, GepnetError] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        distance = self.now.utcoffset()
        if distance is None:
            raise InvocationError("now has no zone; hand in an aware datetime")
        self.offset = int(distance.total_seconds() // 60)
