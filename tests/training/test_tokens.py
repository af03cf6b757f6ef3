"""Embedding in one pass, with shards that a later run finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.pack.descriptor import describe, descriptor_width
from tests.training.toy_pack import untrained_encoder
from training import tokens
from training.demo_pack import spec_of
from training.encoder.embed import embed_batches
from training.tokens import embed


def test_descriptors_begin_with_class_tokens_and_shards_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = untrained_encoder(tmp_path / "encoder") / "encoder.onnx"
    spec = spec_of(encoder)
    pictures = [np.random.default_rng(i).random((40, 40)).astype(np.float32) for i in range(5)]
    keys = [str(i) for i in range(5)]
    monkeypatch.setattr(tokens, "SHARD", 2)

    def run(readers: list[object]) -> tokens.Embedded:
        return embed(encoder, spec, readers, keys, cache=tmp_path / "c", progress=lambda *_: None)  # type: ignore[arg-type]

    found = run([lambda p=p: p for p in pictures])
    (whole,) = embed_batches(encoder, pictures, spec)
    np.testing.assert_allclose(found.class_token, whole.class_token, atol=1e-5)
    grid = spec.patch_rows, spec.patch_columns
    expected = describe("regions", whole.class_token, whole.patch_tokens, *grid)
    np.testing.assert_allclose(found.descriptor, expected, atol=1e-4)
    assert len(list((tmp_path / "c").glob("*.npy"))) == 3
    (tmp_path / "c" / sorted(p.name for p in (tmp_path / "c").iterdir())[0]).unlink()
    asked: list[int] = []
    again = run([lambda i=i: asked.append(i) or pictures[i] for i in range(5)])  # type: ignore[func-returns-value]
    np.testing.assert_allclose(again.descriptor, found.descriptor, atol=1e-5)
    assert 1 <= len(asked) <= 2


def test_regions_follow_the_patches() -> None:
    rows, columns = 8, 6
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    patches = np.stack([y, x], axis=-1).reshape(1, rows * columns, 2)
    shown = describe("regions", np.full((1, 2), 9.0, np.float32), patches, rows, columns)[0]
    assert shown.size == descriptor_width("regions", 2) == 36
    np.testing.assert_allclose(shown[:2], 9.0)
    np.testing.assert_allclose(shown[2:4], [y.std(), x.std()], rtol=1e-5)
    regions = shown[4:].reshape(4, 4, 2)
    np.testing.assert_allclose(regions[:, 0, 0], [0.5, 2.5, 4.5, 6.5])
    np.testing.assert_allclose(regions[0, :, 1], [0.5, 1.5, 3.5, 4.5])


def test_a_grid_smaller_than_the_regions_repeats_patches() -> None:
    patches = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
    shown = describe("regions", np.zeros((1, 1), np.float32), patches, 2, 2)[0]
    np.testing.assert_array_equal(shown[2:].reshape(4, 4), np.kron([[0, 1], [2, 3]], np.ones((2, 2))))
