"""The examples of docs/trace-and-missing-data.md give what the page says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_examples_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = str(ROOT / "docs" / "trace-and-missing-data.md")
    failed, tried = doctest.testfile(page, module_relative=False)
    assert tried >= 20
    assert failed == 0
