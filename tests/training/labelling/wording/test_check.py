"""A description is kept only where it says what the statistics bear out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from engine.pack.manifest import OBSERVATIONS
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING
from engine.resources import resource_path
from engine.text.lexicon import load_lexicon
from tests.training.labelling.labels import label_of
from training.labelling.cases import Attribute
from training.labelling.describe import Wording
from training.labelling.wording.answer import WordedAnswer
from training.labelling.wording.check import contradiction, objection

LEXICON = load_lexicon()
WORDING = Wording(resource_path("labelling") / "en.toml")
PLACES = ("", "base", "apex", "upper zone", "lower zone", "mid zone", "perihilar", "costophrenic angle")
NAMES = ("", "endotracheal tube", "nasogastric tube", "central venous line", "pacemaker", "chest tube")
EFFUSION = Attribute("Pleural Effusion", "present", "left", "", "small")


def statements() -> Iterator[Attribute]:
    """Everything that the statistics may state, apart from what no template has a word for."""
    yield Attribute(NO_FINDING, "normal")
    for name in NAMES:
        yield Attribute(DEVICES, "absent", location=name)
        yield from (Attribute(DEVICES, "present", side, name) for side in ("none", "left", "right"))
    for observation in sorted({*OBSERVATIONS} - {NO_FINDING, DEVICES}):
        yield Attribute(observation, "absent")
        sides = ("none",) if observation in MIDLINE else ("none", "left", "right", "bilateral")
        places = ("",) if observation in MIDLINE else PLACES
        for side, severity, place in product(sides, ("none", "small", "moderate", "large"), places):
            yield Attribute(observation, "present", side, place, severity)


def test_the_words_of_the_templates_say_what_they_state() -> None:
    wrong = {a: why for a in statements() if (why := contradiction(WORDING.describe(a), label_of(a), LEXICON))}
    assert wrong == {}


def test_the_words_of_every_other_statement_are_refused() -> None:
    everything, draw = list(statements()), Random(0)
    taken, compared = [], 0
    for wanted in draw.sample(everything, 60):
        alike = [a for a in everything if a.observation == wanted.observation]
        for other in draw.sample(everything, 10) + draw.sample(alike, min(len(alike), 20)):
            text = WORDING.describe(other)
            if text != WORDING.describe(wanted):
                compared += 1
                if not contradiction(text, label_of(wanted), LEXICON):
                    taken.append((WORDING.describe(wanted), text))
    assert taken == [] and compared > 1200


@pytest.mark.parametrize(
    "text",
    [
        "a small left-sided pleural effusion, blunting the costophrenic angle",
        "tiny left effusion blunting the costophrenic angle",
    ],
)
def test_other_words_for_the_same_are_taken(text: str) -> None:
    assert contradiction(text, label_of(EFFUSION), LEXICON) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no {}", "Pleural Effusion absent left small is added"),
        ("{} is not seen", "absent costophrenic angle is added"),
        ("possible {}", "Pleural Effusion uncertain left small is added"),
        ("{} with atelectasis", "Atelectasis costophrenic angle is added"),
        ("{} and clear lungs", "Lung Opacity absent is added"),
        ("{}, chronic", "chronic is not known"),
        ("{} suggesting tuberculosis", "Tuberculosis is added"),
        ("small right pleural effusion, blunting the costophrenic angle", "Pleural Effusion right small is added"),
        ("small pleural effusion, blunting the costophrenic angle", "Pleural Effusion left small is lost"),
        ("large left pleural effusion, blunting the costophrenic angle", "Pleural Effusion left large is added"),
        ("left pleural effusion, blunting the costophrenic angle", "Pleural Effusion left is added"),
        ("small left pneumothorax, blunting the costophrenic angle", "Pneumothorax left small is added"),
    ],
)
def test_words_that_say_something_else_are_refused(text: str, why: str) -> None:
    label = label_of(EFFUSION)
    assert why in contradiction(text.format(label.description), label, LEXICON)


@pytest.mark.parametrize("name", ["Pleural Effusion", "Cardiomegaly", "Pneumothorax"])
@pytest.mark.parametrize(
    "text",
    ["increased {}", "stable {}", "{} unchanged", "new {}", "{} since yesterday", "{}, resolved", "worsening {}"],
)
def test_no_description_compares_with_earlier_images(name: str, text: str) -> None:
    label = label_of(Attribute(name))
    assert contradiction(text.format(label.description), label, LEXICON)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("observation", "Edema"),
        ("polarity", "absent"),
        ("laterality", "right"),
        ("severity", "large"),
        ("section", "heart"),
    ],
)
def test_a_field_that_differs_is_enough(field: str, value: str) -> None:
    label = label_of(EFFUSION)
    fields = {name: getattr(label, name) for name in ("observation", "polarity", "laterality", "severity", "section")}
    good = WordedAnswer(**fields, description=label.description)
    assert objection(good, label, LEXICON) == ""
    assert objection(good.model_copy(update={field: value}), label, LEXICON).startswith(f"{field}: {value} instead")


def test_a_statement_that_the_rules_cannot_read_keeps_its_own_words() -> None:
    unknown = label_of(Attribute("Situs inversus"))
    assert "cannot be read back" in contradiction(unknown.description, unknown, LEXICON)
