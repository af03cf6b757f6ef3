"""What labels are made from, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.labelling.labelled import labelled_store, train


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled_store(tmp_path_factory.mktemp("labelled") / "store").folder


@pytest.fixture(scope="session")
def sae(store: Path) -> Path:
    """Folder of an autoencoder in its run."""
    return train(store, store.parent / "run", "--arch", "batchtopk", "--features", "64", "--k", "6")
