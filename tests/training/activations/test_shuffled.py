"""Streams from a store: every token once an epoch, well mixed, in bounded memory, from a position to the same rows."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.errors import SaeRadError
from tests.training.activations.mixing import neighbours_together, normalised_entropy, rank_correlation
from tests.training.activations.toy import toy_store
from training.activations.shuffled import StoreStream, run_length
from training.activations.store import ActivationStore
from training.activations.stream import FloatArray, TokenStream

IMAGES, PATCHES, SHARD, BATCH = 400, 64, 50, 256
BUFFER = 8192
"""Of 25,600 patch tokens: four windows an epoch; two runs in a window for each token of a batch, as by default."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ActivationStore:
    return toy_store(tmp_path_factory.mktemp("store") / "s", IMAGES, SHARD)


def epoch(stream: TokenStream, batch: int = BATCH) -> FloatArray:
    """The first tokens of a stream, as many as an epoch has."""
    batches = [stream.next_batch() for _ in range(-(-stream.rows // batch))]
    return np.concatenate(batches)[: stream.rows]


def places(tokens: FloatArray, per_image: int) -> npt.NDArray[np.int64]:
    """Where the tokens lie on the disk."""
    return (tokens[:, 0] * per_image + np.maximum(tokens[:, 1], 0)).astype(np.int64)


def code_of(error: pytest.ExceptionInfo[SaeRadError]) -> str:
    return error.value.code


@pytest.mark.parametrize(("kind", "per_image"), [("class", 1), ("patches", PATCHES)])
def test_an_epoch_holds_every_token_once_and_the_next_one_another_order(
    store: ActivationStore, kind: str, per_image: int
) -> None:
    stream = StoreStream(store, 100, seed=1, tokens=kind, buffer_rows=BUFFER)  # type: ignore[arg-type]
    assert stream.rows == IMAGES * per_image and stream.d_model == store.d_model
    first, second = (places(epoch(stream, 100), per_image) for _ in range(2))
    assert np.array_equal(np.sort(first), np.arange(IMAGES * per_image))
    assert np.array_equal(np.sort(second), np.arange(IMAGES * per_image))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("kind", ["class", "patches"])
def test_a_position_is_found_again_to_the_very_same_rows(store: ActivationStore, kind: str) -> None:
    def fresh() -> StoreStream:
        return StoreStream(store, 170, seed=5, tokens=kind, buffer_rows=1000)  # type: ignore[arg-type]

    stream = fresh()
    kept = []
    for _ in range(1 + 2 * stream.rows // 170):
        kept.append((stream.state(), stream.next_batch()))
    for state, batch in kept[:: max(1, len(kept) // 12)]:
        again = fresh()
        again.load_state(state)
        assert again.state() == state
        assert np.array_equal(again.next_batch(), batch)
    # The same stream can go back, too.
    stream.load_state(kept[1][0])
    assert np.array_equal(stream.next_batch(), kept[1][1])


def test_a_position_of_another_stream_is_refused(store: ActivationStore) -> None:
    state = StoreStream(store, 10, seed=5).state()
    for other in (StoreStream(store, 10, seed=6), StoreStream(store, 10, seed=5, splits={"train"})):
        with pytest.raises(SaeRadError) as error:
            other.load_state(state)
        assert code_of(error) == "STREAM_STATE"


def test_only_the_chosen_images_come(store: ActivationStore) -> None:
    train = StoreStream(store, 50, seed=0, splits={"train"}, tokens="patches", buffer_rows=BUFFER)
    images = np.unique(epoch(train, 50)[:, 0]).astype(int)
    assert images.tolist() == [n for n in range(IMAGES) if n % 4 < 2]
    few = StoreStream(store, 2, seed=0, splits={"val"}, rows=np.array([6, 2, 3, 2]))
    assert sorted(epoch(few, 2)[:, 0].tolist()) == [2.0, 6.0]


def test_more_than_there_is_cannot_be_drawn(store: ActivationStore) -> None:
    with pytest.raises(SaeRadError) as error:
        StoreStream(store, IMAGES + 1, seed=0)
    assert code_of(error) == "STREAM_ROWS"
    with pytest.raises(SaeRadError) as error:
        StoreStream(store, 1, seed=0, splits={"nothing"})
    assert code_of(error) == "STREAM_ROWS"


def test_runs_divide_an_images_tokens() -> None:
    assert [run_length(n) for n in (1, 7, 64, 256, 37 * 37, 97)] == [1, 7, 16, 16, 37, 97]


class Sequential:
    """What a naive reader does: the store's order, again and again."""

    def __init__(self, store: ActivationStore) -> None:
        runs = np.arange(store.rows * PATCHES)
        self.tokens = store.take(runs, "patches")[:, 0].astype(np.float32)
        self.d_model, self.rows, self._place = store.d_model, len(runs), 0

    def next_batch(self) -> FloatArray:
        self._place += BATCH
        return self.tokens[self._place - BATCH : self._place]


def is_well_mixed(tokens: FloatArray, per_image: int, batch: int) -> bool:
    """The measure of docs/activations.md."""
    on_disk = places(tokens, per_image)
    images, shards = on_disk // per_image, on_disk // per_image // SHARD
    entropies = [normalised_entropy(owner, batch) for owner in (images, shards)]
    if per_image > 1:
        entropies.append(normalised_entropy(on_disk % per_image, batch))
    return min(entropies) > 0.95 and abs(rank_correlation(on_disk)) < 0.05 and neighbours_together(images) < 2.0


def test_patch_tokens_are_mixed_nearly_as_by_a_permutation(store: ActivationStore) -> None:
    stream = StoreStream(store, BATCH, seed=2, tokens="patches", buffer_rows=BUFFER)
    assert is_well_mixed(epoch(stream), PATCHES, BATCH)


def test_class_tokens_are_mixed_as_by_a_permutation(store: ActivationStore) -> None:
    stream = StoreStream(store, 40, seed=2, buffer_rows=64)
    assert is_well_mixed(epoch(stream, 40), 1, 40)


def test_the_measure_of_mixing_tells_a_naive_reader_and_a_small_buffer(store: ActivationStore) -> None:
    naive = Sequential(store)
    tokens = np.concatenate([naive.next_batch() for _ in range(naive.rows // BATCH)])
    assert not is_well_mixed(tokens, PATCHES, BATCH)
    assert normalised_entropy(places(tokens, PATCHES) // PATCHES, BATCH) < 0.5
    cramped = StoreStream(store, BATCH, seed=2, tokens="patches", buffer_rows=BATCH)
    assert not is_well_mixed(epoch(cramped), PATCHES, BATCH)


def test_memory_stays_below_the_stated_bound_on_a_store_many_times_larger(tmp_path: Path) -> None:
    large = toy_store(tmp_path / "large", 600, 200, width=64)
    on_disk = sum(path.stat().st_size for path in (tmp_path / "large").glob("*.safetensors"))
    stream = StoreStream(large, BATCH, seed=0, tokens="patches", buffer_rows=2048)
    assert stream.memory_bytes < on_disk / 4
    StoreStream(large, BATCH, seed=1).next_batch()  # what is imported at the first draw is not the stream's
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(stream.rows // BATCH + 20):
            batch = stream.next_batch()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    # Python's own small objects come on top of the arrays.
    assert peak < stream.memory_bytes + 2 * batch.nbytes + (64 << 10)
