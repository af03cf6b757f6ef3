"""Measures over words, beside the examples of the papers that defined them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.evaluation.report_metrics.bleu import bleu, bleu_counts
from training.evaluation.report_metrics.meteor import meteor
from training.evaluation.report_metrics.rouge import common_subsequence, rouge_l
from training.evaluation.report_metrics.stem import stem
from training.evaluation.report_metrics.words import words_of

CAT = "The cat is on the mat."
NLTK_REFERENCE = "It is a guide to action that ensures that the military will forever heed Party commands"
NLTK_CANDIDATE = "It is a guide to action which ensures that the military always obeys the commands of the party"


def of(candidate: str, reference: str, order: int) -> float:
    return bleu(bleu_counts(words_of(candidate), words_of(reference)), order)


def test_words_keep_hyphens_and_decimals() -> None:
    assert words_of("A 1.5 cm left-sided PICC; no change.") == ["a", "1.5", "cm", "left-sided", "picc", "no", "change"]


def test_bleu_clips_repeated_words() -> None:
    # Papineni et al. 2002, example 2: modified unigram precision 2/7.
    assert of("the the the the the the the", CAT, 1) == pytest.approx(2 / 7)


def test_bleu_punishes_short_candidates() -> None:
    # Precision is 1; the brevity penalty is exp(1 - r/c).
    assert of("on the mat", CAT, 1) == pytest.approx(math.exp(1 - 6 / 3))
    assert of("the cat is on the mat", CAT, 4) == 1.0


def test_bleu_is_the_geometric_mean_of_the_corpus_precisions() -> None:
    counts = bleu_counts(words_of("the cat sat"), words_of(CAT)) + bleu_counts(
        words_of("no edema"), words_of("no edema")
    )
    # Unigrams 2 + 2 of 3 + 2, bigrams 1 + 1 of 2 + 1; the references are longer.
    expected = math.sqrt((4 / 5) * (2 / 3)) * math.exp(1 - 8 / 5)
    assert bleu(counts, 2) == pytest.approx(expected)
    assert bleu(counts, 3) == 0.0


def test_bleu_of_nothing() -> None:
    assert of("", CAT, 1) == 0.0
    assert of("cat", "", 1) == 0.0


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [("police kill the gunman", 0.75), ("the gunman kill police", 0.5), ("the gunman police killed", 0.5)],
)
def test_rouge_l_of_lin_2004(candidate: str, expected: float) -> None:
    assert rouge_l(words_of(candidate), words_of("police killed the gunman")) == expected


def test_common_subsequence_beside_the_table_method() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        first, second = ([str(v) for v in rng.integers(0, 4, size=n)] for n in rng.integers(0, 12, size=2))
        table = np.zeros((len(first) + 1, len(second) + 1), dtype=int)
        for i, a in enumerate(first):
            for j, b in enumerate(second):
                table[i + 1, j + 1] = table[i, j] + 1 if a == b else max(table[i, j + 1], table[i + 1, j])
        assert common_subsequence(first, second) == table[-1, -1]


def test_rouge_l_of_nothing() -> None:
    assert rouge_l([], []) == 1.0
    assert rouge_l([], ["edema"]) == 0.0


def test_meteor_as_nltk_documents_it() -> None:
    assert round(meteor(words_of(NLTK_CANDIDATE), words_of(NLTK_REFERENCE)), 4) == 0.6944
    assert meteor(words_of("non matching hypothesis"), words_of("this is a cat")) == 0.0


def test_meteor_of_equal_texts_is_short_of_one_by_the_penalty() -> None:
    words = words_of("no pleural effusion")
    assert meteor(words, words) == pytest.approx(1 - 0.5 * (1 / 3) ** 3)
    assert meteor([], []) == 1.0


def test_meteor_matches_stems() -> None:
    assert meteor(["effusions"], ["effusion"]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # Porter 1980, examples of the steps, through all of them.
        ("caresses", "caress"), ("ponies", "poni"), ("caress", "caress"), ("cats", "cat"), ("feed", "feed"),
        ("plastered", "plaster"), ("bled", "bled"), ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"),
        ("hopping", "hop"), ("falling", "fall"), ("hissing", "hiss"), ("filing", "file"), ("happy", "happi"),
        ("sky", "sky"), ("relational", "relat"), ("conditional", "condit"), ("digitizer", "digit"),
        ("vietnamization", "vietnam"), ("triplicate", "triplic"), ("formalize", "formal"), ("hopeful", "hope"),
        ("goodness", "good"), ("allowance", "allow"), ("replacement", "replac"), ("adoption", "adopt"),
        ("probate", "probat"), ("rate", "rate"), ("cease", "ceas"), ("controll", "control"), ("roll", "roll"),
        ("generalizations", "gener"), ("oscillators", "oscil"), ("as", "as"),
    ],
)  # fmt: skip
def test_stems_of_porter_1980(word: str, expected: str) -> None:
    assert stem(word) == expected
