"""FHIR Period -> its two ends.

Source: FHIR R4 Period: a missing start is unknown, a missing end means ongoing; an end that
is less precise covers its whole extent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_gepnet.fhir.dates import DateTime, parse_date_time


def ends_of(period: Mapping[str, Any], default_offset: int = 0) -> tuple[DateTime | None, DateTime | None]:
    """(start, end) of a Period; None where it says nothing readable.

    Args:
        default_offset: minutes east of UTC for texts without an offset (the evaluation's zone).
    """
    start, end = period.get("start"), period.get("end")
    return (
        parse_date_time(start, default_offset) if isinstance(start, str) else None,
        parse_date_time(end, default_offset) if isinstance(end, str) else None,
    )
