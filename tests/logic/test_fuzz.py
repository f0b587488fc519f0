"""The short form of scripts/fuzz_expressions: its first few thousand expressions, and damage by name."""

from __future__ import annotations

import itertools
import os
from random import Random

import fuzzing
import generated_elm
import pytest
from fuzzing import TASKS, Counts, TooSlow, at_most, fuzz
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from fhir_gepnet.errors import ArtifactError, PathwayError
from fhir_gepnet.logic import load_libraries

pytestmark = pytest.mark.once

COUNT = 4000
EXAMPLES = int(os.environ.get("FHIR_GEPNET_FUZZ_EXAMPLES", "100"))


def test_the_first_expressions_end_in_an_answer_or_an_error_of_ours() -> None:
    counts = Counts()
    fuzz(range(COUNT), counts, seconds=10)
    assert sum(counts.tried.values()) == COUNT
    assert counts.tried.keys() == TASKS.keys()
    assert all(counts.answered[kind] for kind in TASKS), "some of each kind have to be right"
    assert list(counts.findings.values()) == []


def test_the_same_number_makes_the_same_expression() -> None:
    for task in TASKS.values():
        assert task(Random(7))[0] == task(Random(7))[0]


def test_what_hangs_is_stopped() -> None:
    with pytest.raises(TooSlow), at_most(0.01):
        sum(1 for _ in itertools.repeat(1))  # in Python itself, where a signal can stop it


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.randoms(use_true_random=False), some.integers(0, len(generated_elm.TABLES) - 1))
def test_damaged_elm_in_both_back_ends(random: Random, number: int) -> None:
    library = generated_elm.damaged(random, fuzzing.material()[number])
    fuzzing.run_elm(library, number, ("source", "closures"))


NOT_ELM = (
    None, [], "ELM", {}, {"identifier": "A"}, {"identifier": {"id": {"a": 1}}}, {"library": []},
    {"identifier": {"id": "A"}, "statements": {"def": [{"expression": {"type": "Null"}}]}},
    {"identifier": {"id": "A"}, "statements": {"def": [{"name": "X", "expression": []}]}},
    {"identifier": {"id": "A"}, "statements": {"def": [{"name": "X", "expression": "Null"}]}},
    {"identifier": {"id": "A"},
        "statements": {"def": [{"name": "X", "expression": {"type": ["Null"]}}]}},
    {"identifier": {"id": "A"}, "statements": {"def": [{"name": "X", "resultTypeSpecifier": 5}]}},
    {"identifier": {"id": "A"},
        "statements": {"def": [{"name": "X", "expression": {"type": "Not", "operand": []}}]}},
    {"identifier": {"id": "A"},
        "statements": {"def": [{"name": "X", "expression": {"type": "And", "operand": [{}]}}]}},
    {"identifier": {"id": "A"}, "statements": {"def": [{"name": "X", "expression": {"type": "Literal"}}]}},
    {"identifier": {"id": "A"}, "includes": {"def": [{"path": "B"}]}},
    {"identifier": {"id": "A"},
        "parameters": {"def": [{"name": "P", "parameterTypeSpecifier": {"type": "List"}}]}},
)  # fmt: skip


@pytest.mark.parametrize("document", NOT_ELM, ids=repr)
def test_what_is_no_elm_is_refused_by_name(document: object) -> None:
    with pytest.raises(PathwayError) as caught:
        load_libraries([document])
    assert all(isinstance(problem, ArtifactError) and problem.remedy for problem in caught.value.problems)
