"""Streams over rows in memory: every row once an epoch, and a position that can be found again."""

from __future__ import annotations

import numpy as np
import pytest

from training.activations.stream import ArrayStream


def stream(rows: int = 10, batch: int = 4) -> ArrayStream:
    return ArrayStream(np.arange(rows, dtype=np.float32)[:, None], batch, seed=3)


def test_every_epoch_holds_every_row_once_in_another_order() -> None:
    reader = stream()
    drawn = np.concatenate([reader.next_batch()[:, 0] for _ in range(5)])
    first, second = drawn[:10], drawn[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert list(first) != list(second)


def test_a_stream_goes_on_from_a_saved_position() -> None:
    reader = stream()
    for _ in range(3):
        reader.next_batch()
    state = reader.state()
    expected = [reader.next_batch() for _ in range(6)]
    again = stream()
    again.load_state(state)
    for rows in expected:
        assert np.array_equal(again.next_batch(), rows)


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        stream(rows=3)
