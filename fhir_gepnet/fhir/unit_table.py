"""The units that we can convert: UCUM atoms with their exact size, and the prefixes.

Source: The Unified Code for Units of Measure, version 2.1 (case-sensitive codes), tables 1-16.
An atom that is not here is unknown, never guessed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Atom(NamedTuple):
    """One unit atom.

    Attributes:
        definition: UCUM term that it is a multiple of; "" for a dimension of its own.
        size: how many of ``definition`` it is, exactly.
        metric: whether it takes prefixes.
        zero: where its scale begins, in its own steps before the definition's zero (temperatures).
    """

    definition: str
    size: Fraction
    metric: bool = False
    zero: Fraction = Fraction(0)


PREFIXES = {
    "Y": Fraction(10**24), "Z": Fraction(10**21), "E": Fraction(10**18), "P": Fraction(10**15),
    "T": Fraction(10**12), "G": Fraction(10**9), "M": Fraction(10**6), "k": Fraction(1000),
    "h": Fraction(100), "da": Fraction(10), "d": Fraction(1, 10), "c": Fraction(1, 100),
    "m": Fraction(1, 1000), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9), "p": Fraction(1, 10**12),
    "f": Fraction(1, 10**15), "a": Fraction(1, 10**18), "z": Fraction(1, 10**21), "y": Fraction(1, 10**24),
    "Ki": Fraction(1024), "Mi": Fraction(1024**2), "Gi": Fraction(1024**3), "Ti": Fraction(1024**4),
}  # fmt: skip


def _metric(definition: str, size: str = "1") -> Atom:
    return Atom(definition, Fraction(size), metric=True)


def _plain(definition: str, size: str = "1") -> Atom:
    return Atom(definition, Fraction(size))


# An empty definition makes a dimension of its own. The mole is one, although UCUM calls it a
# number: nobody may compare mmol/L with a count per litre by accident. So are arbitrary units
# ([iU], [arb'U]): by definition they convert to nothing else.
ATOMS = {
    "m": _metric(""), "s": _metric(""), "g": _metric(""), "K": _metric(""), "C": _metric(""),
    "cd": _metric(""),
    "rad": _metric("1"), "mol": _metric(""), "[iU]": _metric(""), "[IU]": _metric("[iU]"),
    "[arb'U]": _plain(""), "[USP'U]": _plain(""), "[CFU]": _plain(""), "[PFU]": _plain(""),
    "[pH]": _plain(""),
    "[HPF]": _plain("1"), "[LPF]": _plain("100"), "[drp]": _plain("mL", "1/20"),
    "10*": _plain("1", "10"), "10^": _plain("1", "10"), "%": _plain("1", "1/100"),
    "[ppth]": _plain("1", "1/1000"), "[ppm]": _plain("1", "1/1000000"), "[ppb]": _plain("1", "1/1000000000"),
    # Time. 'a' and 'mo' are mean Julian lengths, not the calendar's.
    "min": _plain("s", "60"), "h": _plain("s", "3600"), "d": _plain("s", "86400"), "wk": _plain("d", "7"),
    "a": _plain("d", "365.25"), "a_j": _plain("d", "365.25"), "mo": _plain("d", "30.4375"),
    "mo_j": _plain("d", "30.4375"),
    # Volume, mass, amount, catalysis.
    "L": _metric("dm3"), "l": _metric("dm3"), "t": _metric("kg", "1000"), "u": _metric("g", "1.6605402e-24"),
    "eq": _metric("mol"), "osm": _metric("mol"), "kat": _metric("mol/s"), "U": _metric("umol/min"),
    "g%": _metric("g/dL"),
    # Mechanics, heat, electricity, radiation.
    "Hz": _metric("/s"), "N": _metric("kg.m/s2"), "Pa": _metric("N/m2"), "J": _metric("N.m"),
    "W": _metric("J/s"), "A": _metric("C/s"), "V": _metric("J/C"), "F": _metric("C/V"),
    "Ohm": _metric("V/A"), "S": _metric("A/V"), "Wb": _metric("V.s"), "T": _metric("Wb/m2"),
    "H": _metric("Wb/A"),
    "lm": _metric("cd"), "lx": _metric("lm/m2"), "Bq": _metric("/s"), "Gy": _metric("J/kg"),
    "Sv": _metric("J/kg"), "Ci": _metric("Bq", "37000000000"), "RAD": _metric("Gy", "1/100"),
    "REM": _metric("Sv", "1/100"), "bar": _metric("Pa", "100000"), "dyn": _metric("N", "1/100000"),
    "erg": _metric("J", "1/10000000"), "P": _metric("dyn.s/cm2"), "cal": _metric("J", "4.184"),
    "[Cal]": _metric("kcal"), "eV": _metric("J", "1.60217733e-19"), "ar": _metric("m2", "100"),
    "m[Hg]": _metric("kPa", "133.3220"), "m[H2O]": _metric("kPa", "9.80665"), "atm": _plain("Pa", "101325"),
    "Cel": Atom("K", Fraction(1), metric=False, zero=Fraction("273.15")),
    "[degF]": Atom("K", Fraction(5, 9), metric=False, zero=Fraction("459.67")),
    "deg": Atom("rad", Fraction("3.14159265358979323846264338327950288") / 180),
    # Customary lengths, masses and volumes.
    "[in_i]": _plain("cm", "2.54"), "[ft_i]": _plain("[in_i]", "12"), "[yd_i]": _plain("[ft_i]", "3"),
    "[mi_i]": _plain("[ft_i]", "5280"), "[gr]": _plain("mg", "64.79891"), "[lb_av]": _plain("[gr]", "7000"),
    "[oz_av]": _plain("[lb_av]", "1/16"), "[stone_av]": _plain("[lb_av]", "14"),
    "[gal_us]": _plain("[in_i]3", "231"), "[qt_us]": _plain("[gal_us]", "1/4"),
    "[pt_us]": _plain("[qt_us]", "1/2"),
    "[cup_us]": _plain("[pt_us]", "1/2"), "[foz_us]": _plain("[pt_us]", "1/16"),
    "[tbs_us]": _plain("[foz_us]", "1/2"), "[tsp_us]": _plain("[tbs_us]", "1/3"),
}  # fmt: skip

CALENDAR = {
    "year": _plain("month", "12"), "month": _plain(""), "week": _plain("wk"), "day": _plain("d"),
    "hour": _plain("h"), "minute": _plain("min"), "second": _plain("s"), "millisecond": _plain("ms"),
}  # fmt: skip
"""CQL calendar durations. Year and month are a dimension of their own: 'a' and 'mo' are other lengths
(CQL 1.5 §2.2.6); the rest are the definite units of the same name."""
