"""Check digits of LOINC numbers and SNOMED CT identifiers: a typing error shows at no cost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pathway_folder import elm_libraries, files, resource_in, walk

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
# Verhoeff's dihedral group and permutation (SNOMED CT Technical Implementation Guide, check digit).
GROUP = ("0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
         "5987604321", "6598710432", "7659821043", "8765932104", "9876543210")  # fmt: skip
TURNS = ("0123456789", "1576283094", "5803796142", "8916043527",
         "9453126870", "4286573901", "2793806415", "7046913258")  # fmt: skip


def loinc_is_sound(code: str) -> bool:
    """Modulus 10 over the number before the hyphen (LOINC Users' Guide, appendix on check digits)."""
    if not re.fullmatch(r"\d{1,7}-\d", code):
        return False
    number, _, check = code.partition("-")
    digits = enumerate(reversed(number))
    doubled = "".join(str(int(digit) * 2) if place % 2 == 0 else digit for place, digit in digits)
    return -sum(map(int, doubled)) % 10 == int(check)


def snomed_is_sound(code: str) -> bool:
    """Verhoeff over all digits, 6 to 18 of them."""
    if not re.fullmatch(r"[1-9]\d{5,17}", code):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(GROUP[check][int(TURNS[place % 8][int(digit)])])
    return check == 0


def codes_of(system: str) -> Iterator[tuple[str, str]]:
    """(where, code) in every artefact and every direct reference code of the CQL."""
    for resource in map(resource_in, files()):
        for _, element in walk(resource):
            if element.get("system") == system:
                concepts = [element, *element.get("concept", ())]
                yield from ((resource["id"], each["code"]) for each in concepts if "code" in each)
    for name, elm in elm_libraries().items():
        urls = {each["name"]: each["id"] for each in elm.get("codeSystems", {}).get("def", ())}
        for code in elm.get("codes", {}).get("def", ()):
            if urls.get(code["codeSystem"]["name"]) == system:
                yield name, code["id"]


@pytest.mark.parametrize("code", ["2160-0", "29593-1", "89247-1", "777-3"])
def test_the_loinc_rule_knows_right_from_wrong(code: str) -> None:
    assert loinc_is_sound(code) is True
    assert loinc_is_sound(f"{code[:-1]}{(int(code[-1]) + 1) % 10}") is False


@pytest.mark.parametrize("code", ["35868009", "3457005", "15776009", "143401000119106"])
def test_the_snomed_rule_knows_right_from_wrong(code: str) -> None:
    assert snomed_is_sound(code) is True
    assert snomed_is_sound(code[:-2] + code[-1] + code[-2]) is False, "two digits changed places"


def test_loinc_numbers() -> None:
    # LA answer codes have a check digit of their own that is not published in a testable form.
    codes = [(where, code) for where, code in codes_of(LOINC) if not code.startswith("LA")]
    assert len(codes) > 20
    assert [found for found in codes if not loinc_is_sound(found[1])] == []


def test_snomed_identifiers() -> None:
    codes = list(codes_of(SNOMED))
    assert len(codes) > 20
    assert [found for found in codes if not snomed_is_sound(found[1])] == []
