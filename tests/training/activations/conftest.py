"""Fixtures of the tests of activations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engine.pictures import write_dicom
from tests.engine.toy_pack import build_toy_pack
from tests.training.activations.toy import write_pictures


@pytest.fixture(scope="session")
def toy_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny valid pack; read-only for tests."""
    return build_toy_pack(tmp_path_factory.mktemp("pack") / "toy")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of thirteen readable pictures, and of files that no model should see; read-only for tests."""
    folder = write_pictures(tmp_path_factory.mktemp("pictures") / "p", 13)
    content = (folder / "003.png").read_bytes()
    (folder / "003-cut.png").write_bytes(content[: len(content) // 2])
    write_dicom(folder / "005-lateral.dcm", ViewPosition="LL")
    write_dicom(folder / "006-blank.dcm", np.zeros((64, 64), np.uint16))
    return folder
