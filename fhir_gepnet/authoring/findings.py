"""What ``gepnet check`` reports: one finding per fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fhir_gepnet.errors import GepnetError, LocatedError, Where

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in a pathway folder.

    Attributes:
        severity: ``error`` fails the check, ``warning`` does not.
        where: the author's address.
        problem: what is wrong.
        remedy: what to do, "" when the problem says it.
    """

    severity: Severity
    where: Where
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.severity}: {self.where.artifact}{self._element()}: {self.problem}{remedy}"

    def _element(self) -> str:
        return f" {self.where.element}" if self.where.element else ""


def finding_of(error: GepnetError) -> Finding:
    """A problem of loading, as a finding."""
    if isinstance(error, LocatedError):
        text = f" ({error.where.text})" if error.where.text else ""
        return Finding("error", error.where, f"{error.problem}{text}", error.remedy)
    return Finding("error", Where("the folder"), str(error))
