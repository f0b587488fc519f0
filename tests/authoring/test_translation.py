"""Translation: nothing half-written, a plain answer without Node, and ELM that belongs to its CQL."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import pytest

from fhir_gepnet.authoring.translation import CQL, ELM, translate_folder
from fhir_gepnet.errors import ArtifactError
from fhir_gepnet.json_io import read_json, read_json_file

PATHWAYS = sorted((Path(__file__).parents[2] / "plandefinitions").glob("*/library/cql"))
SOUND = "library Sound version '1'\n\ndefine \"Two\": 1 + 1\n"
BROKEN = "library Broken version '1'\n\ndefine \"Sum\": 1 + 'a'\n"


def with_library(folder: Path, **sources: str) -> Path:
    (folder / "library/cql").mkdir(parents=True)
    for name, text in sources.items():
        (folder / f"library/cql/{name}.cql").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def translator() -> None:
    """Node and the translator's packages from an earlier translation: a test never downloads."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhir_gepnet/translate"
    if not shutil.which("node") or not list(cache.glob("*/installed")):
        pytest.skip("needs Node and the translator's packages: run `gepnet translate` once")


def test_a_folder_without_cql_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no CQL to translate"):
        translate_folder(tmp_path)


def test_without_node_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ArtifactError, match="install Node 20 or newer"):
        translate_folder(with_library(tmp_path, Sound=SOUND))


@pytest.mark.usefixtures("translator")
def test_one_error_and_nothing_is_written(tmp_path: Path) -> None:
    folder = with_library(tmp_path, Sound=SOUND, Broken=BROKEN)
    with pytest.raises(ArtifactError, match=r"Broken\.cql: line 3, column \d+"):
        translate_folder(folder)
    assert list((folder / "library").glob("*.json")) == []


@pytest.mark.usefixtures("translator")
def test_translating_twice_gives_the_same_bytes_and_keeps_other_elements(tmp_path: Path) -> None:
    folder = with_library(tmp_path, Sound=SOUND)
    path = folder / "library/Sound.json"
    path.write_text('{"resourceType": "Library", "title": "kept"}', encoding="utf-8")
    assert translate_folder(folder) == ["Sound"]
    first = path.read_bytes()
    translate_folder(folder)
    assert path.read_bytes() == first
    library = read_json(first)
    assert library["title"] == "kept"
    elm = read_json(base64.b64decode(library["content"][1]["data"]))
    assert elm["library"]["identifier"] == {"id": "Sound", "version": "1"}


def test_there_are_pathways_with_cql() -> None:
    assert PATHWAYS


@pytest.mark.parametrize("folder", PATHWAYS, ids=lambda folder: folder.parents[1].name)
def test_committed_libraries_carry_the_cql_beside_them(folder: Path) -> None:
    sources = sorted(folder.glob("*.cql"))
    assert sources
    for source in sources:
        content = {
            part["contentType"]: base64.b64decode(part["data"])
            for part in read_json_file(folder.parent / f"{source.stem}.json")["content"]
        }
        assert content[CQL] == source.read_bytes(), f"{source.stem}: run `gepnet translate`"
        assert read_json(content[ELM])["library"]["identifier"]["id"] == source.stem
