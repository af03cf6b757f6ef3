"""Words of findings and numbers, in the language of the window and never in what is exported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QDoubleSpinBox

from engine.dicom.radiograph import Calibration, Spacing
from engine.measure.shapes import Kind, Measurement
from engine.measure.values import read
from engine.pack.manifest import Laterality, Severity
from tests.viewer.factories import feature, finding, kept_evidence, make_radiograph
from viewer import vocabulary
from viewer.i18n import decimal, language
from viewer.image.annotations import spacing_text
from viewer.measure.words import lines_of
from viewer.settings import mouse
from viewer.settings.dialog import SettingsDialog
from viewer.settings.preferences import Preferences
from viewer.why.words import finding_text, label_text, probability_text, reading_text, strength_text


@pytest.fixture
def german(dark: QApplication) -> Iterator[None]:
    language.use("de", dark)
    yield
    language.use("en", dark)


def test_findings_are_named_in_german(german: None) -> None:
    assert finding_text(finding((3,))) == "Pleuraerguss: vorhanden, links, basal, gering"
    assert reading_text(feature(3)) == "Pleuraerguss, vorhanden, links, basal, gering"
    assert vocabulary.observation("Unheard Of") == "Unheard Of"
    assert vocabulary.location("pacemaker") == "Herzschrittmacher"
    assert all(vocabulary.side(side) for side in get_args(Laterality) if side != "none")
    assert all(vocabulary.severity(value) for value in get_args(Severity) if value != "none")
    assert vocabulary.side("none") == vocabulary.severity("none") == ""


def test_findings_are_the_packs_own_words_in_english(dark: QApplication) -> None:
    assert finding_text(finding((3,))) == "Pleural Effusion: present, left, base, small"


def test_german_numbers_have_a_comma(german: None, tmp_path: Path) -> None:
    assert decimal("0.25") == "0,25"
    told = (
        probability_text(finding((3,)), None),
        label_text(feature(3), kept_evidence(feature(3))),
        strength_text(feature(3), kept_evidence(feature(3))),
        spacing_text(Spacing(0.2, 0.25, Calibration.DETECTOR)),
    )
    assert all("." not in text and "," in text for text in told), told
    words = language.read_words("de").values()
    assert [text for text in words if re.search(r"\d\.\d", text.replace("Apache-2.0", ""))] == []
    radiograph = make_radiograph(tmp_path, ImagerPixelSpacing=[0.2, 0.2])
    reading = read(Measurement("m", Kind.LENGTH, ((0.0, 0.0), (10.0, 0.0))), radiograph, radiograph.spacing)
    assert lines_of(reading)[0].startswith("2,0 mm")
    assert reading.values[0].text == "2.0 mm", "what is exported"


def test_a_spin_box_takes_and_shows_a_comma(german: None, dark: QApplication) -> None:
    preferences = Preferences()
    preferences.set(mouse.WINDOW_SPEED, 1.5)
    dialog = SettingsDialog(preferences)
    box = dialog.controls[mouse.WINDOW_SPEED.id]
    assert isinstance(box, QDoubleSpinBox) and box.text() == "1,50"
    assert QLocale().toString(12345) == "12345"
    language.use("en", dark)
    assert QLocale().decimalPoint() == "."
