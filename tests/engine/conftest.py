"""Fixtures of the engine's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.toy_pack import build_toy_pack


@pytest.fixture(scope="session")
def toy_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny valid pack; read-only for tests (copy it to change it)."""
    return build_toy_pack(tmp_path_factory.mktemp("pack") / "toy")
