"""Which rows of a store are trained on and which are held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import StoreError, UsageError
from tests.training.sae.stores import store_of
from training.sae.source import open_as_saved
from training.sae.store_tokens import StoreChoice, StoreTokens, choice_of

TOKENS = np.arange(100, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)


def test_held_out_are_the_images_of_val_and_none_of_test_is_seen(tmp_path: Path) -> None:
    splits = [("train", "train", "val", "test")[n % 4] for n in range(100)]
    store_of(tmp_path / "s", TOKENS, splits)
    source = StoreTokens(tmp_path / "s", StoreChoice())
    assert source.held_out[:, 0].tolist() == list(range(2, 100, 4))
    stream = source.stream(50, 0)
    assert sorted(stream.next_batch()[:, 0].tolist()) == [n for n in range(100) if n % 4 < 2]
    assert (source.rows, source.d_model, source.identity["held_out_by"]) == (50, 4, "split val")


def test_without_val_a_share_of_the_patients_is_held_out(tmp_path: Path) -> None:
    patients = [f"p{n // 5}" for n in range(100)]
    store_of(tmp_path / "s", TOKENS, ["train"] * 60 + [""] * 40, patients=patients)
    source = StoreTokens(tmp_path / "s", StoreChoice(share=0.2))
    held, trained = set(source.held_out_rows.tolist()), set(source.train_rows.tolist())
    assert (len(held), held | trained, held & trained) == (20, set(range(100)), set())
    assert {n // 5 for n in held} & {n // 5 for n in trained} == set()
    again = StoreTokens(tmp_path / "s", StoreChoice(share=0.2))
    other = StoreTokens(tmp_path / "s", StoreChoice(share=0.2, seed=1))
    assert held == set(again.held_out_rows.tolist()) != set(other.held_out_rows.tolist())


def test_images_of_nobody_known_are_patients_of_their_own(tmp_path: Path) -> None:
    store_of(tmp_path / "s", TOKENS, [""] * 100, patients=[""] * 100)
    assert len(StoreTokens(tmp_path / "s", StoreChoice()).held_out_rows) == 10


def test_patches_are_read_of_the_same_images(tmp_path: Path) -> None:
    store_of(tmp_path / "s", TOKENS * 10, ["train", "val"] * 50)
    source = StoreTokens(tmp_path / "s", StoreChoice(kind="patches", held_out=60))
    assert source.rows == 50 * 4
    assert len(source.held_out) == 60 and len(np.unique(source.held_out[:, 0])) == 60
    assert {round(value) // 10 % 2 for value in source.held_out[:, 0].tolist()} == {1}
    assert {round(value) // 10 % 2 for value in source.stream(200, 0).next_batch()[:, 0].tolist()} == {0}


def test_what_cannot_be_split_is_refused(tmp_path: Path) -> None:
    store_of(tmp_path / "one", TOKENS[:9], ["train"] * 9, patients=["p"] * 9)
    with pytest.raises(UsageError, match="FIT_STORE"):
        StoreTokens(tmp_path / "one", StoreChoice())
    store_of(tmp_path / "both", TOKENS[:9], ["train"] * 6 + ["val"] * 3, patients=[f"p{n % 4}" for n in range(9)])
    with pytest.raises(UsageError, match="3 patients, the first 'p0'"):
        StoreTokens(tmp_path / "both", StoreChoice())


def test_a_damaged_store_is_found_before_it_is_trained_on(tmp_path: Path) -> None:
    store = store_of(tmp_path / "s", TOKENS, ["train", "val"] * 50)
    shard = next(store.folder.glob("shard-*"))
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    with pytest.raises(StoreError, match="STORE_DAMAGED"):
        StoreTokens(store.folder, StoreChoice())


def test_a_run_finds_its_rows_again_and_no_others(tmp_path: Path) -> None:
    store_of(tmp_path / "s", TOKENS, ["train"] * 100)
    choice = StoreChoice(held_out=7, seed=3, share=0.25, buffer=10)
    identity = {"data": StoreTokens(tmp_path / "s", choice).identity, "store": str(tmp_path / "s")}
    assert choice_of(identity["data"]) == choice
    (tmp_path / "s").rename(tmp_path / "moved")
    source = open_as_saved(identity, store=tmp_path / "moved")
    assert len(source.held_out) == 7
    store_of(tmp_path / "s", TOKENS + 1, ["train"] * 100)
    with pytest.raises(UsageError, match="FIT_OTHER_RUN"):
        open_as_saved(identity)
