"""The steps of the journey, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.journey import leaving, opening, reasons, reporting
from viewer.journey.stage import Stage


@dataclass(frozen=True)
class Step:
    """One step, which goes on from where the one before it ended.

    Attributes
    ----------
    name : str
        That of its picture.
    caption : str
        What the picture shows.
    do : callable
        Does what a person does, and says to the stage what has to be seen then.
    """

    name: str
    caption: str
    do: Callable[[Stage], None]


STEPS: tuple[Step, ...] = (
    Step("01_welcome", "The first start: what the program is for, and how to begin.", opening.welcome),
    Step("02_studies", "Studies that the index knows, searched while typing, with thumbnails.", opening.studies),
    Step("03_study_open", "A radiograph, the features that fired, and the draft made of them.", opening.study_open),
    Step("04_window_level", "Window for the lungs, then a drag with the left button.", opening.window_level),
    Step(
        "05_prior_beside",
        "Current and prior hung by rule, aligned, window and level linked.",
        opening.prior_beside,
    ),
    Step(
        "06_cardiothoracic_ratio",
        "Cardiothoracic ratio by two strokes, with both widths and what they are measured in.",
        reasons.cardiothoracic_ratio,
    ),
    Step("07_heat_maps", "Heat maps of two findings, each with its colour in the legend.", reasons.heat_maps),
    Step("08_sentence", "A sentence chosen: its maps are shown, its features marked.", reasons.sentence_maps),
    Step("09_why", "Why the sentence stands there: probability, features, reports behind them.", reasons.why),
    Step(
        "10_packs_compared",
        "Features of a second pack beside those of the draft's. Here it is a copy of the bundled pack under another"
        " name, so both lists agree.",
        reasons.packs_compared,
    ),
    Step("11_keyboard", "Reviewed by keys: one sentence confirmed, the next edited.", reporting.keyboard),
    Step("12_words_compared", "What the reader changed of the AI's text, word by word.", reporting.words_compared),
    Step("13_record", "Who changed what, and when.", reporting.record),
    Step("14_export_dialog", "What is exported, and where to.", reporting.export_dialog),
    Step("15_exported", "Reviewed and exported.", reporting.exported),
    Step("16_refused", "A hand is refused with a code: no features, no draft.", leaving.refused),
    Step("17_shortcuts", "Keys of one's own; a key that is taken already is said.", leaving.shortcuts),
    Step("18_keys", "Every action with its keys.", leaving.keys),
    Step("19_german", "The program in German, with a German draft.", leaving.german),
    Step("20_german_settings", "Settings, each with what it does.", leaving.german_settings),
    Step("21_light", "Light colours; the image stays on black.", leaving.light),
)
