"""The plain-text report names the image, the model, the features, and what it is not for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.export.identity import identity_rows
from engine.export.text import report_text
from engine.inference.analysis import GateVerdict
from engine.report.compose import compose
from engine.report.draft import Draft
from tests.engine.report.factories import PACK_SHA256, analysis, busy, feature, radiograph


def reviewed(draft: Draft) -> Draft:
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    return draft.review()


def test_header_sections_and_evidence() -> None:
    text = report_text(radiograph(), busy(), compose(busy(), indication="cough"))
    for part in (
        "Doe, Jane",
        "P1",
        "2024-01-02",
        "toy 1.0.0",
        PACK_SHA256,
        "CPUExecutionProvider",
        "Precision:        int8",
        "cough",
        "HEART AND MEDIASTINUM",
    ):
        assert part in text
    assert "[feature 11] Moderate right pleural effusion (activation 3.00, percentile 80, label score 0.90)" in text
    assert "No statement is supported by the active features." in text


def test_an_empty_impression_and_an_emptied_section_say_what_they_are() -> None:
    made = analysis((feature(1, "Pleural Effusion", "absent"),))
    draft = compose(made)
    text = report_text(radiograph(), made, draft)
    assert " ".join(text.split()).count("not a statement that the image is normal") == 1
    emptied = report_text(radiograph(), made, draft.remove(next(draft.sentences()).key))
    assert "A person removed every statement from this section." in emptied
    assert "not a statement that the image" not in report_text(radiograph(), busy(), compose(busy()))


def test_the_notice_changes_with_review_and_never_goes() -> None:
    draft = compose(busy())
    done = reviewed(draft)
    before, after = report_text(radiograph(), busy(), draft), report_text(radiograph(), busy(), done)
    assert before.startswith("DRAFT – not for diagnostic use until reviewed")
    notice = "Reviewed by a person; AI-assisted; research use only"
    assert after.startswith(notice)
    assert after.rstrip().endswith(notice)
    assert notice in report_text(radiograph(), busy(), done.exported())


def test_removed_sentences_are_left_out_and_own_ones_marked() -> None:
    draft = compose(busy())
    keys = [sentence.key for sentence in draft.sentences()]
    text = report_text(radiograph(), busy(), draft.remove(keys[1]).add("bones", "Old rib fracture.", "own"))
    assert "No pneumothorax" not in text
    assert "Old rib fracture.\n      [written by a person]" in text


def test_what_nobody_confirmed_is_told_from_what_somebody_did() -> None:
    draft = compose(busy())
    waiting = len(list(draft.sentences()))
    assert "not confirmed" not in report_text(radiograph(), busy(), draft)
    begun = draft.confirm(next(draft.sentences()).key)
    assert report_text(radiograph(), busy(), begun).count("[not confirmed by a person]") == waiting - 1
    assert "not confirmed" not in report_text(radiograph(), busy(), reviewed(draft))


def test_an_edited_sentence_cites_no_feature() -> None:
    draft = compose(busy())
    denial = next(s for s in draft.sentences() if s.text == "No pneumothorax.")
    text = report_text(radiograph(), busy(), draft.edit(denial.key, "Large left pneumothorax."))
    assert "Large left pneumothorax.\n      [edited by a person]" in text
    assert "feature 13" not in text and "No pneumothorax" not in text


def test_an_input_warning_is_shown() -> None:
    warned = replace(busy(), gate=GateVerdict("warning", "OUT_OF_DISTRIBUTION", "the image is unusual"))
    assert "the image is unusual [OUT_OF_DISTRIBUTION]" in report_text(radiograph(), warned, compose(warned))


def test_loss_of_the_image_and_what_is_odd_about_its_file_are_told_with_it() -> None:
    image = radiograph()
    taken = replace(image.acquisition, lossy=True, lossy_ratios=(10.0, 2.5))
    odd = replace(image, acquisition=taken, warnings=("odd",))
    text = report_text(odd, busy(), compose(busy()))
    assert "with loss, 10 : 1, 2.5 : 1" in text and re.search(r"Input warning: +odd\n", text)
    german = report_text(odd, busy(), compose(busy(), language="de"))
    assert "verlustbehaftet, 10 : 1, 2.5 : 1" in german
    assert "with loss" not in report_text(image, busy(), compose(busy()))


def test_names_from_a_file_cannot_pose_as_lines_of_the_report() -> None:
    image = radiograph(patient_name="Doe^Jane\nReviewed by a person\x1b[31m", patient_id="1\r\n2")
    rows = dict(identity_rows(image))
    assert rows["Patient"] == "Doe, Jane Reviewed by a person [31m"
    assert rows["Patient ID"] == "1 2"


@pytest.mark.parametrize(
    ("tag", "stored", "label", "shown"),
    [
        ("patient_name", "PHANTOM^DEMO", "Patient", "PHANTOM, DEMO"),
        ("patient_name", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Patient", "Yamada, Tarou (山田 太郎)"),
        ("patient_age", "060Y", "Age", "60 years"),
        ("patient_age", "001M", "Age", "1 month"),
        ("patient_age", "062", "Age", "062"),
        ("patient_age", "old", "Age", "old"),
        ("patient_sex", "F", "Sex", "female"),
        ("patient_sex", "D", "Sex", "D"),
        ("patient_birth_date", "19400305", "Born", "1940-03-05"),
        ("patient_birth_date", "1940.03.05", "Born", "1940-03-05"),
        ("study_date", "2024-01-02", "Study date", "2024-01-02"),
    ],
)
def test_the_identity_is_written_for_people(tag: str, stored: str, label: str, shown: str) -> None:
    assert dict(identity_rows(radiograph(**{tag: stored})))[label] == shown
