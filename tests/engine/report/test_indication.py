"""The indication decides which negatives are worth a sentence, and nothing else."""

from __future__ import annotations

import pytest

from engine.inference.analysis import Analysis
from engine.pack.manifest import OBSERVATIONS
from engine.report.compose import compose
from engine.report.grounding import check_draft
from engine.report.questions import asked_about
from engine.report.style import shipped_questions
from engine.report.vocabulary import NO_FINDING
from engine.report.wording import load_wording
from tests.engine.report.factories import analysis, busy, feature, probabilities, texts

LISTS = tuple(shipped_questions(code) for code in ("en", "de"))


def everything_denied() -> Analysis:
    """An analysis in which a feature denies each observation."""
    names = [name for name in OBSERVATIONS if name != NO_FINDING]
    return analysis(tuple(feature(n, name, "absent") for n, name in enumerate(names, 1)), probabilities())


@pytest.mark.parametrize(
    ("indication", "asked"),
    [
        ("dyspnoea, ? effusion", {"Pleural Effusion", "Edema", "Pneumothorax"}),
        ("SOB", {"Pleural Effusion", "Edema", "Pneumothorax"}),
        ("Luftnot seit 3 Tagen", {"Pleural Effusion", "Edema", "Pneumothorax"}),
        ("r/o PTX", {"Pneumothorax"}),
        ("exclude pneumothorax", {"Pneumothorax"}),
        ("Ausschluss Pneumothorax, Erguss?", {"Pneumothorax", "Pleural Effusion"}),
        ("Rippenfraktur?", {"Fracture"}),
        ("heart failure", {"Edema", "Pleural Effusion", "Cardiomegaly"}),
        ("sobering thoughts; massive; falling leaves", set()),
        ("routine", set()),
        ("", set()),
    ],
)
def test_words_ask_what_the_lists_say(indication: str, asked: set[str]) -> None:
    assert set(asked_about(indication, LISTS)) == asked


def test_only_the_negatives_that_are_asked_about_are_stated() -> None:
    made = everything_denied()
    draft = compose(made, indication="dyspnoea, ? effusion", source="typed")
    stated = [f.observation for s in draft.sentences() for f in s.findings if f.observation != NO_FINDING]
    assert sorted(stated) == ["Edema", "Pleural Effusion", "Pneumothorax"]
    assert check_draft(draft, made) == []
    full = [f.observation for s in compose(made).sentences() for f in s.findings if f.observation != NO_FINDING]
    assert sorted(full) == sorted(set(OBSERVATIONS) - {NO_FINDING}), "without an indication nothing is left out"
    # What is left out is told, and supports the impression all the same.
    heart = next(section for section in draft.sections if section.name == "heart")
    assert heart.left_out == 2 and load_wording("en").notices.left_out == draft.notices.notice(heart)  # type: ignore[union-attr]
    assert texts(draft, "impression") == texts(compose(made), "impression") != []


def test_no_finding_is_ever_left_out_or_added() -> None:
    plain, asking = compose(busy()), compose(busy(), indication="? fracture")
    present = [[f for s in d.sentences() for f in s.findings if f.polarity == "present"] for d in (plain, asking)]
    assert present[0] == present[1] != []
    assert asking.unanswered == ("Fracture",) and plain.unanswered == ()


def test_the_general_answers_for_what_it_excludes() -> None:
    clear = feature(1, "Lung Opacity", "normal")
    made = analysis((clear, feature(2, "Cardiomegaly", "normal")), probabilities())
    draft = compose(made, indication="? pulmonary edema")
    (sentence,) = draft.sentences()
    assert (sentence.text, sentence.evidence) == ("No pulmonary edema.", (1,))
    assert sentence.findings[0].basis == "calibrated_absence" and check_draft(draft, made) == []
    assert draft.unanswered == ()
    unsure = analysis(made.features, probabilities(Edema=0.3, No_Finding=0.9))
    assert texts(compose(unsure, indication="? pulmonary edema"), "lungs") == ["The lungs are clear."]


def test_calibrated_absence_needs_a_low_probability_and_no_finding_beside_it() -> None:
    normal = feature(1, NO_FINDING, "normal")
    low = analysis((normal,), probabilities())
    assert texts(compose(low, indication="? pneumothorax"), "pleura") == ["No pneumothorax."]
    assert texts(compose(low), "pleura") == [], "nobody asked"
    high = analysis((normal,), probabilities(Pneumothorax=0.3))
    assert texts(compose(high, indication="? pneumothorax"), "pleura") == []
    beside = analysis((normal, feature(2, "Fracture")), probabilities(Fracture=0.9))
    assert texts(compose(beside, indication="? pneumothorax"), "pleura") == []


def test_normal_statements_say_what_they_stand_on() -> None:
    saying = analysis((feature(1, NO_FINDING, "normal"),), probabilities())
    (sentence,) = compose(saying).sentences()
    assert sentence.findings[0].basis == "features"
    parts = ("Lung Opacity", "Pleural Effusion", "Cardiomegaly")
    denying = analysis(tuple(feature(n, name, "absent") for n, name in enumerate(parts)), probabilities())
    impression = [s for s in compose(denying).sentences() if s.findings[0].observation == NO_FINDING]
    assert [s.findings[0].basis for s in impression] == ["calibrated_absence"]
    assert all(f.basis == "" for s in compose(busy()).sentences() for f in s.findings if f.polarity == "present")
