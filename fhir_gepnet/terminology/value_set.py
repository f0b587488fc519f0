"""An expanded value set, and what being in it means.

Source: CQL 1.5 §9.2 and appendix B §23 (In value set), FHIR R4 ValueSet. Versions of systems do not
count in membership, as in CQL's equivalence of codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fhir_gepnet.fhir.coding import Code


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes of one value set, all of them.

    Attributes:
        url, version: of the resource; version "" when it has none.
        codes: (system, code).
        any_system: the codes alone, for CQL's ``'abc' in ValueSet``.
    """

    url: str
    version: str
    codes: frozenset[tuple[str, str]]
    any_system: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "any_system", frozenset(code for _, code in self.codes))

    @property
    def canonical(self) -> str:
        """``url|version``, or the url alone."""
        return f"{self.url}|{self.version}" if self.version else self.url

    def has(self, code: Code) -> bool | None:
        """Whether a code is a member.

        None when the code names no system but its text is a member in some system: data that
        say too little are unknown, neither in nor out.
        """
        if code.system is None:
            return None if code.code in self.any_system else False
        return (code.system, code.code) in self.codes

    def has_text(self, code: str) -> bool:
        """Whether a bare code is a member in any system (CQL: In with a String)."""
        return code in self.any_system

    def has_any(self, codes: Iterable[Code]) -> bool | None:
        """Whether one of several codes is a member: true beats unknown, unknown beats false."""
        answer: bool | None = False
        for code in codes:
            one = self.has(code)
            if one:
                return True
            if one is None:
                answer = None
        return answer
