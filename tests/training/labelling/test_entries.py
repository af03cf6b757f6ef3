"""Entries are scored as one: features that say the same words fire for each other."""

from __future__ import annotations

import numpy as np
import pytest

from training.labelling.cases import Attribute, Case, Claim
from training.labelling.entries import entry_scores
from training.labelling.judge import activity
from training.labelling.score import detection_samples, detection_scores, truth_of

EFFUSION, HEART = "Pleural Effusion", "Cardiomegaly"


def cases(count: int) -> list[Case]:
    known = frozenset({EFFUSION, HEART})
    claims = [(Claim(EFFUSION),) if i % 4 == 0 else () for i in range(count)]
    return [Case(f"p/{i}", "phantom", "val", f"g{i}", c, known, not c, True, "") for i, c in enumerate(claims)]


def split_features(count: int) -> np.ndarray:
    """Return pre-activations of four features, three of which share the images with an effusion among them."""
    rng = np.random.default_rng(0)
    z = rng.uniform(-2.0, -1.0, (count, 4)).astype(np.float32)
    for i in range(0, count, 4):
        # The two that do not fire for this effusion come close.
        z[i, :3] = -0.1
        z[i, (i // 4) % 3] = 1.0
    z[1::4, 3] = 1.0
    return z


def test_together_they_say_what_none_of_them_says_alone() -> None:
    held_out, known = activity(split_features(240), np.zeros(4, dtype=np.float32)), cases(240)
    attribute = Attribute(EFFUSION)
    truths = truth_of([attribute], known)
    samples = detection_samples(
        [attribute] * 3,
        held_out.fires[:, :3],
        held_out.near[:, :3],
        truths,
        minimum_firing=5,
        rngs=[np.random.default_rng(i) for i in range(3)],
    )
    alone = detection_scores([attribute] * 3, samples, truths)
    found = entry_scores([0, 0, 0, 3], {0: attribute}, held_out, known, minimum_firing=5, seed=0)
    assert alone.max() < 0.8
    assert found == {0: pytest.approx(1.0)}


def test_an_entry_without_enough_images_or_words_has_no_score() -> None:
    held_out, known = activity(split_features(240), np.zeros(4, dtype=np.float32)), cases(240)
    groups = [0, 0, 0, 3]
    assert entry_scores(groups, {}, held_out, known, minimum_firing=5, seed=0) == {}
    assert entry_scores(groups, {3: Attribute(HEART)}, held_out, known, minimum_firing=100, seed=0) == {}
    assert set(entry_scores(groups, {3: Attribute(HEART)}, held_out, known, minimum_firing=5, seed=0)) == {3}
