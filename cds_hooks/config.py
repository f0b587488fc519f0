"""How one service is set up: a frozen value, from the environment or from the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhir_gepnet.errors import InvocationError

DEFAULT_BODY_LIMIT = 5_000_000


def utc_now() -> datetime:
    """The wall clock; the only place where the service reads it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that an operator may set.

    Attributes:
        pathways: one pathway folder, or a folder of pathway folders; None means the installed ones.
        zone: IANA name of the zone in which days begin; patient dates without a zone are read in it.
        body_limit: the largest request body in bytes; larger ones are answered with 413.
        allowed_origins: exact origins (``https://ehr.example.org``) that browsers may call from.
        clock: gives an aware moment; tests hand in a fixed one. A module-level function, so that
            a worker process can be handed the configuration.

    Raises:
        InvocationError: a zone that is not installed, a limit below 1, an origin that is no origin.
    """

    pathways: Path | None = None
    zone: str = "UTC"
    body_limit: int = DEFAULT_BODY_LIMIT
    allowed_origins: tuple[str, ...] = ()
    clock: Callable[[], datetime] = utc_now
    _zone: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", _zone_named(self.zone))
        if self.body_limit < 1:
            raise InvocationError("the body limit must be at least 1 byte")
        for origin in self.allowed_origins:
            _check_origin(origin)

    def now(self) -> datetime:
        """The moment of a request, in the configured zone."""
        return self.clock().astimezone(self._zone)


def configuration_from(environment: Mapping[str, str]) -> Configuration:
    """Read ``FHIR_GEPNET_PATHWAYS``, ``_ZONE``, ``_BODY_LIMIT`` (bytes) and ``_ALLOWED_ORIGINS`` (separated
    by commas); a variable that is absent or empty leaves the default.

    Raises:
        InvocationError: a value that cannot be used; names the variable.
    """
    pathways = environment.get("FHIR_GEPNET_PATHWAYS")
    limit = environment.get("FHIR_GEPNET_BODY_LIMIT") or str(DEFAULT_BODY_LIMIT)
    if not (limit.isascii() and limit.isdigit()):
        raise InvocationError("FHIR_GEPNET_BODY_LIMIT is not a whole number; give it in bytes")
    origins = environment.get("FHIR_GEPNET_ALLOWED_ORIGINS", "").split(",")
    return Configuration(
        pathways=Path(pathways) if pathways else None,
        zone=environment.get("FHIR_GEPNET_ZONE") or "UTC",
        body_limit=int(limit),
        allowed_origins=tuple(origin.strip() for origin in origins if origin.strip()),
    )


def _zone_named(name: str) -> tzinfo:
    # Not ZoneInfo("UTC"): small machines have no zone files, and the default must work there too.
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvocationError(
            f"there is no time zone {name!r} on this machine; give an IANA name such as Europe/Paris"
        ) from None


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
        raise InvocationError(
            f"the allowed origin {origin!r} is not an origin; write scheme://host[:port] without a path"
        )
