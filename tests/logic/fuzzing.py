"""Run generated expressions: what is no answer and no error of ours, in time, is a finding."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import generated_elm
import generated_fhirpath

from fhir_gepnet.errors import GepnetError
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.json_io import read_json_file, write_json
from fhir_gepnet.logic import load_libraries
from fhir_gepnet.logic.budget import Budget
from fhir_gepnet.logic.fhirpath.expression import compile_fhirpath

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RESOURCES: dict[str, Any] = read_json_file(Path(__file__).parent / "fhirpath" / "resources.json")
NAMES = sorted(RESOURCES)
SECONDS = 10.0
"""One expression on one small resource may take this much CPU; more is a hang. Not one second, because
``repeatAll`` may gather 200,000 items."""


class TooSlow(BaseException):
    """The time limit has passed. Not an Exception, so that nobody who catches those swallows it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An expression that ended in something else than an answer or an error of ours."""

    kind: str
    number: int
    expression: str
    error: str
    place: str


@dataclass(slots=True)
class Counts:
    """What happened: expressions by kind, how many gave an answer, and the findings by their place."""

    tried: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the block when it takes more CPU (POSIX, main thread): other load is no hang."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run_fhirpath(text: str, random: Random) -> bool:
    """Whether an expression gives an answer on one of the small resources; else an error of ours."""
    try:
        resource = RESOURCES[random.choice(NAMES)]
        # Without a budget generated code runs, with one the closures; what grows without end needs one.
        budget = Budget() if "repeatAll" in text or random.random() < 0.25 else None
        answer = compile_fhirpath(text)(resource, now=NOW, budget=budget)
    except GepnetError as error:
        str(error)
        return False
    assert isinstance(answer, list), "an answer is a list"
    return True


@cache
def _record(number: int) -> PatientRecord:
    return PatientRecord.of(material()[number].record)


@cache
def material() -> tuple[generated_elm.Material, ...]:
    return generated_elm.material()


@cache
def _conversions() -> Any:
    from test_elm_tables import conversions

    return conversions()


def run_elm(library: Any, number: int, back_ends: tuple[str, ...]) -> bool:
    """Whether a library loads and every define is evaluated; both back ends have to agree."""
    documents = [library]
    if b'"libraryName"' in write_json(library):
        documents.append(_conversions())
    answers = []
    for back_end in back_ends:
        try:
            libraries = load_libraries(documents, value_sets=material()[number].value_sets, back_end=back_end)
            answers.append(repr([each.evaluate(_record(number), now=NOW) for each in libraries.values()]))
        except GepnetError as error:
            str(error)
            answers.append("")
    assert len(set(answers)) == 1, "the back ends disagree"
    return bool(answers[0])


Task = tuple[str, Callable[[], bool]]


def _fhirpath(make: Callable[[Random], str]) -> Callable[[Random], Task]:
    def task(random: Random) -> Task:
        text = make(random)
        return text, lambda: run_fhirpath(text, random)

    return task


def _elm(random: Random) -> Task:
    number = random.randrange(len(material()))
    library = generated_elm.damaged(random, material()[number])
    back_ends = ("source", "closures") if random.random() < 0.2 else ("closures",)
    return write_json(library).decode(), lambda: run_elm(library, number, back_ends)


TASKS: dict[str, Callable[[Random], Task]] = {
    "FHIRPath, whole": _fhirpath(generated_fhirpath.whole),
    "FHIRPath, nearly whole": _fhirpath(generated_fhirpath.nearly_whole),
    "FHIRPath, damaged": _fhirpath(generated_fhirpath.damaged),
    "ELM, damaged": _elm,
}
SHARES = {
    "FHIRPath, whole": 0.35,
    "FHIRPath, nearly whole": 0.15,
    "FHIRPath, damaged": 0.25,
    "ELM, damaged": 0.25,
}


def fuzz(numbers: Iterable[int], counts: Counts, seconds: float = SECONDS) -> None:
    """Make and run one expression per number; the number alone decides what it is.

    Findings are kept by kind of error and place, one each.
    """
    names, weights = list(SHARES), list(SHARES.values())
    for number in numbers:
        random = Random(number)
        kind = random.choices(names, weights)[0]
        text, run = TASKS[kind](random)
        counts.tried[kind] = counts.tried.get(kind, 0) + 1
        try:
            with at_most(seconds):
                answered = run()
        except (Exception, TooSlow) as error:  # noqa: BLE001  (whatever it is, it is a finding)
            place = place_of(error)
            if place not in counts.findings:
                counts.findings[place] = Finding(
                    kind, number, text, f"{type(error).__name__}: {error}"[:300], place
                )
        else:
            counts.answered[kind] = counts.answered.get(kind, 0) + answered


def place_of(error: BaseException) -> str:
    """Kind of the error with the innermost line of ours; where it hangs is told without the line."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "fhir_gepnet" in each.filename]
    if isinstance(error, TooSlow):
        return f"TooSlow in {frames[-1].name if frames else '?'}"
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno} {last.name}"
