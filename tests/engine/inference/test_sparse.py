"""The autoencoder sees one class token an image, and only the rows of active features are read for maps."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from engine.inference import session
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import Method
from engine.pack.arrays import SaeArrays, SaeRows
from engine.pack.library import load_pack
from tests.engine.pictures import picture, radiograph


@pytest.mark.parametrize("method", get_args(Method))
def test_patches_never_pass_through_the_autoencoder(
    toy_pack: Path, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass of 1,370 tokens through 49,152 features would cost as much as the encoder."""
    tokens: list[tuple[int, ...]] = []
    asked: list[tuple[int, ...]] = []
    run, rows = session.run_session, SaeArrays.rows

    def spy_run(graph: object, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        if names == ["activations"]:
            tokens.append(inputs["class_token"].shape)
        return run(graph, names, inputs)

    def spy_rows(arrays: SaeArrays, ids: list[int]) -> SaeRows:
        asked.append(tuple(ids))
        return rows(arrays, ids)

    monkeypatch.setattr(session, "run_session", spy_run)
    monkeypatch.setattr(SaeArrays, "rows", spy_rows)
    pack = load_pack(toy_pack)
    analysis = Analyzer(pack, "cpu", method=method).analyse(radiograph(picture(200, 120)))
    active = sorted(feature.id for feature in analysis.features)
    assert tokens == [(1, pack.manifest.sae.d_model)]
    assert [sorted(ids) for ids in asked] == [active]
    assert sorted(analysis.maps) == active and 0 < len(active) < pack.manifest.sae.n_features
