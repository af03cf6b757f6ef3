"""The PDF carries the strip on every page and shows names of any script."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ReadError
from engine.export.pdf import report_pdf, write_pdf
from engine.export.typeface import join_arabic, markup, plain, visual_order
from engine.report.compose import compose
from engine.report.conflicts import Conflict
from tests.engine.report.factories import PACK_SHA256, analysis, busy, feature, probabilities, radiograph

STRIP = "Draft – not for diagnostic use"


def pages(path: Path) -> list[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed")
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    return text.split("\f")[:-1]


def test_the_pages_say_everything(tmp_path: Path) -> None:
    image = radiograph()
    made = busy(image)
    page = "".join(pages(write_pdf(tmp_path, image, made, compose(made, indication="cough & <fever>"))))
    for part in (
        STRIP,
        "Doe, Jane",
        "P1",
        "cough & <fever>",
        "There is a moderate right pleural effusion at the base.",
        "[11; heat map 1]",
        "(heat map 1)",
        "1 feature: 11",
        "Method: attention contribution.",
        "Moderate right pleural effusion",
        "0.90",
        f"toy 1.0.0 ({PACK_SHA256[:8]}…)",
        PACK_SHA256[:16],
        "CPUExecutionProvider",
        "CPUExecutionProvider, int8",
        image.pixel_sha256[:16],
    ):
        assert part in page


def test_the_strip_is_on_every_page(tmp_path: Path) -> None:
    image = radiograph()
    names = [f"Open finding {number}" for number in range(60)]
    features = tuple(feature(i, name, description="A long description " * 6) for i, name in enumerate(names))
    readouts = tuple(r for name in names for r in probabilities(**{name: 0.9}) if r.observation == name)
    made = analysis(features, readouts, image=image)
    found = pages(write_pdf(tmp_path, image, made, compose(made)))
    assert len(found) >= 3
    for number, page in enumerate(found, start=1):
        assert STRIP in page
        assert re.search(rf"\b{number} ?/ ?{len(found)}\b", page)


def test_review_changes_the_strip_and_does_not_remove_it(tmp_path: Path) -> None:
    image = radiograph()
    draft = compose(busy(image))
    for sentence in list(draft.sentences()):
        draft = draft.confirm(sentence.key)
    for page in pages(write_pdf(tmp_path, image, busy(image), draft.review())):
        assert STRIP not in page
        assert "Reviewed by a person; AI-assisted; research use only" in page


def test_an_edited_sentence_cites_no_feature(tmp_path: Path) -> None:
    image = radiograph()
    draft = compose(busy(image))
    for sentence in list(draft.sentences()):
        if 11 in sentence.evidence:
            draft = draft.edit(sentence.key, f"No effusion, {sentence.key}.")
    text = "".join(pages(write_pdf(tmp_path, image, busy(image), draft)))
    assert text.count("[edited by a person]") == 2
    assert "Moderate right pleural effusion" not in text and not re.search(r"\b11\b(?! ?/)", text)


def test_nothing_that_is_cited_is_left_out(tmp_path: Path) -> None:
    image = radiograph()
    features = tuple(feature(100 + i, "Edema", activation=5.0 - i * 0.1, description=f"edema {i}") for i in range(15))
    made = analysis((*features, feature(13, "Pneumothorax", "absent")), probabilities(Edema=0.9), image=image)
    made.maps.pop(114)
    text = "".join(pages(write_pdf(tmp_path, image, made, compose(made))))
    evidence = text.partition("Evidence")[2]
    for ident in (*range(100, 115), 13):
        assert re.search(rf"^ *{ident} ", evidence, re.MULTILINE)
    assert "15 features, 14 of them summed; strongest 100, 101, 102, 103" in " ".join(text.split())
    assert "Heat maps of the positive findings" in text and "full at 150 times" in text


def test_an_image_without_positive_findings_has_no_panels(tmp_path: Path) -> None:
    image = radiograph()
    made = analysis((feature(13, "Pneumothorax", "absent"),), image=image)
    text = "".join(pages(write_pdf(tmp_path, image, made, compose(made))))
    assert "Heat maps" not in text and "Evidence" in text and "heat map 1" not in text


def test_a_panel_on_which_nothing_can_be_drawn_says_so(tmp_path: Path) -> None:
    image = radiograph()
    made = analysis((feature(1, "Edema", typical=500.0),), probabilities(Edema=0.9), image=image)
    text = " ".join("".join(pages(write_pdf(tmp_path, image, made, compose(made)))).split())
    assert "1 feature, nowhere strong enough to be drawn: 1" in text


def test_the_metadata_name_no_patient() -> None:
    image = radiograph()
    document = report_pdf(image, busy(image), compose(busy(image)))
    assert document.startswith(b"%PDF-")
    information = re.search(rb"/Title \((.*?)\)", document)
    assert information is not None
    assert b"Doe" not in document.replace(b"\n", b"").split(b"stream")[-1]
    assert information.group(1).startswith(b"Chest radiograph")


@pytest.mark.parametrize(
    "name",
    [
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "Люкceмбypг",
        "Διονυσιος",
        "قباني^لنزار",
        "שרון^דבורה",
        "김^희중",
        "<b>&amp;^]]>",
        "\U0001f600^\ud800",
        "กข",
    ],
)
def test_names_of_any_script_never_fail(name: str) -> None:
    image = radiograph(patient_name=name)
    assert report_pdf(image, busy(image), compose(busy(image))).endswith(b"%%EOF\n")


def test_characters_without_a_glyph_are_spelled_not_lost() -> None:
    assert plain("Wang 王") == "Wang [U+738B]"
    assert plain("ﾔﾏﾀﾞ^ﾀﾛｳ") == "[YAMADA]^[TAROU]"
    assert plain("김") == "[GIM]"
    assert plain("Διονυσιος Müller Иванов") == "Διονυσιος Müller Иванов"
    assert markup("<a> & b") == "&lt;a&gt; &amp; b"


def test_arabic_is_joined_and_runs_from_the_right() -> None:
    # seen-lam-alef-meem: initial seen, final lam-alef ligature, isolated meem (an alef joins nothing after it).
    assert join_arabic("سلام") == "\ufeb3\ufefc\ufee1"
    assert visual_order("abc אבג דה xyz") == "abc הד גבא xyz"
    assert visual_order("plain text") == "plain text"


def test_real_charsets(shared_data: Path, tmp_path: Path) -> None:
    from engine.dicom.files import read_radiograph

    read = 0
    for path in sorted((shared_data / "dicom" / "charsets").glob("*.dcm")):
        try:
            image = read_radiograph(path)
        except ReadError:
            continue
        made = busy(image)
        assert STRIP in pages(write_pdf(tmp_path, image, made, compose(made)))[0]
        read += 1
    assert read >= 5


def test_probabilities_of_contradictions_have_headings_and_an_asterisk_its_note(tmp_path: Path) -> None:
    image = radiograph()
    made = busy(image)
    conflict = Conflict("side", "Pneumothorax", "left", "right", 0.8, 0.1, (11,), (12,))
    for calibrated in (True, False):
        draft = replace(compose(made), conflicts=(replace(conflict, calibrated=calibrated),))
        page = "".join(pages(write_pdf(tmp_path, image, made, draft)))
        assert len(re.findall("Taken +Probability +By features +Lost +Probability", page)) == 1
        assert ("not calibrated" not in page) is calibrated and ("0.80*" not in page) is calibrated
