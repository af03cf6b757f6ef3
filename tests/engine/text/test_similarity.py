"""How far findings agree: what is wrong in a report counts by how wrong it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.text.similarity import compare_texts

TIERS = {"says the same": (1, 5), "partly right": (3, 4, 7), "wrong": (2, 6, 8)}
"""RadEval's examples by what their narratives say of them: right, one thing missing, added or misjudged, all wrong."""


def test_every_pair_of_the_divergence_examples_is_ordered(shared_data: Path) -> None:
    text = (shared_data / "peers" / "radeval_divergence_examples.json").read_text(encoding="utf-8")
    scores = {example["id"]: compare_texts(example["hyp"], example["ref"]).f1 for example in json.loads(text)}
    assert sorted(scores) == sorted(number for tier in TIERS.values() for number in tier)
    same, partly, wrong = ([scores[number] for number in tier] for tier in TIERS.values())
    assert min(same) > max(partly) > 0 and min(partly) > max(wrong)
    assert set(same) == {1.0} and set(wrong) == {0.0}


def test_the_reference_itself_is_never_beaten(shared_data: Path) -> None:
    text = (shared_data / "peers" / "radeval_divergence_examples.json").read_text(encoding="utf-8")
    for example in json.loads(text):
        assert compare_texts(example["ref"], example["ref"]).f1 == 1.0


@pytest.mark.parametrize(
    ("reference", "better", "worse"),
    [
        ("Small left effusion.", "Small left effusion.", "Small right effusion."),
        ("Small left effusion.", "Small effusion.", "Small right effusion."),
        ("Small left effusion.", "Moderate left effusion.", "Large left effusion."),
        ("Small left effusion.", "Large right effusion.", "No effusion."),
        ("Small left effusion.", "Left effusion.", "Left effusion. Pneumothorax."),
        ("Right upper lobe mass.", "Right apical mass.", "Right basal mass."),
        ("Edema. Effusion.", "Edema.", "Pneumonia."),
        ("Possible pneumonia.", "Pneumonia is possible.", "Pneumonia."),
        ("No edema.", "There is no evidence of edema.", "No effusion."),
    ],
)
def test_the_better_candidate_scores_higher(reference: str, better: str, worse: str) -> None:
    assert compare_texts(better, reference).f1 > compare_texts(worse, reference).f1


def test_repeating_a_finding_changes_nothing() -> None:
    once, twice = "Small left effusion.", "Small left effusion. There is a small left effusion."
    assert compare_texts(twice, once).f1 == 1.0


def test_nothing_said_agrees_with_nothing_said() -> None:
    nothing = compare_texts("", "")
    assert (nothing.precision, nothing.recall, nothing.f1) == (1.0, 1.0, 1.0)
    added = compare_texts("Edema.", "")
    assert (added.precision, added.recall, added.f1) == (0.0, 0.0, 0.0)
