"""The product that speed is compared with is small here: tests measure nothing."""

from __future__ import annotations

import pytest

from training.benchmarks import timing


@pytest.fixture(autouse=True)
def small_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "SIZE", 64)
