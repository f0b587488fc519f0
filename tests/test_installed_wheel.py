"""A wheel built from this tree works from any directory, with its pathways and authoring files inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache", "tests")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed wheel and nothing of this tree."""
    work = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, work / "source", ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(work)]
    subprocess.run([*build, str(work / "source")], check=True)
    (wheel,) = work.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(work / "site"), str(wheel)], check=True)
    return work / "site"


def run(site: Path, elsewhere: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site)}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )


def test_the_installed_package_is_used(site: Path, tmp_path: Path) -> None:
    answer = run(site, tmp_path, "-c", "import fhir_gepnet, cds_hooks; print(fhir_gepnet.__file__)")
    assert answer.stdout.startswith(str(site)), answer.stderr


def test_the_pathways_are_inside(site: Path, tmp_path: Path) -> None:
    program = "from fhir_gepnet import find_pathways; print(*find_pathways())"
    answer = run(site, tmp_path, "-c", program)
    assert "gepnet-2018" in answer.stdout.split(), answer.stderr


def test_the_command_line_applies_a_pathway(site: Path, tmp_path: Path) -> None:
    folder = site / "plandefinitions" / "gepnet-2018"
    patient = ROOT / "examples" / "patients" / "midgut-progression.json"
    arguments = ["--now", "2026-11-23T12:00:00Z", "--as", "cards"]
    answer = run(site, tmp_path, "-m", "fhir_gepnet", "apply", str(folder), str(patient), *arguments)
    assert answer.returncode == 0, answer.stderr
    assert '"summary"' in answer.stdout


def test_authoring_files_are_inside(site: Path) -> None:
    assert list((site / "fhir_gepnet" / "authoring" / "translate").glob("*.mjs"))
    assert (site / "fhir_gepnet" / "py.typed").exists()
