"""Labels and findings of reports: what counts as right."""

from __future__ import annotations

import numpy as np
import pytest

from engine.pack.manifest import OBSERVATIONS
from engine.text.chexpert import FIVE, chexpert_labels
from engine.text.extract import extract_findings
from engine.text.lexicon import load_lexicon
from training.evaluation.report_metrics.findings import finding_counts, graded_counts, graded_f1
from training.evaluation.report_metrics.labels import label_counts, macro, micro

LEXICON = load_lexicon()


def labels(candidate: str, reference: str, names: tuple[str, ...] = FIVE) -> np.ndarray:
    return label_counts(
        chexpert_labels(extract_findings(candidate)), chexpert_labels(extract_findings(reference)), names
    )


def findings(candidate: str, reference: str) -> dict[str, list[int]]:
    counts = finding_counts(extract_findings(candidate), extract_findings(reference), LEXICON)
    return {name: value.astype(int).tolist() for name, value in counts.items()}


def test_labels_micro_and_macro() -> None:
    counts = labels("Edema. Effusion.", "Edema. Atelectasis.") + labels("Edema.", "Edema. Atelectasis.")
    # Edema 2 hits, effusion 1 extra, atelectasis 2 missed.
    assert micro(counts) == pytest.approx((2 / 3, 2 / 4, 4 / 7))
    assert macro(counts) == pytest.approx((1 / 5, 1 / 5, 1 / 5))


def test_a_suspected_label_is_positive_and_a_denied_one_is_not() -> None:
    assert micro(labels("Possible edema. No effusion.", "Edema.")) == (1.0, 1.0, 1.0)


def test_no_finding_is_one_of_the_fourteen() -> None:
    assert micro(labels("No edema.", "Lungs are clear.", OBSERVATIONS)) == (1.0, 1.0, 1.0)


def test_nothing_positive_is_nothing_to_measure() -> None:
    assert np.isnan(micro(labels("", ""))).all()
    assert macro(labels("", "")) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("candidate", "reference", "observation", "side", "place"),
    [
        ("Left effusion.", "Left effusion.", [1, 0, 0], [1, 0, 0], [1, 0, 0]),
        ("Right effusion.", "Left effusion.", [1, 0, 0], [0, 1, 1], [0, 1, 1]),
        ("Left apical mass.", "Left basal mass.", [1, 0, 0], [1, 0, 0], [0, 1, 1]),
        ("Left lower lobe mass.", "Left basal mass.", [1, 0, 0], [1, 0, 0], [1, 0, 0]),
        ("Left mass.", "Left basal mass.", [1, 0, 0], [1, 0, 0], [0, 1, 1]),
        ("Left basal mass.", "Left mass.", [1, 0, 0], [1, 0, 0], [1, 0, 0]),
        ("Left effusion. Right effusion.", "Bilateral effusions.", [1, 0, 0], [1, 0, 0], [1, 0, 0]),
        ("No effusion. Edema.", "Effusion.", [0, 1, 1], [0, 1, 1], [0, 1, 1]),
        ("No acute process.", "Lungs are clear.", [0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_findings_with_side_and_place(
    candidate: str, reference: str, observation: list[int], side: list[int], place: list[int]
) -> None:
    assert findings(candidate, reference) == {"observation": observation, "side": side, "place": place}


def test_graded_f1_counts_denials_too() -> None:
    counts = graded_counts(extract_findings("No edema. Mass."), extract_findings("No edema. Effusion."), LEXICON)
    assert graded_f1(counts) == pytest.approx(0.5)
    assert np.isnan(graded_f1(np.zeros(3)))
