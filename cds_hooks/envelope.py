"""The envelope of a hook request: the small members are checked, the patient's data stay as they came.

Source: CDS Hooks 2.0 "Calling a CDS Service" and the hook definitions (Library 1.0.1). Unknown
members are ignored at every level, because real clients send their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from cds_hooks.responses import Problem, RefusedError

Text = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A hook request, checked.

    Attributes:
        hook: the service's hook.
        hook_instance: as sent; not a UUID from every client, and the same for several calls from some.
        patient_id: id without ``Patient/``.
        user_id: reference of the user.
        prefetch: key -> raw value; empty when the client sent none.
    """

    hook: str
    hook_instance: str
    patient_id: str
    user_id: str
    prefetch: Mapping[str, Any]


class PatientViewContext(BaseModel):
    """Context of patient-view 1.0."""

    userId: Text  # noqa: N815 - the wire name
    patientId: Text  # noqa: N815
    encounterId: str | None = None  # noqa: N815

    @field_validator("patientId")
    @classmethod
    def _bare(cls, value: str) -> str:
        # The hook defines a bare id; some clients send the reference.
        bare = value.removeprefix("Patient/")
        if not bare or "/" in bare:
            raise PydanticCustomError("bare_id", "must be the id of a Patient")
        return bare


CONTEXTS: dict[str, type[PatientViewContext]] = {"patient-view": PatientViewContext}
"""The hooks that this service answers, with the model of their context."""


class Authorization(BaseModel):
    """fhirAuthorization. An empty or absent token means that the client grants no access."""

    access_token: str = ""
    token_type: str | None = None
    expires_in: int | None = None
    scope: str | None = None
    subject: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.access_token:
            for name in ("token_type", "expires_in", "scope", "subject"):
                if getattr(self, name) is None:
                    raise PydanticCustomError(
                        "incomplete", "needs {name} beside access_token", {"name": name}
                    )
            if (self.token_type or "").lower() != "bearer":
                raise PydanticCustomError("token_type", "token_type must be Bearer")
        return self


class HookRequest(BaseModel):
    """The members of the request that are looked at before any patient data."""

    hook: Text
    hookInstance: Text  # noqa: N815
    context: dict[str, Any]
    fhirServer: Text | None = None  # noqa: N815
    fhirAuthorization: Authorization | None = None  # noqa: N815

    @field_validator("fhirServer")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise PydanticCustomError("url", "must be an absolute http or https URL")
        return value

    @model_validator(mode="after")
    def _server_for_token(self) -> Self:
        authorization = self.fhirAuthorization
        if authorization is not None and authorization.access_token and self.fhirServer is None:
            raise PydanticCustomError("no_server", "fhirServer is required when fhirAuthorization is present")
        return self


MEMBERS = tuple(HookRequest.model_fields)
WORDS = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
}
OURS = {"bare_id", "incomplete", "token_type", "url", "no_server"}


def read_envelope(document: object, hook: str) -> Envelope:
    """Check the parsed body of a request to a service that is registered for ``hook``.

    Args:
        document: the parsed JSON body.
        hook: the service's hook, a key of ``CONTEXTS``.

    Raises:
        RefusedError: 400 with one issue per member that is missing or wrong; no value is repeated.
    """
    if not isinstance(document, dict):
        raise RefusedError(400, [Problem("structure", "the request body must be a JSON object")])
    # Without prefetch: pydantic would walk a whole patient to find that it may be anything.
    members = {name: document[name] for name in MEMBERS if name in document}
    problems: list[Problem] = []
    prefetch = document.get("prefetch")
    if prefetch is not None and not isinstance(prefetch, dict):
        problems.append(Problem("structure", "prefetch must be an object", "prefetch"))
    try:
        request = HookRequest.model_validate(members)
    except ValidationError as error:
        problems += _problems(error, "")
        raise RefusedError(400, problems) from None
    if request.hook != hook:
        text = f"hook must be {hook} at this address; GET /cds-services lists the services of other hooks"
        problems.append(Problem("value", text, "hook"))
    try:
        context = CONTEXTS[hook].model_validate(request.context)
    except ValidationError as error:
        problems += _problems(error, "context")
        raise RefusedError(400, problems) from None
    if problems:
        raise RefusedError(400, problems)
    return Envelope(hook, request.hookInstance, context.patientId, context.userId, prefetch or {})


def _problems(error: ValidationError, prefix: str) -> list[Problem]:
    """In our own words: pydantic's texts may repeat what was sent."""
    found = []
    for each in error.errors(include_url=False, include_input=False):
        element = ".".join(filter(None, [prefix, *map(str, each["loc"])]))
        words = each["msg"] if each["type"] in OURS else WORDS.get(each["type"], "is not valid")
        code = "required" if each["type"] in ("missing", "incomplete", "no_server") else "value"
        found.append(Problem(code, f"{element} {words}".strip(), element))
    return found
