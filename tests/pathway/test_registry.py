"""Finding pathway folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from second_pathway import SECOND_PATHWAY, copy_to

from fhir_gepnet import ArtifactError, find_pathways


def test_folders_in_a_directory(tmp_path: Path) -> None:
    folder = copy_to(tmp_path)
    (tmp_path / "notes").mkdir()
    assert find_pathways(tmp_path) == {"pathway": folder}
    assert find_pathways(str(tmp_path)) == {"pathway": folder}


def test_one_folder_alone() -> None:
    assert find_pathways(SECOND_PATHWAY) == {"second-pathway": SECOND_PATHWAY}


def test_the_installed_ones() -> None:
    found = find_pathways()
    assert "gepnet-2018" in found
    assert all(folder.is_dir() for folder in found.values())


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no pathway in it"):
        find_pathways(tmp_path)
    with pytest.raises(ArtifactError, match="no such directory"):
        find_pathways(tmp_path / "nowhere")
