"""Expressions made from pieces by a fixed seed: combinations that nobody writes down."""

from __future__ import annotations

import random
from pathlib import Path

from fhir_gepnet.json_io import read_json_file

PIECES: dict[str, list[str]] = read_json_file(Path(__file__).parent / "generated_pieces.json")


def expressions(count: int, seed: int) -> list[str]:
    """So many different expressions; the same for the same seed."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_expression(chance)] = None
    return list(found)


def _term(chance: random.Random) -> str:
    term = chance.choice(PIECES["paths"] if chance.random() < 0.6 else PIECES["literals"])
    for _ in range(chance.choice((0, 1, 1, 2))):
        safe = term[-1] == ")" or "." in term or term.isalpha()
        term = f"{term if safe else f'({term})'}.{chance.choice(PIECES['calls'])}"
    return term


def _expression(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return _term(chance)
    return f"({_term(chance)}) {chance.choice(PIECES['operators'])} ({_term(chance)})"
