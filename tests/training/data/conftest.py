"""Fixtures of the tests of data sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.data.indexing import Indexer


@pytest.fixture
def index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Indexer:
    """The command, which writes into a folder beside the test's data sets."""
    out = tmp_path / "out"
    out.mkdir()
    return Indexer(out, capsys)
