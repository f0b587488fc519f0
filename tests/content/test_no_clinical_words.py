"""The engine and the service know nothing clinical: words and codes of the content are in no Python file."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from pathway_folder import HERE, ROOT, files, resource_in, resources, walk

PYTHON = sorted(file for room in ("fhir_gepnet", "cds_hooks") for file in (ROOT / room).rglob("*.py"))
SHORTEST = 5  # letters; shorter words mean too many things
# The project's own name, in imports, canonicals and the command.
OWN_NAMES = re.compile(r"fhir[_-]gepnet(\.org)?|\bgepnet(-\d{4}|-update)?\b", re.IGNORECASE)


@cache
def words_in(file: str) -> frozenset[str]:
    """A list of words beside this test."""
    return frozenset((HERE / file).read_text().split())


@cache
def clinical_words() -> frozenset[str]:
    """Our list, and the words of every display in the code system and the value sets but the neutral ones."""
    displays = [concept["display"] for system in resources("CodeSystem") for concept in system["concept"]]
    for value_set in resources("ValueSet"):
        displays += [str(element["display"]) for _, element in walk(value_set) if "display" in element]
    words = {word for display in displays for word in re.findall(r"[a-z][a-z0-9-]+", display.lower())}
    return frozenset(word for word in words if len(word) >= SHORTEST) - words_in(
        "neutral_words.txt"
    ) | words_in("clinical_words.txt")


@cache
def clinical_codes() -> frozenset[str]:
    """Codes of public systems that nobody writes by accident: at least five characters with a digit."""
    codes: set[str] = set()
    for resource in map(resource_in, files()):
        for _, element in walk(resource):
            if "system" in element:
                concepts = [element, *element.get("concept", ())]
                codes |= {str(each["code"]) for each in concepts if "code" in each}
    return frozenset(code for code in codes if len(code) >= 5 and re.search(r"\d", code))


def test_words_codes_and_files_were_found() -> None:
    assert len(PYTHON) > 40
    assert len(clinical_words()) > 150
    assert len(clinical_codes()) > 200


@pytest.mark.parametrize("file", PYTHON, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_clinical_word_or_code(file: Path) -> None:
    text = OWN_NAMES.sub(" ", file.read_text())
    # snake_case and CamelCase names are taken apart too.
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()
    found = set(re.findall(r"[a-z][a-z0-9-]+", parts)) & clinical_words()
    assert found == set(), "clinical knowledge belongs into plandefinitions/"
    assert set(re.findall(r"[\w.-]+", text)) & clinical_codes() == set(), "codes belong into plandefinitions/"


def test_the_test_would_notice() -> None:
    assert {"sunitinib", "carcinoid", "bilirubin"} <= clinical_words()
    assert not {"condition", "status", "value"} & clinical_words()
