"""What a run of an official suite says: how many cases pass, and why each of the others does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

WRONG_VALUE, INVALID_ACCEPTED = "wrong value", "invalid accepted"
REFUSED, NOT_TRANSLATED = "error", "not translated"
KINDS = (WRONG_VALUE, INVALID_ACCEPTED, REFUSED, NOT_TRANSLATED)
"""A value that is not the wanted one; a value where an error is wanted; an error of ours where a value is
wanted; no ELM from the translator."""


class Failure(NamedTuple):
    """One case that does not pass: one of ``KINDS``, and what happened."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """One run: failures and the causes that we know, both by the name of the case."""

    suite: str
    cases: int
    failures: Mapping[str, Failure]
    causes: Mapping[str, str]

    @property
    def passed(self) -> int:
        """Number of cases that give what the suite wants."""
        return self.cases - len(self.failures)

    def count(self) -> dict[str, int]:
        """Number of failures by kind, all kinds."""
        found = Counter(failure.kind for failure in self.failures.values())
        return {kind: found[kind] for kind in KINDS}

    def without_cause(self) -> list[str]:
        """Failures that nobody has explained, with what happened."""
        return [
            f"{name}: {failure.kind}: {failure.text}"
            for name, failure in self.failures.items()
            if name not in self.causes
        ]

    def causes_without_failure(self) -> list[str]:
        """Listed cases that pass: they are to be taken off the list."""
        return sorted(self.causes.keys() - self.failures.keys())
