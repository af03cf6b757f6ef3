"""A Ray cluster of two workers on this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from training.cluster.ray_crew import RayCrew


@pytest.fixture(scope="module")
def pair() -> Iterator[RayCrew]:
    """Begun once a module, since that takes some seconds; nothing of it is left behind."""
    # Not imported to find out: Ray reads its environment then, before the crew has written it.
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (extra 'cluster')")
    with RayCrew("local:2") as crew:
        yield crew
