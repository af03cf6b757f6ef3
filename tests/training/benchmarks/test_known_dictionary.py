"""The rows made from a known dictionary, and the measure of how much of it is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.benchmarks.known_dictionary import ROWS, DictionaryOptions, KnownDictionary, frequencies
from training.benchmarks.recovery import Trained, recovery

OPTIONS = DictionaryOptions(d_model=24, n_true=60, mean_l0=4.0)


def test_the_frequencies_sum_to_the_mean_l0_and_fall_up_to_the_cap() -> None:
    found = frequencies(OPTIONS)
    assert found.sum() == pytest.approx(4.0, rel=1e-6)
    assert (np.diff(found) <= 0).all() and found.max() <= OPTIONS.most_frequent


def test_more_features_a_row_than_there_can_be_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot occur"):
        frequencies(DictionaryOptions(d_model=8, n_true=10, mean_l0=6.0))


def test_the_same_seed_gives_the_same_rows_and_other_parts_give_others() -> None:
    a, b = (KnownDictionary(OPTIONS).rows(300, part=0) for _ in range(2))
    assert a.dtype == np.float32 and np.array_equal(a, b)
    assert not np.array_equal(a, KnownDictionary(OPTIONS).rows(300, part=1))


def test_a_file_holds_the_rows(tmp_path: Path) -> None:
    true, path = KnownDictionary(OPTIONS), tmp_path / "tokens.npy"
    true.write(path, ROWS + 7, part=0)
    assert np.array_equal(np.load(path), true.rows(ROWS + 7, part=0))


def test_rows_without_noise_are_sparse_sums_of_the_directions() -> None:
    """With as many dimensions as features, least squares gives the coefficients back."""
    true = KnownDictionary(DictionaryOptions(d_model=40, n_true=30, mean_l0=3.0, noise=0.0))
    rows = (true.rows(4000, part=0) - true.offset).astype(np.float64)
    coefficients = np.linalg.lstsq(true.directions.T.astype(np.float64), rows.T, rcond=None)[0].T
    active = np.abs(coefficients) > 1e-3
    assert coefficients[active].min() > 0.49
    assert active.sum(1).mean() == pytest.approx(3.0, rel=0.1)
    np.testing.assert_allclose(active.mean(0), true.frequency, atol=0.03)
    np.testing.assert_allclose(np.linalg.norm(true.directions, axis=1), 1.0, atol=1e-6)


def trained(decoder: np.ndarray[tuple[int, int], np.dtype[np.float32]], fires: list[int], x: np.ndarray) -> Trained:  # type: ignore[type-arg]
    return Trained(decoder, x, np.array(fires))


def test_a_dictionary_that_is_found_has_cosine_one_in_any_order_and_length() -> None:
    true = KnownDictionary(OPTIONS)
    x = true.rows(50, part=0)
    order = np.random.default_rng(0).permutation(60)
    found = recovery(trained(3.0 * true.directions[order], [2] * 60, x), x, true.directions)
    assert found.mean_max_cosine == pytest.approx(1.0)
    assert (found.found, found.fvu, found.dead) == (1.0, 0.0, 0.0)
    assert found.mean_l0 == pytest.approx(2 * 60 / 50)


def test_directions_that_are_dead_do_not_count() -> None:
    true, x = np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)
    found = recovery(trained(true, [1, 0], x), x, true)
    assert (found.mean_max_cosine, found.found, found.dead) == (0.5, 0.5, 0.5)
    assert recovery(trained(true, [0, 0], x), x, true).mean_max_cosine == 0.0


def test_the_mean_as_reconstruction_explains_nothing() -> None:
    true = KnownDictionary(OPTIONS)
    x = true.rows(500, part=0)
    guess = np.broadcast_to(x.mean(0), x.shape)
    assert recovery(trained(true.directions, [1] * 60, guess), x, true.directions).fvu == pytest.approx(1.0, rel=1e-4)
