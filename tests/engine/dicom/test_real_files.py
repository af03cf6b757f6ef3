"""Every real file of the test data: equal to the oracle, or refused with a code and a truthful sentence."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import find_images, read_radiograph
from engine.dicom.grayscale import VoiLut, Window
from engine.dicom.radiograph import Calibration
from engine.errors import ReadError

DATA = Path(os.environ.get("SAERAD_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
FILES = sorted(path.relative_to(DATA).as_posix() for path in (DATA / "dicom").rglob("*") if path.is_file())


def oracle() -> dict[str, dict[str, str]]:
    path = DATA / "dicom" / "expected_pixels.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


ORACLE = oracle()
# Another JPEG decoder rounds its cosine transform differently, by one grey level here and there.
ROUNDED = {name for name in ORACLE if "jpeg" in name.lower() or "SIIM" in name}
REFUSED = {
    "dicom/charsets/chrJapMulti.dcm": "PIXELS_MISSING",
    "dicom/charsets/chrJapMultiExplicitIR6.dcm": "PIXELS_MISSING",
    "dicom/expected_pixels.csv": "NOT_DICOM",
    "dicom/manifest.csv": "NOT_DICOM",
    "dicom/dicomdir/README.txt": "NOT_DICOM",
    "dicom/dicomdir/TINY_ALPHA/README": "NOT_DICOM",
    "dicom/malformed/MR_truncated.dcm": "PIXELS_TRUNCATED",
    "dicom/malformed/badVR.dcm": "NOT_AN_IMAGE",
    "dicom/malformed/emri_j2k_too_short.dcm": "DICOM_TRUNCATED",
    "dicom/malformed/meta_missing_tsyntax.dcm": "HEADER_INCOMPLETE",
    "dicom/malformed/no_meta.dcm": "NOT_DICOM",
    "dicom/malformed/oob_65535x65535.dcm": "IMAGE_TOO_LARGE",
    "dicom/sr_pr_seg/CR_for_GSPS_stub.dcm": "PIXELS_MISSING",
    "dicom/sr_pr_seg/GSPS_softneta.dcm": "NOT_AN_IMAGE",
    "dicom/sr_pr_seg/OFFIS_comprehensive_SR.dcm": "NOT_AN_IMAGE",
    "dicom/sr_pr_seg/encapsulated_pdf.dcm": "NOT_AN_IMAGE",
    "dicom/sr_pr_seg/highdicom_comprehensive3d_SR.dcm": "NOT_AN_IMAGE",
    "dicom/sr_pr_seg/osirix_basic_text_SR.dcm": "NOT_AN_IMAGE",
    "dicom/sr_pr_seg/reportsi_basic_text_SR.dcm": "NOT_AN_IMAGE",
    "dicom/syntaxes/HTJ2K_08_RGB.dcm": "NOT_GRAYSCALE",
    "dicom/syntaxes/OBXXXX1A_rle_palette.dcm": "NOT_GRAYSCALE",
}
REFUSED |= {name: "IS_DICOMDIR" for name in FILES if "/DICOMDIR" in name}
# A catalogue's worth of headers whose pixels were taken out.
REFUSED |= {name: "PIXELS_MISSING" for name in FILES if "/TINY_ALPHA/PT000000/" in name}


@pytest.mark.parametrize("name", FILES)
def test_every_file_opens_or_is_refused_with_its_code(shared_data: Path, name: str) -> None:
    path = shared_data / name
    if name in REFUSED:
        with pytest.raises(ReadError) as caught:
            read_radiograph(path)
        assert caught.value.code == REFUSED[name]
        return
    image = read_radiograph(path)
    shown = image.display()
    assert shown.shape == image.stored.shape
    assert shown.min() >= 0.0
    assert shown.max() <= 1.0
    assert all(re.fullmatch(r"[A-Z].*\.", warning) for warning in image.warnings)


@pytest.mark.parametrize("name", sorted(set(ORACLE) - set(REFUSED)))
def test_stored_values_equal_the_oracle(shared_data: Path, name: str) -> None:
    expected = ORACLE[name]
    image = read_radiograph(shared_data / name)
    shape = tuple(int(side) for side in expected["shape"].split("x"))
    stored = image.stored
    if image.frames > 1:
        # The oracle speaks of all frames, of which one is read here.
        assert (image.frames, *stored.shape) == shape
        assert float(expected["min"]) <= stored.min() <= stored.max() <= float(expected["max"])
        return
    assert stored.shape == shape[:2]
    assert stored.dtype.newbyteorder("<") == np.dtype(expected["dtype"])
    if name in ROUNDED:
        assert stored.mean() == pytest.approx(float(expected["mean"]), abs=0.05)
        assert abs(int(stored.min()) - float(expected["min"])) <= 1
        assert abs(int(stored.max()) - float(expected["max"])) <= 1
        return
    assert (float(stored.min()), float(stored.max())) == (float(expected["min"]), float(expected["max"]))
    assert stored.mean() == pytest.approx(float(expected["mean"]), abs=1e-4)
    assert image.pixel_sha256 == expected["sha256_le"]


def test_most_rows_of_the_oracle_are_compared_to_the_bit(shared_data: Path) -> None:
    assert len(set(ORACLE) - set(REFUSED) - ROUNDED) >= 18


def test_both_byte_orders_and_rle_give_the_same_first_frame(shared_data: Path) -> None:
    folder = shared_data / "dicom" / "syntaxes"
    rle = read_radiograph(folder / "emri_small_RLE_10frames.dcm")
    big = read_radiograph(folder / "emri_small_big_endian.dcm")
    np.testing.assert_array_equal(rle.stored, big.stored)


def test_falsely_tagged_film_shows_as_the_negative(shared_data: Path) -> None:
    folder = shared_data / "dicom" / "radiographs"
    true = read_radiograph(folder / "SIIM_PA_jpeg_baseline.dcm")
    false = read_radiograph(folder / "SIIM_PA_fake_MONOCHROME1.dcm")
    assert true.pixel_sha256 == false.pixel_sha256
    np.testing.assert_allclose(false.display(), 1.0 - true.display(), atol=1e-6)


@pytest.mark.parametrize("name", ["RG1_J2KI.dcm", "RG1_JLSN.dcm"])
def test_real_chest_shows_air_dark_and_mediastinum_bright(shared_data: Path, name: str) -> None:
    image = read_radiograph(shared_data / "dicom" / "radiographs" / name)
    shown = image.display()
    rows, columns = shown.shape
    spine = shown[rows // 2 : rows * 3 // 4, columns * 47 // 100 : columns * 53 // 100].mean()
    lung = shown[rows // 4 : rows * 2 // 5, columns // 5 : columns * 2 // 5].mean()
    assert spine > lung + 0.2
    assert image.spacing.calibration is Calibration.NONE
    assert (image.acquisition.view_position, image.acquisition.bits_stored) == ("PA", 15)


def test_mammogram_offers_its_luts_and_windows(shared_data: Path) -> None:
    image = read_radiograph(shared_data / "dicom" / "radiographs" / "MG_voilut_sigmoid.dcm")
    voi = image.grayscale.voi
    assert [item.name for item in voi[:3]] == ["NORMAL", "HARDER", "SOFTER"]
    assert all(isinstance(item, VoiLut) for item in voi[:3])
    assert [item.function for item in voi[3:] if isinstance(item, Window)] == ["SIGMOID"] * 3
    # The first LUT and the first window are the vendor's two ways to say the same picture.
    by_window = image.grayscale.apply(image.stored, voi[3])
    breast = image.stored > 200
    assert np.abs(image.display() - by_window)[breast].mean() < 0.1


def test_fractions_are_shown_over_their_window(shared_data: Path) -> None:
    image = read_radiograph(shared_data / "dicom" / "malformed" / "RTIMAGE_windowwidth_below_1.dcm")
    shown = image.display()
    assert shown.min() < 0.05
    assert shown.max() > 0.9


@pytest.mark.parametrize(
    ("name", "stored", "readable"),
    [
        ("chrArab", "قباني^لنزار", "قباني, لنزار"),
        ("chrFrenMulti", "Buc^Jérôme", "Buc, Jérôme"),
        ("chrGerm", "Äneas^Rüdiger", "Äneas, Rüdiger"),
        ("chrGreek", "Διονυσιος", "Διονυσιος"),
        ("chrH32", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "ﾔﾏﾀﾞ, ﾀﾛｳ (山田 太郎)"),
        ("chrHbrw", "שרון^דבורה", "שרון, דבורה"),
        ("chrRuss", "Люкceмбypг", "Люкceмбypг"),
        ("chrX1", "Wang^XiaoDong=王^小東", "Wang, XiaoDong (王 小東)"),
    ],
)
def test_names_in_many_scripts(shared_data: Path, name: str, stored: str, readable: str) -> None:
    identity = read_radiograph(shared_data / "dicom" / "charsets" / f"{name}.dcm").identity
    assert identity.patient_name == stored
    assert identity.readable_name == readable


def test_folder_of_a_disc_without_its_dicomdir(shared_data: Path) -> None:
    found = find_images([shared_data / "dicom" / "dicomdir"])
    assert len(found) > 50
    assert found == sorted(set(found), key=found.index)
    assert not any("DICOMDIR" in path.name for path in found)
