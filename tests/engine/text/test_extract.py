"""Findings of sentences: what is stated, denied and left open, and where; all sentences are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.extract import extract_findings

SIGNS = {"present": "+", "absent": "-", "uncertain": "?"}


def said(text: str) -> set[str]:
    """Every finding as "+Edema"."""
    return {SIGNS[f.polarity] + f.observation for f in extract_findings(text)}


def placed(text: str) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [(f.observation, f.laterality, f.locations, f.severity) for f in extract_findings(text)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        # Denials, and how far they reach along a list.
        ("No evidence of edema.", {"-Edema"}),
        ("No evidence that there is an effusion.", {"-Pleural Effusion"}),
        ("It is not true that there is edema.", {"-Edema"}),
        (
            "No effusion, pneumothorax, or focal consolidation.",
            {"-Pleural Effusion", "-Pneumothorax", "-Consolidation"},
        ),
        ("No pneumonia, effusion, edema.", {"-Pneumonia", "-Pleural Effusion", "-Edema"}),
        ("No pneumothorax, small effusion.", {"-Pneumothorax", "+Pleural Effusion"}),
        ("No pneumothorax, large effusion or consolidation.", {"-Pneumothorax", "-Pleural Effusion", "-Consolidation"}),
        ("No pneumothorax, but the effusion has grown.", {"-Pneumothorax", "+Pleural Effusion"}),
        ("No acute, displaced rib fracture is seen.", {"-Fracture"}),
        ("No effusion and mild edema.", {"-Pleural Effusion", "+Edema"}),
        ("No edema is seen, and there is a nodule.", {"-Edema", "+Lung Lesion"}),
        ("Cardiomegaly without overt edema.", {"+Cardiomegaly", "-Edema"}),
        ("No consolidation, large effusion/pneumothorax.", {"-Consolidation", "-Pleural Effusion", "-Pneumothorax"}),
        ("Neither nodule nor mass.", {"-Lung Lesion"}),
        ("Negative for pneumothorax.", {"-Pneumothorax"}),
        ("The lungs are free of infiltrates.", {"-Lung Opacity"}),
        ("The effusion has resolved.", {"-Pleural Effusion"}),
        ("Interval resolution of the pneumothorax.", {"-Pneumothorax"}),
        ("The chest tube has been removed.", {"-Support Devices"}),
        ("Edema is no longer seen.", {"-Edema"}),
        ("The effusion is gone.", {"-Pleural Effusion"}),
        ("Edema has not developed.", {"-Edema"}),
        ("Enlargement of the heart is not seen.", {"-Cardiomegaly"}),
        (
            "Atelectasis, consolidation and effusion are not seen.",
            {"-Atelectasis", "-Consolidation", "-Pleural Effusion"},
        ),
        ("Cardiomegaly is stable, the effusion has resolved.", {"+Cardiomegaly", "-Pleural Effusion"}),
        ("Pleural effusion: none.", {"-Pleural Effusion"}),
        ("Normal interstitial markings.", {"-Lung Opacity"}),
        ("Pneumonia has been ruled out.", {"-Pneumonia"}),
        # What only looks like a denial.
        ("No change in the effusion.", {"+Pleural Effusion"}),
        ("No significant interval change in edema or effusion.", {"+Edema", "+Pleural Effusion"}),
        ("Effusion without significant change.", {"+Pleural Effusion"}),
        ("The mass has not increased.", {"+Lung Lesion"}),
        ("The pneumothorax has not resolved.", {"+Pneumothorax"}),
        ("No interval resolution of the effusion.", {"+Pleural Effusion"}),
        # Doubts.
        (
            "Patchy opacity, may reflect atelectasis or consolidation.",
            {"+Lung Opacity", "?Atelectasis", "?Consolidation"},
        ),
        ("Possible small effusion.", {"?Pleural Effusion"}),
        ("Opacity which could be compatible with mild edema.", {"+Lung Opacity", "?Edema"}),
        ("Infiltrate cannot be excluded.", {"?Lung Opacity"}),
        ("Cannot exclude pneumonia.", {"?Pneumonia"}),
        ("It is possible that there is an effusion.", {"?Pleural Effusion"}),
        ("Perhaps there is a nodule.", {"?Lung Lesion"}),
        ("Rule out pneumonia.", {"?Pneumonia"}),
        ("No new consolidation.", {"?Consolidation"}),
        ("Atelectasis versus pneumonia at the base.", {"?Atelectasis", "?Pneumonia"}),
        ("Atelectasis, scarring or infiltrate.", {"?Atelectasis", "?Lung Opacity"}),
        ("Pneumothorax is unlikely.", {"?Pneumothorax"}),
        ("Atelectasis, less likely pneumonia.", {"+Atelectasis", "?Pneumonia"}),
        ("A nodule is not well seen.", {"?Lung Lesion"}),
        ("Suspected rib fracture.", {"?Fracture"}),
        ("Opacity consistent with pneumonia.", {"+Lung Opacity", "+Pneumonia"}),
        # What is said of a region.
        ("Heart size normal and lungs are clear.", {"-Cardiomegaly", "-Lung Opacity"}),
        ("Clear lungs and normal heart size.", {"-Lung Opacity", "-Cardiomegaly"}),
        ("Normal heart size and mediastinal contours.", {"-Cardiomegaly", "-Enlarged Cardiomediastinum"}),
        (
            "The heart, mediastinum and bones are unremarkable.",
            {"-Cardiomegaly", "-Enlarged Cardiomediastinum", "-Fracture"},
        ),
        ("Heart size is enlarged, pulmonary vascularity within normal limits.", {"+Cardiomegaly", "-Edema"}),
        ("The heart is not enlarged.", {"-Cardiomegaly"}),
        ("The cardiac silhouette is mildly enlarged.", {"+Cardiomegaly"}),
        ("Stable enlarged cardiac silhouette.", {"+Cardiomegaly"}),
        ("The cardiomediastinal silhouette is stable.", {"?Enlarged Cardiomediastinum"}),
        ("Heart size is borderline.", {"?Cardiomegaly"}),
        ("Widened mediastinum.", {"+Enlarged Cardiomediastinum"}),
        ("No acute osseous abnormality.", {"-Fracture"}),
        ("The bones are intact, with no acute abnormality.", {"-Fracture"}),
        ("The pulmonary vessels are indistinct.", {"+Edema"}),
        ("Sharp costophrenic angles.", {"-Pleural Effusion"}),
        ("The remaining lungs are clear.", set()),
        ("The lungs are clear apart from a nodule.", {"+Lung Lesion"}),
        ("Aside from a nodule the lungs are clear.", {"+Lung Lesion"}),
        ("No abnormality other than a small effusion.", {"+Pleural Effusion"}),
        ("Low volumes accentuate the lung markings.", {"+Low Lung Volumes"}),
        ("Prominent lung markings.", {"+Lung Opacity"}),
        ("The lungs are otherwise clear.", set()),
        ("Osseous abnormality of the left shoulder.", set()),
        ("LUNGS: Clear. HEART: No cardiomegaly.", {"-Lung Opacity", "-Cardiomegaly"}),
        # Nothing found.
        ("No acute cardiopulmonary process.", {"+No Finding"}),
        ("Normal chest.", {"+No Finding"}),
        ("Normal chest radiograph.", {"+No Finding"}),
        ("No findings of edema.", {"-Edema"}),
        # Words that are no findings, and words that were removed.
        ("Massive effusion.", {"+Pleural Effusion"}),
        ("Pneumothorax with absent lung markings.", {"+Pneumothorax"}),
        ("Nipple shadows.", set()),
        ("Clips project over the heart.", {"+Surgical Material"}),
        ("No XXXX of pneumonia.", {"-Pneumonia"}),
        ("Pericardial effusion.", {"+Pericardial Effusion"}),
        ("Right hemopneumothorax.", {"+Pneumothorax"}),
        ("The bones are not remarkable.", {"-Fracture"}),
        ("Calcified nodule.", {"+Granuloma"}),
        ("", set()),
    ],
)
def test_polarity(sentence: str, expected: set[str]) -> None:
    assert said(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Small left pleural effusion.", [("Pleural Effusion", "left", (), "small")]),
        ("Mild to moderate cardiomegaly.", [("Cardiomegaly", "none", (), "moderate")]),
        ("Bibasilar atelectasis.", [("Atelectasis", "bilateral", ("base",), "none")]),
        ("Consolidation in the right upper lobe.", [("Consolidation", "right", ("upper zone",), "none")]),
        (
            "Opacities in the right mid and lower lung, more marked on the left.",
            [("Lung Opacity", "bilateral", ("lower zone", "middle zone"), "none")],
        ),
        ("Right upper and middle lobe opacities.", [("Lung Opacity", "right", ("middle zone", "upper zone"), "none")]),
        ("In the left lower lobe there is a large mass.", [("Lung Lesion", "left", ("lower zone",), "large")]),
        ("Effusions, right greater than left.", [("Pleural Effusion", "bilateral", (), "none")]),
        (
            "Large right effusion and small left pneumothorax.",
            [("Pleural Effusion", "right", (), "large"), ("Pneumothorax", "left", (), "small")],
        ),
        (
            "Left effusion with adjacent atelectasis.",
            [("Pleural Effusion", "left", (), "none"), ("Atelectasis", "left", (), "none")],
        ),
        (
            "Atelectasis and effusion at the left base.",
            [("Atelectasis", "left", ("base",), "none"), ("Pleural Effusion", "left", ("base",), "none")],
        ),
        (
            "Blunted right costophrenic angle suggesting a trace effusion.",
            [
                ("Costophrenic Blunting", "right", ("costophrenic angle",), "none"),
                ("Pleural Effusion", "right", ("costophrenic angle",), "small"),
            ],
        ),
        (
            "Left basilar atelectasis and cardiomegaly.",
            [("Atelectasis", "left", ("base",), "none"), ("Cardiomegaly", "none", (), "none")],
        ),
        (
            "No consolidation, large effusion, or pneumothorax.",
            [
                ("Consolidation", "none", (), "none"),
                ("Pleural Effusion", "none", (), "large"),
                ("Pneumothorax", "none", (), "none"),
            ],
        ),
        ("The heart is severely enlarged.", [("Cardiomegaly", "none", (), "large")]),
        ("Right-sided PICC.", [("Support Devices", "right", ("central venous line",), "none")]),
        ("Minimally displaced fracture of the left seventh rib.", [("Fracture", "left", ("rib",), "none")]),
        ("The right lung is clear.", [("Lung Opacity", "right", (), "none")]),
        (
            "Pacemaker on the left, its lead in the right ventricle.",
            [("Support Devices", "left", ("pacemaker",), "none"), ("Support Devices", "none", (), "none")],
        ),
        (
            "Scarring and/or subsegmental atelectasis at the left base.",
            [("Lung Opacity", "left", ("base",), "none"), ("Atelectasis", "left", ("base",), "none")],
        ),
    ],
)
def test_side_place_and_severity(sentence: str, expected: list[object]) -> None:
    assert placed(sentence) == expected


def test_findings_keep_their_sentence_and_their_words() -> None:
    first, second = extract_findings("Mild edema.\n\n1. No CHF.")
    assert (first.sentence, first.phrase, first.by_region) == (0, "edema", False)
    assert (second.sentence, second.phrase, second.polarity) == (1, "chf", "absent")


def test_a_finding_said_twice_in_a_sentence_is_one() -> None:
    assert len(extract_findings("Opacities and opacity.")) == 1


WORDS = st.sampled_from(
    [
        "no",
        "effusion",
        ",",
        "or",
        "and",
        "small",
        "left",
        "the",
        "heart",
        "is",
        "enlarged",
        "clear",
        "lungs",
        "may",
        "be",
        "cannot",
        "exclude",
        "with",
        "normal",
        "stable",
        "XXXX",
        ".",
        ";",
        "but",
        "pneumothorax",
        "mediastinum",
        "at",
        "base",
        "not",
        "seen",
        "/",
        "(",
        ")",
        ":",
        "versus",
    ]
)


@given(st.lists(WORDS, max_size=25))
def test_any_words_are_read(words: list[str]) -> None:
    for finding in extract_findings(" ".join(words)):
        assert finding.observation and finding.phrase


@pytest.mark.parametrize(
    ("text", "side", "severity", "places"),
    [
        ("There is a pleural effusion. It is small and on the left.", "left", "small", ()),
        ("Consolidation is seen. This is in the right lower lobe.", "right", "none", ("lower zone",)),
        ("There is a left effusion. It is on the right.", "left", "none", ()),
        ("There is a pleural effusion. The left hilum was not seen.", "none", "none", ()),
    ],
)
def test_a_pronoun_speaks_of_the_finding_before(text: str, side: str, severity: str, places: tuple[str, ...]) -> None:
    (finding, *_) = extract_findings(text)
    assert (finding.laterality, finding.severity, finding.locations) == (side, severity, places)


@pytest.mark.parametrize(
    ("text", "past"),
    [("History of rib fracture.", True), ("No fracture.", False), ("History of trauma, rib fracture.", False)],
)
def test_what_is_told_of_the_past_is_marked(text: str, past: bool) -> None:
    (finding,) = extract_findings(text)
    assert finding.past == past
