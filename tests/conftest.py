"""Fixtures shared by all parts."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine  # noqa: F401 - before any test imports onnxruntime, which would send telemetry otherwise
from engine.cluster.ray_crew import RayCrew

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real test data; the test skips, saying so, where it is absent."""
    folder = Path(os.environ.get("SAERAD_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "dicom").is_dir():
        pytest.skip(f"real test data not found at {folder} (set SAERAD_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def demo_pack() -> Path:
    """The model pack that ships in resources/packs/demo."""
    folder = REPOSITORY / "resources" / "packs" / "demo"
    if not (folder / "pack.json").is_file():
        pytest.skip("resources/packs/demo is not built")
    return folder


@pytest.fixture(scope="module")
def pair() -> Iterator[RayCrew]:
    """A Ray cluster of two workers on this machine, begun once a module; nothing of it is left behind."""
    # Not imported to find out: Ray reads its environment then, before the crew has written it.
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (extra 'cluster')")
    with RayCrew("local:2") as crew:
        yield crew
