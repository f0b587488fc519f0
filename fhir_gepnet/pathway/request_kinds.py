"""The kinds of request that an ActivityDefinition may make (FHIR R4, request-resource-types).

One entry per kind: how each element of the definition goes into it, what it needs in R4, where the
subject, the caller's context and the moment go. Where R4 leaves open how, the choice is ours; it is
written down in ``docs/apply.md`` under statement 51.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_gepnet.pathway.request_copies import (
    Copy,
    artifact_payload,
    below,
    coded_priority,
    extension_canonical,
    in_first,
    in_part,
    instantiates_canonical,
    invited,
    invited_roles,
    modifier_do_not_perform,
    never_negative,
    only,
    participant_types,
    performer_type,
    performer_types,
    text_payload,
    to,
    to_choice,
    to_list,
)

REQUESTED = frozenset(
    {
        "proposal", "plan", "directive", "order", "original-order", "reflex-order", "filler-order",
        "instance-order", "option",
    }
)  # fmt: skip
"""RequestIntent."""
WITHOUT_DIRECTIVE = REQUESTED - {"directive"}
PLANNED = frozenset({"proposal", "plan", "order", "option"})


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of request is made.

    Attributes:
        subject: writes the reference of the patient.
        copies: element of the definition -> how it enters the draft.
        canonical: writes ``instantiatesCanonical``.
        status: what a draft of this kind has as its status; None where there is none.
        intents: codes that its ``intent`` may have; empty where it has none.
        context: (element, entries of the caller's context, the first that is there) pairs.
        moments: elements that take the moment of the application, because R4 requires them.
        fixed: other elements that R4 requires and that follow from its being a proposal.
        required: what R4 or its meaning requires, each as the dotted JSON paths that would do.
    """

    subject: Copy
    copies: Mapping[str, Copy]
    canonical: Copy = instantiates_canonical
    status: str | None = "draft"
    intents: frozenset[str] = frozenset()
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()
    moments: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[tuple[str, ...], ...] = ()


ENCOUNTER = ("encounter", ("encounter",))
PERSON = ("practitioner",)
ANYBODY = ("practitioner", "organization")
"""A practitioner, and without one the organization, where R4 takes either."""


def _requested_by(element: str, who: tuple[str, ...] = ANYBODY) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (ENCOUNTER, (element, who))


def _occurrence(*types: str) -> dict[str, Copy]:
    return {f"timing{each[0].upper()}{each[1:]}": to(f"occurrence{each}") for each in types}


def _choice(element: str, **sources: str) -> dict[str, Copy]:
    keys = sorted({f"{element}{each}" for each in sources.values()})
    return {
        source: to_choice(f"{element}{of}", *(key for key in keys if key != f"{element}{of}"))
        for source, of in sources.items()
    }


_NEGATIVE = {"doNotPerform": modifier_do_not_perform}
_NEVER_NEGATIVE = {"doNotPerform": never_negative}
_PRODUCT_OR_CODE = {
    "code": "CodeableConcept",
    "productCodeableConcept": "CodeableConcept",
    "productReference": "Reference",
}
CLAIM_NEEDS = (
    "type", "priority", "provider", "item.productOrService", "insurance.sequence", "insurance.focal",
    "insurance.coverage",
)  # fmt: skip
_LENS = "lensSpecification"
_VACCINE = "recommendation"

