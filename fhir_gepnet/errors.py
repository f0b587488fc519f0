"""Everything this project raises on purpose.

GepnetError
├── ArtifactError            the pathway's files are wrong          (the author fixes)
│   ├── UnresolvedReferenceError    a canonical, library, value set or action id leads nowhere
│   └── UnsupportedFeatureError     an element, node or function that we do not carry out
├── ExpressionError          a formula is wrong, or broke           (the author fixes)
│   ├── ParseError                  the text of a formula cannot be read
│   ├── TypeMismatchError           a formula combines what cannot be combined
│   └── EvaluationError             a formula broke on a patient
├── PatientDataError         this patient's JSON is wrong           (the sender fixes)
├── InvocationError          the call itself is wrong               (the caller fixes)
└── BudgetExceededError      an evaluation took more than it may    (the author or operator fixes)

"Unknown" (missing data, three-valued null) is a value, never an exception. No message carries
a value of a patient: these texts end up in logs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """The author's address of a formula or element, so that a message can be acted on.

    ``artifact`` is a canonical with version, a library identifier or a file; ``element`` is
    FHIRPath-like (``action[2].condition[0]``) or an ELM locator; ``text`` is the formula as
    written ("" when the address is an element only) and ``column`` is 0-based into it. ``local_id`` is
    that of the ELM node, for traces.
    """

    artifact: str
    element: str = ""
    text: str = ""
    column: int = 0
    local_id: str = ""

    def __str__(self) -> str:
        place = f"{self.artifact} at {self.element}" if self.element else self.artifact
        if not self.text:
            return f"in {place}"
        return f"in {place}\n    {self.text}\n    {' ' * self.column}^"


class GepnetError(Exception):
    """Root. Catch it at the edge: the command line, the HTTP application, a worker."""


class LocatedError(GepnetError):
    """A problem with an address and a remedy."""

    def __init__(self, where: Where, problem: str, remedy: str) -> None:
        # The same arguments go to Exception, so that the error survives pickling.
        super().__init__(where, problem, remedy)
        self.where, self.problem, self.remedy = where, problem, remedy

    def __str__(self) -> str:
        return f"{self.problem}\n  {self.where}\n  {self.remedy}"


class ArtifactError(LocatedError):
    """An artefact of a pathway is wrong; says which, where and what to do."""


class UnresolvedReferenceError(ArtifactError):
    """Something names an artefact, expansion, library or action that is not there."""


class UnsupportedFeatureError(ArtifactError):
    """An element, ELM node or function that this engine does not carry out: refused at load."""


class PathwayError(ArtifactError):
    """A pathway folder does not load; carries every problem found, not only the first."""

    def __init__(self, where: Where, problems: Iterable[GepnetError]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            where,
            f"{count} problem{'s' if count != 1 else ''} found while loading",
            "mend them; `gepnet check FOLDER` lists them again",
        )

    def __reduce__(self) -> tuple[type[PathwayError], tuple[Where, tuple[GepnetError, ...]]]:
        return PathwayError, (self.where, self.problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"- {problem}" for problem in self.problems)])


class ExpressionError(LocatedError):
    """A formula could not be read, typed or evaluated."""


class ParseError(ExpressionError):
    """The text of a formula cannot be read; the column says where."""


class TypeMismatchError(ExpressionError):
    """A formula combines types that cannot be combined, or names an element that does not exist."""


class EvaluationError(ExpressionError):
    """A formula broke while it was evaluated on a patient."""


class BudgetExceededError(GepnetError):
    """An evaluation took more steps, depth, items or time than it may.

    Attributes:
        problem: which limit, in words.
        where: the define or expression; None while that is not known, deep inside an evaluation.
        remedy: what to do.
    """

    def __init__(
        self,
        problem: str,
        where: Where | None = None,
        remedy: str = "make the formula or the data smaller, or allow more with a larger budget",
    ) -> None:
        super().__init__(problem, where, remedy)
        self.problem, self.where, self.remedy = problem, where, remedy

    def at(self, where: Where) -> BudgetExceededError:
        """The same error with its place, unless it has one already."""
        return self if self.where is not None else BudgetExceededError(self.problem, where, self.remedy)

    def __str__(self) -> str:
        return "\n  ".join(str(each) for each in (self.problem, self.where, self.remedy) if each)


class PatientDataError(GepnetError):
    """This patient's JSON cannot be used as it is; says which part, never its content."""


class InvocationError(GepnetError):
    """The call is wrong: no subject, an unknown plan, a naive ``now``, a parameter nobody declares."""
