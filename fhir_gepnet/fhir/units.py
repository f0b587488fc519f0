"""Units of measure: reading UCUM terms, converting between them exactly.

Source: UCUM 2.2 §§2-12 (grammar, case-sensitive), CQL 1.5 §2.2.6 (calendar durations). Every
distinct text is read once per process. Factors are fractions, so nothing is lost on the way.
Annotations (``{score}``, ``{1.73_m2}``) have no meaning in UCUM and are dropped: what must not be
mixed up has to be told apart by the code of the observation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from fhir_gepnet.fhir.unit_table import ATOMS, CALENDAR, PREFIXES, Atom

LONGEST = 200
LARGEST_EXPONENT = 64
"""Units come with patient data; a number like 10*999999999 must not be computed."""

_part = re.compile(r"(?:\[[^\]]*\]|[^./(){}\[\]\s])+", re.ASCII)
_with_exponent = re.compile(r"(10\*|10\^|.*[^0-9+-])([+-]?[0-9]+)?", re.ASCII)

Part = tuple[str, int]
"""A unit atom with its prefix, or a whole number, as written; and its exponent."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in its canonical form: ``factor`` times its dimensions, the scale beginning at ``zero``.

    Attributes:
        factor: size in the base units.
        dimensions: (base unit, exponent), sorted, without zeros; () for a pure number.
        zero: offset of the scale in own steps (273.15 for ``Cel``), else 0.
    """

    factor: Fraction
    dimensions: tuple[Part, ...]
    zero: Fraction = Fraction(0)


class _UnitError(ValueError):
    """Why a text is no unit that we know; never leaves this module."""


@lru_cache(maxsize=8192)
def _read(text: str) -> Unit | str:
    """The unit, or why the text is none."""
    try:
        name = text.removesuffix("s") if text not in ATOMS else text
        if name in CALENDAR:
            return _canonical(CALENDAR[name], name)
        parts = unit_parts(text)
        if len(parts) == 1 and parts[0][1] == 1:
            return _atom(parts[0][0])
        factor, dimensions = Fraction(1), dict[str, int]()
        for part, exponent in parts:
            unit = _atom(part)
            if unit.zero:
                raise _UnitError("a temperature scale cannot be combined with other units")
            factor *= unit.factor**exponent
            for base, power in unit.dimensions:
                dimensions[base] = dimensions.get(base, 0) + power * exponent
        return Unit(factor, tuple(sorted((base, power) for base, power in dimensions.items() if power)))
    except _UnitError as error:
        return str(error)


def parse_unit(text: str) -> Unit | None:
    """A UCUM term or CQL calendar duration; None when it is no unit known here (see ``problem_with``)."""
    unit = _read(text)
    return unit if isinstance(unit, Unit) else None


def problem_with(text: str) -> str | None:
    """Why a text is no unit, for traces and reports; None when it is one."""
    unit = _read(text)
    return unit if isinstance(unit, str) else None


@lru_cache(maxsize=8192)
def _atom(text: str) -> Unit:
    if text.isdigit():
        if int(text) == 0:
            raise _UnitError("the unit divides by or multiplies with zero")
        return Unit(Fraction(int(text)), ())
    atom = ATOMS.get(text)
    if atom is not None:
        return _canonical(atom, text)
    for length in (1, 2):
        prefix, rest = PREFIXES.get(text[:length]), ATOMS.get(text[length:])
        if prefix is not None and rest is not None and rest.metric:
            unit = _canonical(rest, text[length:])
            return Unit(unit.factor * prefix, unit.dimensions, unit.zero / prefix)
    raise _UnitError("not a UCUM unit, or one that is not supported")


def _canonical(atom: Atom, name: str) -> Unit:
    if not atom.definition:
        return Unit(atom.size, ((name, 1),))
    if atom.definition == "1":
        return Unit(atom.size, ())
    unit = _read(atom.definition)
    if isinstance(unit, str):
        raise RuntimeError(f"the unit table defines {name} by {atom.definition}: {unit}")
    return Unit(unit.factor * atom.size, unit.dimensions, atom.zero)


def unit_parts(text: str) -> list[Part]:
    """The parts of a UCUM term: ``mg/(24.h)`` -> [("mg", 1), ("24", -1), ("h", -1)].

    Left to right as UCUM reads it: ``mg/24.h`` is (mg/24)·h.

    Raises:
        ValueError: not a term; says why without repeating the text.
    """
    if not text:
        raise _UnitError("there is no unit")
    if len(text) > LONGEST:
        raise _UnitError("the unit's text is too long")
    parts: list[Part] = []
    signs = [1]  # One sign per open parenthesis.
    position, sign, expect_operand = 0, 1, True
    if text[0] == "/":
        position, sign = 1, -1
    while position < len(text):
        character = text[position]
        if expect_operand and character == "(":
            signs.append(sign * signs[-1])
            sign = 1
            position += 1
        elif not expect_operand and character == ")":
            if len(signs) == 1:
                raise _UnitError("a parenthesis closes that was not opened")
            signs.pop()
            position += 1
        elif not expect_operand and character in "./":
            sign = 1 if character == "." else -1
            expect_operand = True
            position += 1
        elif character == "{":
            position = text.find("}", position) + 1
            if position == 0:
                raise _UnitError("an annotation does not end")
            expect_operand = False
        elif expect_operand and (found := _part.match(text, position)):
            name, exponent = _split(found[0])
            parts.append((name, exponent * sign * signs[-1]))
            position, expect_operand = found.end(), False
        else:
            raise _UnitError(f"not a UCUM term at character {position + 1}")
    if expect_operand or len(signs) > 1:
        raise _UnitError("the unit's text ends too early")
    return parts


def _split(text: str) -> Part:
    if text.isdigit():
        return text, 1
    found = _with_exponent.fullmatch(text)
    if found is None:
        raise _UnitError("not a UCUM unit, or one that is not supported")
    exponent = int(found[2]) if found[2] else 1
    if abs(exponent) > LARGEST_EXPONENT:
        raise _UnitError("the unit's exponent is too large")
    return found[1], exponent


@lru_cache(maxsize=8192)
def conversion(source: str, target: str) -> tuple[Fraction, Fraction] | None:
    """(factor, shift) with ``target value = source value * factor + shift``.

    None when a unit is not known or the two do not measure the same: the answer to a question
    about such quantities is unknown.
    """
    one, other = parse_unit(source), parse_unit(target)
    if one is None or other is None or one.dimensions != other.dimensions:
        return None
    factor = one.factor / other.factor
    return factor, one.zero * factor - other.zero


@lru_cache(maxsize=4096)
def product_unit(left: str, right: str, divide: bool = False) -> str | None:
    """The unit of a product (or quotient) of quantities: equal parts are merged, ``1`` when none is left.

    None when a unit is not known, or is a calendar duration or a temperature scale, which do not multiply.
    """
    exponents: dict[str, int] = {}
    for text, sign in ((left, 1), (right, -1 if divide else 1)):
        unit = parse_unit(text)
        if unit is None or unit.zero or text.removesuffix("s") in CALENDAR:
            return None
        for part, exponent in unit_parts(text):
            if part != "1":
                exponents[part] = exponents.get(part, 0) + exponent * sign
    above = [_written(part, power) for part, power in exponents.items() if power > 0]
    below = [_written(part, -power) for part, power in exponents.items() if power < 0]
    return ".".join(above or ([] if below else ["1"])) + "".join(f"/{part}" for part in below)


def _written(part: str, exponent: int) -> str:
    if part.isdigit():
        return ".".join([part] * exponent)
    return part if exponent == 1 and part not in ("10*", "10^") else f"{part}{exponent}"
