"""No sentence speaks of comparison, change or history, whatever the labels of a pack say."""

from __future__ import annotations

import pytest

from engine.report.compose import compose
from engine.report.unsupportable import unsupportable
from engine.report.wording import languages, load_wording
from tests.engine.report.factories import analysis, feature, probabilities, probability

HOSTILE = (
    "unchanged", "worsening effusion", "increased since the prior study", "Interval resolution of edema", "new",
    "stable", "compared to the previous radiograph", "known lung cancer", "history of trauma", "status post lobectomy",
    "s/p CABG", "now improved", "unverändert zur Voraufnahme", "neu aufgetreten", "im Vergleich rückläufig",
    "bekannter Erguss", "Zustand nach Lobektomie", "progredient", "zunehmende Stauung", "again seen", "h/o asthma",
    "increasing",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["observation", "location", "description"])
def test_a_hostile_label_reaches_no_draft(text: str, place: str) -> None:
    known = {"observation": "Pleural Effusion", "location": "base", "description": "pleural effusion"}
    label = known | {place: text if place != "observation" else text.capitalize()}
    bad = feature(
        1, label["observation"], location=label["location"], description=label["description"], section="pleura"
    )
    device = feature(2, "Support Devices", location=text, description=text)
    good = feature(3, "Pneumothorax")
    readouts = probabilities(
        *(() if place != "observation" else (probability(label["observation"], 0.99),)),
        Pleural_Effusion=0.99,
        Support_Devices=0.99,
        Pneumothorax=0.9,
    )
    made = analysis((bad, device, good), readouts)
    for language in languages():
        draft = compose(made, language=language)
        assert {i for s in draft.sentences() for i in s.evidence} == {3}
        assert not any(unsupportable(s.text) for s in draft.sentences())


@pytest.mark.parametrize(
    "text",
    ["The lungs are clear.", "no acute abnormality", "chronic fracture", "left apical pneumothorax", "tortuous aorta",
     "normal lung volumes", "Neural tumour", "Kein Pneumothorax.", "Neurofibrom", "coarse interstitial markings"],
)  # fmt: skip
def test_what_an_image_shows_may_be_said(text: str) -> None:
    assert unsupportable(text) == ""


@pytest.mark.parametrize("language", languages())
def test_no_shipped_phrase_speaks_of_it(language: str) -> None:
    wording = load_wording(language)
    phrases = [value for own in wording.observations.values() for value in own.model_dump().values()]
    assert not any(unsupportable(text) for text in phrases if isinstance(text, str))
