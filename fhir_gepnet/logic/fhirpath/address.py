"""Where in a formula something stands, so that a message can point at it."""

from __future__ import annotations

from dataclasses import dataclass

from fhir_gepnet.errors import Where

NOWHERE = Where("a FHIRPath expression")


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a formula and the address of the artefact that holds it."""

    text: str
    where: Where = NOWHERE

    def at(self, offset: int) -> Where:
        """The address of one character; of a text with several lines only its line is shown."""
        start = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        line = self.text[start:] if end < 0 else self.text[start:end]
        return Where(self.where.artifact, self.where.element, line, offset - start)
