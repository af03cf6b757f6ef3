"""German sentences as radiologists write them: what is found, denied or suspected, on which side, how large, where."""

from __future__ import annotations

import pytest

from engine.text.extract import extract_findings
from engine.text.faithful import compare_rewriting
from engine.text.lexicon import load_lexicon

GERMAN = load_lexicon("de")


def read(text: str) -> set[tuple[str, str, str]]:
    """Observation, polarity and side of every finding."""
    return {(f.observation, f.polarity, f.laterality) for f in extract_findings(text, GERMAN)}


def one(observation: str, polarity: str, side: str = "none") -> set[tuple[str, str, str]]:
    return {(observation, polarity, side)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kein Nachweis eines Pneumothorax.", one("Pneumothorax", "absent")),
        ("Kein Nachweis von Pleuraergüssen.", one("Pleural Effusion", "absent")),
        ("Ein Pneumothorax ist nicht nachweisbar.", one("Pneumothorax", "absent")),
        ("Ein Pneumothorax lässt sich nicht nachweisen.", one("Pneumothorax", "absent")),
        ("Kein Anhalt für eine pulmonalvenöse Stauung.", one("Edema", "absent")),
        ("Kein Hinweis auf eine Pneumonie.", one("Pneumonia", "absent")),
        ("Ausschluss Pneumothorax.", one("Pneumothorax", "absent")),
        ("Ausschluss eines Pneumothorax.", one("Pneumothorax", "absent")),
        ("Ein Pneumothorax ist ausgeschlossen.", one("Pneumothorax", "absent")),
        ("Pneumonie nicht auszuschließen.", one("Pneumonia", "uncertain")),
        ("Ein Pleuraerguss links kann nicht ausgeschlossen werden.", one("Pleural Effusion", "uncertain", "left")),
        ("V. a. Pneumonie rechts.", one("Pneumonia", "uncertain", "right")),
        ("Verdacht auf Pneumonie im rechten Unterlappen.", one("Pneumonia", "uncertain", "right")),
        ("Am ehesten Atelektase links basal.", one("Atelectasis", "uncertain", "left")),
        ("Fraglicher Rundherd im rechten Oberlappen.", one("Lung Lesion", "uncertain", "right")),
        ("Geringer Pleuraerguss links.", one("Pleural Effusion", "present", "left")),
        ("Pleuraerguss beidseits.", one("Pleural Effusion", "present", "bilateral")),
        ("Linksseitiger Randwinkelerguss.", one("Pleural Effusion", "present", "left")),
        ("Ausgeprägte Konsolidierung im linken Unterfeld.", one("Consolidation", "present", "left")),
        ("Herz nicht vergrößert.", one("Cardiomegaly", "absent")),
        ("Herz normal groß.", one("Cardiomegaly", "absent")),
        ("Das Herz ist vergrößert.", one("Cardiomegaly", "present")),
        ("Herz grenzwertig groß.", one("Cardiomegaly", "uncertain")),
        ("Mediastinum nicht verbreitert.", one("Enlarged Cardiomediastinum", "absent")),
        ("Lunge frei belüftet.", one("Lung Opacity", "absent")),
        ("Randwinkel beidseits frei.", one("Pleural Effusion", "absent", "bilateral")),
        ("Knöcherner Thorax intakt.", one("Fracture", "absent")),
        ("Rippenfraktur rechts.", one("Fracture", "present", "right")),
        ("Weder Pneumothorax noch Pleuraerguss.", one("Pneumothorax", "absent") | one("Pleural Effusion", "absent")),
        ("Kein Pneumothorax, kein Erguss.", one("Pneumothorax", "absent") | one("Pleural Effusion", "absent")),
        ("Kein Infiltrat oder Pleuraerguss.", one("Pneumonia", "absent") | one("Pleural Effusion", "absent")),
        ("Kein Pneumothorax, aber ein Pleuraerguss rechts.",
         one("Pneumothorax", "absent") | one("Pleural Effusion", "present", "right")),
        ("Verschattung rechts basal, DD Pneumonie.",
         one("Lung Opacity", "present", "right") | one("Pneumonia", "uncertain", "right")),
        ("Verschattung links, vereinbar mit Atelektase.",
         one("Lung Opacity", "present", "left") | one("Atelectasis", "uncertain", "left")),
        ("ZVK von rechts, Magensonde.", one("Support Devices", "present", "right") | one("Support Devices", "present")),
        ("Z. n. Sternotomie.", one("Surgical Material", "present")),
    ],
)  # fmt: skip
def test_a_sentence_is_read(text: str, found: set[tuple[str, str, str]]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "severity", "places"),
    [
        ("Geringer Pleuraerguss links.", "small", ()),
        ("Pleuraerguss links, mäßig, basal.", "moderate", ("base",)),
        ("Ausgeprägte Konsolidierung im linken Unterfeld.", "large", ("lower zone",)),
        ("Mäßiggradige Atelektase rechts retrokardial.", "moderate", ("retrocardiac",)),
        ("Kleiner Rundherd im rechten Oberlappen.", "small", ("upper zone",)),
        ("Unterlappenatelektase links.", "none", ("lower zone",)),
    ],
)
def test_severity_and_place_are_read(text: str, severity: str, places: tuple[str, ...]) -> None:
    (finding,) = extract_findings(text, GERMAN)
    assert (finding.severity, finding.locations) == (severity, places)


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("Nachweis: Pleuraerguss links, gering.", "Geringer Pleuraerguss links."),
        ("Nachweis: Pleuraerguss links, gering.", "Es zeigt sich ein geringer linksseitiger Pleuraerguss."),
        ("Kein Pneumothorax.", "Kein Nachweis eines Pneumothorax."),
        ("Kein Pneumothorax.", "Ein Pneumothorax ist nicht nachweisbar."),
        ("Keine Kardiomegalie.", "Das Herz ist nicht vergrößert."),
    ],
)
def test_what_says_the_same_is_kept(original: str, rewritten: str) -> None:
    assert compare_rewriting(original, rewritten, GERMAN).kept


@pytest.mark.parametrize(
    ("original", "rewritten"),
    [
        ("Nachweis: Pleuraerguss links, gering.", "Geringer Pleuraerguss rechts."),
        ("Nachweis: Pleuraerguss links, gering.", "Deutlicher Pleuraerguss links."),
        ("Nachweis: Pleuraerguss links, gering.", "Kein Pleuraerguss links."),
        ("Nachweis: Pleuraerguss links, gering.", "V. a. geringen Pleuraerguss links."),
        ("Nachweis: Pleuraerguss links, gering.", "Geringer Pleuraerguss links, rückläufig."),
        ("Nachweis: Pleuraerguss links, gering.", "Geringer Pleuraerguss links mit Atelektase."),
        ("Nachweis: Pleuraerguss links, gering.", "Geringer Pleuraerguss links bei Leberzirrhose."),
        ("Kein Pneumothorax.", "Ein Pneumothorax ist nicht auszuschließen."),
        ("Kein Pneumothorax.", "Pneumothorax."),
        ("Kein Pneumothorax.", "Kein Pneumothorax mehr."),
        ("Kein Pneumothorax.", "Kein Pneumothorax nicht nachweisbar."),
        ("Kein Pneumothorax.", "No pneumothorax."),
    ],
)
def test_what_changes_is_told(original: str, rewritten: str) -> None:
    assert not compare_rewriting(original, rewritten, GERMAN).kept