KINDS: dict[str, Kind] = {
    "Appointment": Kind(
        subject=invited,
        copies={
            "code": to_list("serviceType"),
            "timingPeriod": to_list("requestedPeriod"),
            "location": invited,
            "participant": invited_roles,
            **_NEVER_NEGATIVE,
        },
        canonical=extension_canonical,
        status="proposed",
    ),
    "AppointmentResponse": Kind(
        subject=to("actor"),
        copies={"participant": participant_types, **_NEVER_NEGATIVE},
        canonical=extension_canonical,
        status=None,
        fixed={"participantStatus": "needs-action"},
        required=(("appointment",),),
    ),
    "CarePlan": Kind(
        subject=to("subject"),
        copies={
            name: in_first("activity", in_part("detail", copy))
            for name, copy in {
                "code": to("code"),
                "doNotPerform": to("doNotPerform"),
                "location": to("location"),
                "quantity": to("quantity"),
                "productCodeableConcept": to("productCodeableConcept"),
                "productReference": to("productReference"),
                "timingTiming": to("scheduledTiming"),
                "timingPeriod": to("scheduledPeriod"),
            }.items()
        },
        intents=PLANNED,
        context=_requested_by("author"),
        fixed={"activity": [{"detail": {"status": "not-started"}}]},
    ),
    "Claim": Kind(
        subject=to("patient"),
        copies={
            "code": in_first("item", to("productOrService")),
            "quantity": in_first("item", to("quantity")),
            "bodySite": in_first("item", only("bodySite")),
            "location": in_first("item", to("locationReference")),
            "timingPeriod": in_first("item", to("servicedPeriod")),
            "priority": coded_priority,
            **_NEVER_NEGATIVE,
        },
        canonical=extension_canonical,
        context=(("provider", ANYBODY),),
        moments=("created",),
        # A question what would be covered, not a bill.
        fixed={"use": "predetermination", "item": [{"sequence": 1}]},
        required=tuple((each,) for each in CLAIM_NEEDS),
    ),
    "CommunicationRequest": Kind(
        subject=to("subject"),
        copies={
            "code": text_payload,
            "relatedArtifact": artifact_payload,
            "priority": to("priority"),
            "doNotPerform": to("doNotPerform"),
            **_occurrence("DateTime", "Period"),
        },
        canonical=extension_canonical,
        context=_requested_by("requester"),
    ),
    "Contract": Kind(
        subject=to_list("subject"),
        copies={"code": to("topicCodeableConcept"), "timingPeriod": to("applies"), **_NEVER_NEGATIVE},
        canonical=extension_canonical,
        status="offered",
        context=(("author", ANYBODY),),
    ),
    "DeviceRequest": Kind(
        subject=to("subject"),
        copies={
            **_choice("code", **_PRODUCT_OR_CODE),
            "priority": to("priority"),
            "participant": performer_type,
            **_occurrence("Timing", "DateTime", "Period"),
            **_NEGATIVE,
        },
        intents=REQUESTED,
        context=_requested_by("requester"),
        required=(("codeCodeableConcept", "codeReference", "code"),),
    ),
    "EnrollmentRequest": Kind(
        subject=to("candidate"),
        copies={**_NEVER_NEGATIVE},
        canonical=extension_canonical,
        context=(("provider", ANYBODY),),
    ),
    "ImmunizationRecommendation": Kind(
        subject=to("patient"),
        copies={
            "code": in_first(_VACCINE, to_choice("targetDisease")),
            "productCodeableConcept": in_first(_VACCINE, to_list("vaccineCode")),
            **_NEVER_NEGATIVE,
        },
        canonical=extension_canonical,
        status=None,
        moments=("date",),
        fixed={
            _VACCINE: [
                {
                    "forecastStatus": {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status",
                                "code": "due",
                            }
                        ]
                    }
                }
            ]
        },
        required=((f"{_VACCINE}.vaccineCode", f"{_VACCINE}.targetDisease"),),
    ),
    "MedicationRequest": Kind(
        subject=to("subject"),
        copies={
            "productCodeableConcept": to("medicationCodeableConcept"),
            "productReference": to("medicationReference"),
            "dosage": to("dosageInstruction"),
            "priority": to("priority"),
            "doNotPerform": to("doNotPerform"),
            "quantity": below("dispenseRequest", "quantity"),
            "participant": performer_type,
        },
        intents=WITHOUT_DIRECTIVE,
        context=_requested_by("requester"),
        required=(("medicationCodeableConcept", "medicationReference", "medication"),),
    ),
    "NutritionOrder": Kind(
        subject=to("patient"),
        copies={
            "code": in_part("oralDiet", to_list("type")),
            "timingTiming": in_part("oralDiet", to_list("schedule")),
            "productCodeableConcept": in_first("supplement", to("type")),
            "quantity": in_first("supplement", to("quantity")),
            **_NEGATIVE,
        },
        intents=REQUESTED,
        context=_requested_by("orderer", PERSON),
        moments=("dateTime",),
        required=(("oralDiet", "supplement", "enteralFormula"),),
    ),
    "ServiceRequest": Kind(
        subject=to("subject"),
        copies={
            "code": to("code"),
            "priority": to("priority"),
            "doNotPerform": to("doNotPerform"),
            "bodySite": to("bodySite"),
            "quantity": to("quantityQuantity"),
            **_occurrence("Timing", "DateTime", "Period"),
            "location": to_list("locationReference"),
            "participant": performer_type,
        },
        intents=REQUESTED,
        context=_requested_by("requester"),
        required=(("code",),),
    ),
    "SupplyRequest": Kind(
        subject=to("deliverTo"),
        copies={
            **_choice("item", **_PRODUCT_OR_CODE),
            "quantity": to("quantity"),
            "priority": to("priority"),
            **_occurrence("Timing", "DateTime", "Period"),
            **_NEGATIVE,
        },
        canonical=extension_canonical,
        context=(("requester", ANYBODY),),
        required=(("itemCodeableConcept", "itemReference", "item"), ("quantity",)),
    ),
    "Task": Kind(
        subject=to("for"),
        copies={
            "code": to("code"),
            "priority": to("priority"),
            "timingPeriod": below("restriction", "period"),
            "location": to("location"),
            "participant": performer_types,
            **_NEGATIVE,
        },
        canonical=to("instantiatesCanonical"),
        intents=WITHOUT_DIRECTIVE,
        context=_requested_by("requester"),
    ),
    "VisionPrescription": Kind(
        subject=to("patient"),
        copies={
            "code": in_first(_LENS, to_choice("product")),
            "productCodeableConcept": in_first(_LENS, to_choice("product")),
            **_NEGATIVE,
        },
        canonical=extension_canonical,
        context=_requested_by("prescriber", PERSON),
        moments=("created", "dateWritten"),
        required=((f"{_LENS}.product",), (f"{_LENS}.eye",), ("prescriber",)),
    ),
}

EVENTS = frozenset(
    {
        "ChargeItem", "ClaimResponse", "ClinicalImpression", "Communication", "Composition", "Condition",
        "Consent", "Coverage", "DeviceUseStatement", "DiagnosticReport", "Encounter", "EnrollmentResponse",
        "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "GuidanceResponse", "ImagingStudy",
        "Immunization", "MeasureReport", "Media", "MedicationAdministration", "MedicationDispense",
        "MedicationStatement", "Observation", "PaymentNotice", "PaymentReconciliation", "Procedure",
        "QuestionnaireResponse", "RiskAssessment", "SupplyDelivery",
    }
)  # fmt: skip
"""What happened, not what is asked for (FHIR R4, event-resource-types): never a kind."""
