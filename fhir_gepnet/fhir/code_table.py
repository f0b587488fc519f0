"""Which retrieves want which code: all coded retrieves of one element answered in one pass over a record.

A pathway asks dozens of questions of the form "resources of this type whose code is one of these".
Turned round, they are one table from code to questions, and each coding of the record is looked up
once. Most codings of a real record are asked for by nobody and cost one look-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Key = tuple[str, str]
"""System ("" for none) and code."""


@dataclass(slots=True, eq=False)
class CodeTable:
    """The questions about one element of one resource type. Filled while loading, then only read.

    Attributes:
        resource_type: ``Observation``.
        element: as ``PatientRecord.index`` names it.
        wanted: code -> system -> numbers of the questions that it answers.
    """

    resource_type: str
    element: str
    wanted: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    _numbers: dict[frozenset[Key], int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._numbers)

    def question(self, keys: Iterable[Key]) -> int:
        """The number of the question for any of these codings; the same codings are one question."""
        asked = frozenset(keys)
        number = self._numbers.get(asked)
        if number is None:
            number = self._numbers[asked] = len(self._numbers)
            for system, code in asked:
                systems = self.wanted.setdefault(code, {})
                systems[system] = (*systems.get(system, ()), number)
        return number
