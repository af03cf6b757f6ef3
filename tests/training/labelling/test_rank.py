"""A description's rank among five, on images it was not made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from tests.training.labelling.test_label_run import random_images, random_sae
from training.labelling.cases import Attribute, Case, Claim
from training.labelling.chunk import chunk_jobs, label_chunk
from training.labelling.rank import expected_ranks, finding_of
from training.labelling.run import LabelOptions, chunk_task
from training.labelling.score import Sample, detection_scores, truth_of

FINDINGS = ("Pleural Effusion", "Edema", "Atelectasis", "Cardiomegaly", "Fracture", "Pneumothorax")
SAID = [Attribute(name) for name in FINDINGS]


def images(seed: int = 0, count: int = 60) -> list[Case]:
    rng = np.random.default_rng(seed)
    found = []
    for n in range(count):
        claims = tuple(Claim(name) for name in FINDINGS if rng.random() < 0.4)
        found.append(Case(f"t/{n}", "t", "val", f"p{n}", claims, frozenset(FINDINGS), None, sided=False, text=""))
    return found


def brute(own: int, said: Sequence[Attribute], sample: Sample, cases: Sequence[Case]) -> float:
    """Rank by hand in every choice of four others."""
    scores = detection_scores(said, [sample] * len(said), truth_of(said, cases))
    others = [i for i, other in enumerate(said) if finding_of(other) != finding_of(said[own])]
    ranks = [
        1 + sum(1.0 if scores[i] > scores[own] else 0.5 * (scores[i] == scores[own]) for i in four)
        for four in combinations(others, 4)
    ]
    return float(np.mean(ranks))


def test_it_is_the_mean_over_every_choice_of_the_four() -> None:
    cases, said = images(), [*SAID, SAID[1], SAID[2], Attribute("Edema", "absent")]
    sample = Sample(np.arange(0, 25), np.arange(25, 60))
    found = expected_ranks(said, [sample] * len(said), cases)
    assert found == pytest.approx([brute(own, said, sample, cases) for own in range(len(said))])
    assert len(set(found)) > 3


def test_a_perfect_description_is_first_and_its_opposite_last() -> None:
    cases = images()
    ill = np.array([any(claim.observation == "Edema" for claim in case.claims) for case in cases])
    sample = Sample(np.flatnonzero(ill), np.flatnonzero(~ill))
    said = [*SAID, Attribute("Edema", "absent")]
    ranks = expected_ranks(said, [sample] * len(said), cases)
    assert (ranks[1], ranks[-1]) == (1.0, 5.0)


def test_the_same_finding_on_another_side_is_no_rival_and_four_are_needed() -> None:
    cases, sample = images(), Sample(np.arange(25), np.arange(25, 60))
    sides = [Attribute("Edema"), *(Attribute("Edema", laterality="left") for _ in range(9)), *SAID[2:5]]
    assert math.isnan(expected_ranks(sides, [sample] * len(sides), cases)[0])
    more = [*sides, SAID[5]]
    assert 1.0 <= expected_ranks(more, [sample] * len(more), cases)[0] <= 5.0


def test_without_a_sample_or_a_description_there_is_no_rank() -> None:
    sample = Sample(np.arange(25), np.arange(25, 60))
    found = expected_ranks([*SAID, None], [None, *[sample] * 6], images())
    assert math.isnan(found[0]) and math.isnan(found[-1]) and not math.isnan(found[1])
    assert all(math.isnan(rank) for rank in expected_ranks([None], [None], images()))


def test_no_image_of_a_description_is_one_of_its_score() -> None:
    sae, shown = random_sae(64), random_images(3000)
    task = chunk_task(shown, LabelOptions())
    (job,) = chunk_jobs(sae, [0], 64)
    chunk = label_chunk(task, job)
    train = {case.group for case in shown.train_cases}
    scored = [(x, sample) for x, sample in zip(chunk.labels, chunk.samples, strict=True) if sample is not None]
    assert len(scored) >= 3
    for own, (firing, silent) in scored:
        used = {shown.held_out_cases[i].group for i in (*firing, *silent)}
        assert used and not used & train
        assert {w.image for w in own.firing} <= {case.key for case in shown.train_cases}
        true = [
            np.mean([own.attribute is not None and own.attribute.holds(case) is True for case in part])
            for part in ([shown.held_out_cases[i] for i in rows] for rows in (firing, silent))
        ]
        assert own.label_score == pytest.approx(0.5 * (true[0] + 1 - true[1]), abs=1e-4)
