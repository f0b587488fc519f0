"""The units that we can convert: UCUM atoms with their exact size, and the prefixes.

Source: The Unified Code for Units of Measure, version 2.2 (case-sensitive codes), its tables of
prefixes, base units and derived units, in their order.
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


PI = "3.1415926535897932384626433832795028841971693993751058209749445923"
"""As many digits as UCUM gives: the one factor that no fraction can hold."""


def _metric(definition: str, size: str = "1") -> Atom:
    return Atom(definition, Fraction(size), metric=True)


def _plain(definition: str, size: str = "1") -> Atom:
    return Atom(definition, Fraction(size))


def _scale(size: str, zero: str, *, metric: bool = False) -> Atom:
    """A temperature scale: its step in kelvin, and how many steps below its zero absolute zero is."""
    return Atom("K", Fraction(size), metric, Fraction(zero))


# An empty definition makes a dimension of its own. The mole is one, although UCUM calls it a
# number: nobody may compare mmol/L with a count per litre by accident. So are arbitrary units
# ([iU], [arb'U]), which by definition convert to nothing else, and logarithms and roots ([pH], B,
# [p'diop]): their other side is no fraction, and a pH is reported for itself.
ATOMS = {
    # Base units.
    "m": _metric(""), "s": _metric(""), "g": _metric(""), "rad": _metric(""), "K": _metric(""),
    "C": _metric(""), "cd": _metric(""),
    # Numbers.
    "10*": _plain("1", "10"), "10^": _plain("1", "10"), "[pi]": _plain("1", PI), "%": _plain("1", "1e-2"),
    "[ppth]": _plain("1", "1e-3"), "[ppm]": _plain("1", "1e-6"), "[ppb]": _plain("1", "1e-9"),
    "[pptr]": _plain("1", "1e-12"),
    # SI, derived.
    "mol": _metric(""), "sr": _metric("rad2"), "Hz": _metric("s-1"), "N": _metric("kg.m/s2"),
    "Pa": _metric("N/m2"), "J": _metric("N.m"), "W": _metric("J/s"), "A": _metric("C/s"),
    "V": _metric("J/C"), "F": _metric("C/V"), "Ohm": _metric("V/A"), "S": _metric("Ohm-1"),
    "Wb": _metric("V.s"), "Cel": _scale("1", "273.15", metric=True), "T": _metric("Wb/m2"),
    "H": _metric("Wb/A"), "lm": _metric("cd.sr"), "lx": _metric("lm/m2"), "Bq": _metric("s-1"),
    "Gy": _metric("J/kg"), "Sv": _metric("J/kg"),
    # Other units from ISO 1000, ISO 2955 and ANSI X3.50.
    "gon": _plain("deg", "0.9"), "deg": _plain("[pi].rad/360", "2"), "'": _plain("deg/60"),
    "''": _plain("'/60"), "l": _metric("dm3"), "L": _metric("l"), "ar": _metric("m2", "100"),
    "min": _plain("s", "60"), "h": _plain("min", "60"), "d": _plain("h", "24"),
    "a_t": _plain("d", "365.24219"), "a_j": _plain("d", "365.25"), "a_g": _plain("d", "365.2425"),
    "a": _plain("a_j"), "wk": _plain("d", "7"), "mo_s": _plain("d", "29.53059"), "mo_j": _plain("a_j/12"),
    "mo_g": _plain("a_g/12"), "mo": _plain("mo_j"), "t": _metric("kg", "1e3"), "bar": _metric("Pa", "1e5"),
    "u": _metric("g", "1.66053906660e-24"), "eV": _metric("[e].V"), "AU": _plain("Mm", "149597.870691"),
    "pc": _metric("m", "3.085678e16"),
    # Natural units and constants.
    "[c]": _metric("m/s", "299792458"), "[h]": _metric("J.s", "6.62607015e-34"),
    "[k]": _metric("J/K", "1.380649e-23"), "[eps_0]": _metric("F/m", "8.854187817e-12"),
    "[mu_0]": _metric("4.[pi].10*-7.N/A2"), "[e]": _metric("C", "1.602176634e-19"),
    "[m_e]": _metric("kg", "9.1093837139e-31"), "[m_p]": _metric("kg", "1.67262192595e-27"),
    "[G]": _metric("m3.kg-1.s-2", "6.67430e-11"), "[g]": _metric("m/s2", "980665e-5"),
    "atm": _plain("Pa", "101325"), "[ly]": _metric("[c].a_j"), "gf": _metric("g.[g]"),
    "[lbf_av]": _plain("[lb_av].[g]"),
    # CGS.
    "Ky": _metric("cm-1"), "Gal": _metric("cm/s2"), "dyn": _metric("g.cm/s2"), "erg": _metric("dyn.cm"),
    "P": _metric("dyn.s/cm2"), "Bi": _metric("A", "10"), "St": _metric("cm2/s"),
    "Mx": _metric("Wb", "1e-8"), "G": _metric("T", "1e-4"), "Oe": _metric("/[pi].A/m", "250"),
    "Gb": _metric("Oe.cm"), "sb": _metric("cd/cm2"), "Lmb": _metric("cd/cm2/[pi]"),
    "ph": _metric("lx", "1e-4"), "Ci": _metric("Bq", "37e9"), "R": _metric("C/kg", "2.58e-4"),
    "RAD": _metric("erg/g", "100"), "REM": _metric("RAD"),
    # International customary.
    "[in_i]": _plain("cm", "254e-2"), "[ft_i]": _plain("[in_i]", "12"), "[yd_i]": _plain("[ft_i]", "3"),
    "[mi_i]": _plain("[ft_i]", "5280"), "[fth_i]": _plain("[ft_i]", "6"), "[nmi_i]": _plain("m", "1852"),
    "[kn_i]": _plain("[nmi_i]/h"), "[sin_i]": _plain("[in_i]2"), "[sft_i]": _plain("[ft_i]2"),
    "[syd_i]": _plain("[yd_i]2"), "[cin_i]": _plain("[in_i]3"), "[cft_i]": _plain("[ft_i]3"),
    "[cyd_i]": _plain("[yd_i]3"), "[bf_i]": _plain("[in_i]3", "144"), "[cr_i]": _plain("[ft_i]3", "128"),
    "[mil_i]": _plain("[in_i]", "1e-3"), "[cml_i]": _plain("[pi]/4.[mil_i]2"),
    "[hd_i]": _plain("[in_i]", "4"),
    # US survey lengths.
    "[ft_us]": _plain("m/3937", "1200"), "[yd_us]": _plain("[ft_us]", "3"), "[in_us]": _plain("[ft_us]/12"),
    "[rd_us]": _plain("[ft_us]", "16.5"), "[ch_us]": _plain("[rd_us]", "4"),
    "[lk_us]": _plain("[ch_us]/100"), "[rch_us]": _plain("[ft_us]", "100"),
    "[rlk_us]": _plain("[rch_us]/100"), "[fth_us]": _plain("[ft_us]", "6"),
    "[fur_us]": _plain("[rd_us]", "40"), "[mi_us]": _plain("[fur_us]", "8"),
    "[acr_us]": _plain("[rd_us]2", "160"), "[srd_us]": _plain("[rd_us]2"), "[smi_us]": _plain("[mi_us]2"),
    "[sct]": _plain("[mi_us]2"), "[twp]": _plain("[sct]", "36"), "[mil_us]": _plain("[in_us]", "1e-3"),
    # British imperial lengths.
    "[in_br]": _plain("cm", "2.539998"), "[ft_br]": _plain("[in_br]", "12"),
    "[rd_br]": _plain("[ft_br]", "16.5"), "[ch_br]": _plain("[rd_br]", "4"),
    "[lk_br]": _plain("[ch_br]/100"), "[fth_br]": _plain("[ft_br]", "6"),
    "[pc_br]": _plain("[ft_br]", "2.5"), "[yd_br]": _plain("[ft_br]", "3"),
    "[mi_br]": _plain("[ft_br]", "5280"), "[nmi_br]": _plain("[ft_br]", "6080"),
    "[kn_br]": _plain("[nmi_br]/h"), "[acr_br]": _plain("[yd_br]2", "4840"),
    # US volumes.
    "[gal_us]": _plain("[in_i]3", "231"), "[bbl_us]": _plain("[gal_us]", "42"),
    "[qt_us]": _plain("[gal_us]/4"), "[pt_us]": _plain("[qt_us]/2"), "[gil_us]": _plain("[pt_us]/4"),
    "[foz_us]": _plain("[gil_us]/4"), "[fdr_us]": _plain("[foz_us]/8"), "[min_us]": _plain("[fdr_us]/60"),
    "[crd_us]": _plain("[ft_i]3", "128"), "[bu_us]": _plain("[in_i]3", "2150.42"),
    "[gal_wi]": _plain("[bu_us]/8"), "[pk_us]": _plain("[bu_us]/4"), "[dqt_us]": _plain("[pk_us]/8"),
    "[dpt_us]": _plain("[dqt_us]/2"), "[tbs_us]": _plain("[foz_us]/2"), "[tsp_us]": _plain("[tbs_us]/3"),
    "[cup_us]": _plain("[tbs_us]", "16"), "[foz_m]": _plain("mL", "30"), "[cup_m]": _plain("mL", "240"),
    "[tsp_m]": _plain("mL", "5"), "[tbs_m]": _plain("mL", "15"),
    # British imperial volumes.
    "[gal_br]": _plain("l", "4.54609"), "[pk_br]": _plain("[gal_br]", "2"),
    "[bu_br]": _plain("[pk_br]", "4"), "[qt_br]": _plain("[gal_br]/4"), "[pt_br]": _plain("[qt_br]/2"),
    "[gil_br]": _plain("[pt_br]/4"), "[foz_br]": _plain("[gil_br]/5"), "[fdr_br]": _plain("[foz_br]/8"),
    "[min_br]": _plain("[fdr_br]/60"),
    # Avoirdupois.
    "[gr]": _plain("mg", "64.79891"), "[lb_av]": _plain("[gr]", "7000"), "[oz_av]": _plain("[lb_av]/16"),
    "[dr_av]": _plain("[oz_av]/16"), "[scwt_av]": _plain("[lb_av]", "100"),
    "[lcwt_av]": _plain("[lb_av]", "112"), "[ston_av]": _plain("[scwt_av]", "20"),
    "[lton_av]": _plain("[lcwt_av]", "20"), "[stone_av]": _plain("[lb_av]", "14"),
    # Troy.
    "[pwt_tr]": _plain("[gr]", "24"), "[oz_tr]": _plain("[pwt_tr]", "20"),
    "[lb_tr]": _plain("[oz_tr]", "12"),
    # Apothecaries'.
    "[sc_ap]": _plain("[gr]", "20"), "[dr_ap]": _plain("[sc_ap]", "3"), "[oz_ap]": _plain("[dr_ap]", "8"),
    "[lb_ap]": _plain("[oz_ap]", "12"), "[oz_m]": _plain("g", "28"),
    # Typesetters'.
    "[lne]": _plain("[in_i]/12"), "[pnt]": _plain("[lne]/6"), "[pca]": _plain("[pnt]", "12"),
    "[pnt_pr]": _plain("[in_i]", "0.013837"), "[pca_pr]": _plain("[pnt_pr]", "12"),
    "[pied]": _plain("cm", "32.48"), "[pouce]": _plain("[pied]/12"), "[ligne]": _plain("[pouce]/12"),
    "[didot]": _plain("[ligne]/6"), "[cicero]": _plain("[didot]", "12"),
    # Heat.
    "[degF]": _scale("5/9", "459.67"), "[degR]": _plain("K/9", "5"), "[degRe]": _scale("5/4", "218.52"),
    "cal_[15]": _metric("J", "4.18580"), "cal_[20]": _metric("J", "4.18190"),
    "cal_m": _metric("J", "4.19002"), "cal_IT": _metric("J", "4.1868"), "cal_th": _metric("J", "4.184"),
    "cal": _metric("cal_th"), "[Cal]": _plain("kcal_th"), "[Btu_39]": _plain("kJ", "1.05967"),
    "[Btu_59]": _plain("kJ", "1.05480"), "[Btu_60]": _plain("kJ", "1.05468"),
    "[Btu_m]": _plain("kJ", "1.05587"), "[Btu_IT]": _plain("kJ", "1.05505585262"),
    "[Btu_th]": _plain("kJ", "1.054350"), "[Btu]": _plain("[Btu_th]"),
    "[HP]": _plain("[ft_i].[lbf_av]/s", "550"), "tex": _metric("g/km"), "[den]": _plain("g/9/km"),
    # Clinical.
    "m[H2O]": _metric("kPa", "980665e-5"), "m[Hg]": _metric("kPa", "133.3220"),
    "[in_i'H2O]": _plain("m[H2O].[in_i]/m"), "[in_i'Hg]": _plain("m[Hg].[in_i]/m"),
    "[PRU]": _plain("mm[Hg].s/ml"), "[wood'U]": _plain("mm[Hg].min/L"), "[diop]": _plain("/m"),
    "[p'diop]": _plain(""), "%[slope]": _plain(""), "[mesh_i]": _plain("/[in_i]"), "[Ch]": _plain("mm/3"),
    "[drp]": _plain("ml/20"), "[hnsf'U]": _plain("1"), "[MET]": _plain("mL/min/kg", "3.5"),
    "[hp'_X]": _plain(""), "[hp'_C]": _plain(""), "[hp'_M]": _plain(""), "[hp'_Q]": _plain(""),
    "[hp_X]": _plain(""), "[hp_C]": _plain(""), "[hp_M]": _plain(""), "[hp_Q]": _plain(""),
    "[kp_X]": _plain(""), "[kp_C]": _plain(""), "[kp_M]": _plain(""), "[kp_Q]": _plain(""),
    # Chemical and biochemical; arbitrary units are dimensions of their own.
    "eq": _metric("mol"), "osm": _metric("mol"), "[pH]": _plain(""), "g%": _metric("g/dl"),
    "[S]": _plain("10*-13.s"), "[HPF]": _plain("1"), "[LPF]": _plain("1", "100"), "kat": _metric("mol/s"),
    "U": _metric("umol/min"), "[iU]": _metric(""), "[IU]": _metric("[iU]"), "[arb'U]": _plain(""),
    "[USP'U]": _plain(""), "[GPL'U]": _plain(""), "[MPL'U]": _plain(""), "[APL'U]": _plain(""),
    "[beth'U]": _plain(""), "[anti'Xa'U]": _plain(""), "[todd'U]": _plain(""), "[dye'U]": _plain(""),
    "[smgy'U]": _plain(""), "[bdsk'U]": _plain(""), "[ka'U]": _plain(""), "[knk'U]": _plain(""),
    "[mclg'U]": _plain(""), "[tb'U]": _plain(""), "[CCID_50]": _plain(""), "[TCID_50]": _plain(""),
    "[EID_50]": _plain(""), "[PFU]": _plain(""), "[FFU]": _plain(""), "[CFU]": _plain(""),
    "[IR]": _plain(""), "[BAU]": _plain(""), "[AU]": _plain(""), "[Amb'a'1'U]": _plain(""),
    "[PNU]": _plain(""), "[Lf]": _plain(""), "[D'ag'U]": _plain(""), "[FEU]": _plain(""),
    "[ELU]": _plain(""), "[EU]": _plain(""),
    # Levels.
    "Np": _metric(""), "B": _metric(""), "B[SPL]": _metric(""), "B[V]": _metric(""), "B[mV]": _metric(""),
    "B[uV]": _metric(""), "B[10.nV]": _metric(""), "B[W]": _metric(""), "B[kW]": _metric(""),
    # Miscellaneous.
    "st": _metric("m3"), "Ao": _plain("nm", "0.1"), "b": _plain("fm2", "100"), "att": _plain("kgf/cm2"),
    "mho": _metric("S"), "[psi]": _plain("[lbf_av]/[in_i]2"), "circ": _plain("[pi].rad", "2"),
    "sph": _plain("[pi].sr", "4"), "[car_m]": _plain("g", "2e-1"), "[car_Au]": _plain("/24"),
    "[smoot]": _plain("[in_i]", "67"), "[m/s2/Hz^(1/2)]": _plain(""), "[NTU]": _plain("1"),
    "[FNU]": _plain("1"),
    # Information.
    "bit_s": _plain(""), "bit": _metric("1"), "By": _metric("bit", "8"), "Bd": _metric("/s"),
}  # fmt: skip

CALENDAR = {
    "year": _plain("month", "12"), "month": _plain(""), "week": _plain("wk"), "day": _plain("d"),
    "hour": _plain("h"), "minute": _plain("min"), "second": _plain("s"), "millisecond": _plain("ms"),
}  # fmt: skip
"""CQL calendar durations. Year and month are a dimension of their own: 'a' and 'mo' are other lengths
(CQL 1.5 §2.2.6); the rest are the definite units of the same name."""
