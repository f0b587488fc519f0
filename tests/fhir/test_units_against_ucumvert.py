"""Our units beside ucumvert's (PyPI, on pint): the same sizes and dimensions, or a written cause.

The peer is no dependency of ours; ``scripts/install_peers`` puts it into the user's cache.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fhir_gepnet.fhir.unit_table import ATOMS, CALENDAR, PREFIXES
from fhir_gepnet.fhir.units import conversion, parse_unit, unit_parts
from fhir_gepnet.json_io import read_json, read_json_file, write_json

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
PEER = CACHE / "fhir_gepnet" / "benchmarks" / "ucumvert"
TABLES: dict[str, Any] = read_json_file(HERE / "peer_units.json")
CAUSES: dict[str, str] = {
    text: cause for cause, texts in read_json_file(HERE / "peer_units_causes.json").items() for text in texts
}
"""Atom, dimension or whole unit -> why the peer says something else."""
PINT = {
    "m": {"[length]": 1}, "s": {"[time]": 1}, "g": {"[mass]": 1}, "K": {"[temperature]": 1},
    "C": {"[current]": 1, "[time]": 1}, "cd": {"[luminosity]": 1}, "mol": {"[substance]": 1},
}  # fmt: skip
"""Our dimensions in the peer's. Those that are not here (rad, arbitrary units) need a cause."""

needs_peer = pytest.mark.skipif(
    not PEER.is_dir(), reason="ucumvert is not there; scripts/install_peers installs it"
)
pytestmark = [needs_peer, pytest.mark.once]


def asked_of_peer(questions: list[Any]) -> list[dict[str, Any]]:
    """The peer's answers; in a process of its own, because it warns and is slow to start."""
    done = subprocess.run(
        [sys.executable, str(HERE / "ask_ucumvert.py")],
        input=write_json(questions),
        env=os.environ | {"PYTHONPATH": str(PEER)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, Any]] = read_json(done.stdout, "the peer's answers")
    assert len(found) == len(questions)
    return found


def units_of_content() -> list[str]:
    """Every text in the CQL of our pathways that one could take for a unit."""
    files = sorted((ROOT / "plandefinitions").glob("*/library/cql/*.cql"))
    texts = {text for file in files for text in re.findall(r"'([^' ]{1,20})'", file.read_text())}
    # Codes of other systems that happen to be a number, or a letter with one.
    texts = {
        text
        for text in texts
        if not re.fullmatch(r"[A-Z]?\d+", text) and text.removesuffix("s") not in CALENDAR
    }
    return sorted(text for text in texts if parse_unit(text) is not None)


@cache
def units() -> list[str]:
    """The clinical units, those of our content, every atom with some prefixes, and combinations."""
    metric = [code for code, atom in ATOMS.items() if atom.metric]
    prefixed = [prefix + code for prefix in TABLES["prefixes"] for code in metric]
    divided = [f"{above}/{below}" for above in TABLES["numerators"] for below in TABLES["denominators"]]
    groups = [
        TABLES["clinical"],
        units_of_content(),
        ATOMS,
        prefixed,
        divided,
        TABLES["whole"],
        TABLES["no_units"],
    ]
    return list(dict.fromkeys(text for group in groups for text in group))


def atoms_of(text: str) -> set[str]:
    """The atoms of a unit, without prefixes; and the text itself, for a cause of its own."""
    found = {text}
    for part, _ in unit_parts(text) if parse_unit(text) is not None else ():
        whole = part in ATOMS or part.isdigit()
        prefix = next(
            (each for each in (part[:1], part[:2]) if each in PREFIXES and part[len(each) :] in ATOMS), ""
        )
        found.add(part if whole else part[len(prefix) :])
        if prefix and not whole:
            found.add(f"prefix {prefix}")
    unit = parse_unit(text)
    return found | {base for base, _ in unit.dimensions if base not in PINT} if unit else found


def disagreement(text: str, peer: dict[str, Any]) -> str:
    """What differs, "" when nothing does."""
    ours = parse_unit(text)
    if ours is None or "error" in peer:
        return "" if ours is None and "error" in peer else f"ours {ours}, the peer's {peer}"
    dimensions: dict[str, float] = {}
    size = ours.factor
    for base, power in ours.dimensions:
        for name, times in PINT.get(base, {base: 1}).items():
            dimensions[name] = dimensions.get(name, 0) + power * times
        if base == "g":
            size /= Fraction(1000) ** power  # the peer counts in kilograms
    dimensions = {name: power for name, power in dimensions.items() if power}
    if dimensions != peer["dimensions"]:
        return f"measures {dimensions}, the peer says {peer['dimensions']}"
    return (
        ""
        if abs(Fraction(peer["factor"]) / size - 1) < Fraction(1, 10**9)
        else f"{float(size)}, not {peer['factor']}"
    )


def test_every_disagreement_has_its_cause() -> None:
    every = units()
    assert len(every) > 900, "several hundred units beside the clinical ones"
    found = {
        text: what
        for text, peer in zip(every, asked_of_peer(every), strict=True)
        if (what := disagreement(text, peer))
    }
    explained = {text: atoms_of(text) & CAUSES.keys() for text in found}
    assert {text: what for text, what in found.items() if not explained[text]} == {}
    used = {cause for causes in explained.values() for cause in causes}
    assert sorted(CAUSES.keys() - used) == [], "these explain nothing: take them off the list"
    assert len(found) < len(every) / 4


def test_clinical_units_do_not_disagree() -> None:
    asked = [
        text for text in (*TABLES["clinical"], *units_of_content()) if not atoms_of(text) & CAUSES.keys()
    ]
    assert len(asked) > 45
    for text, peer in zip(asked, asked_of_peer(asked), strict=True):
        assert disagreement(text, peer) == "", text


def test_conversions_of_values() -> None:
    """Between commensurable units and on temperature scales; and no number between unlike ones."""
    some = [text for text in TABLES["clinical"] if not atoms_of(text) & CAUSES.keys()]
    pairs = [["2", one, other] for one in some for other in some]
    asked = [*TABLES["scales"], *pairs]
    numbers = 0
    for (value, source, target), peer in zip(asked, asked_of_peer(asked), strict=True):
        how = conversion(source, target)
        assert (how is None) is ("error" in peer), (source, target)
        if how is not None:
            ours = Fraction(value) * how[0] + how[1]
            assert abs(ours - Fraction(peer["value"])) <= max(abs(ours), 1) / 10**9, (value, source, target)
            numbers += 1
    assert numbers > 150
