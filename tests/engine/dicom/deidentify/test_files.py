"""Whole files, real ones among them, and the command."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset

from engine.cli.main import main
from engine.dicom.deidentify.burned_in import text_like_corners
from tests.engine.pictures import picture, write_dicom

IDENTIFYING = (
    "PatientAddress",
    "InstitutionAddress",
    "StudyDescription",
    "SeriesDescription",
    "PatientAge",
    "PatientComments",
    "RequestingPhysician",
    "ReferringPhysicianName",
    "AccessionNumber",
    "StudyDate",
    "PatientBirthDate",
)
CODING_SCHEMES = (0x0008010C, 0x00080117, 0x00080118)


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, str]]]:
    status = main(["deidentify", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def kept(before: Dataset, after: Dataset, actions: dict[str, str], dates: list[str]) -> None:
    """Hold a copy against its source, element by element, by the words of the table."""
    for element in after:
        assert not element.tag.is_private and dictionary_has_tag(element.tag), element.tag
        action = actions.get(f"{element.tag:08X}", "")
        assert action != "X", element.tag
        if element.VR == "UI" and not element.is_empty and element.tag not in CODING_SCHEMES:
            values = [element.value] if element.VM == 1 else element.value
            assert all(str(uid).startswith(("2.25.", "1.2.840.10008.")) for uid in values), element.tag
        elif action and element.VR in ("DA", "DT") and not element.is_empty:
            dates.append(str(element.value))
        elif element.VR == "SQ" and not action and element.tag in before:
            for old, new in zip(before[element.tag].value, element.value, strict=True):
                kept(old, new, actions, dates)


@pytest.mark.parametrize(
    "wanted",
    [
        (("sr_pr_seg", "charsets", "luts", "syntaxes"), 22),
        pytest.param((("radiographs", "dicomdir", "syntaxes"), 100), marks=pytest.mark.slow),
    ],
)
def test_real_files_tag_by_tag(
    wanted: tuple[tuple[str, ...], int],
    shared_data: Path,
    tmp_path: Path,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = (repository / "resources" / "dicom" / "basic_profile.tsv").read_text(encoding="utf-8").splitlines()
    actions = {cells[0]: cells[2] for cells in (line.split("\t") for line in lines if not line.startswith("#"))}
    folders = [str(shared_data / "dicom" / name) for name in wanted[0]]
    status, rows = rows_of(capsys, *folders, "--out", str(tmp_path / "out"))
    written = [row for row in rows if row["written"]]
    assert status == 3 and len(written) >= wanted[1]
    assert {row["code"] for row in rows if not row["written"]} == {"DEID_TWICE"}
    for row in written:
        before, after = pydicom.dcmread(row["path"], force=True), pydicom.dcmread(row["written"])
        dates: list[str] = []
        kept(before, after, actions, dates)
        assert set(dates) <= {"19000101", "19000101000000"}
        assert all(not after.get(key) or str(after.get(key)).startswith("1900") for key in IDENTIFYING)
        assert after.PatientIdentityRemoved == "YES" and str(after.PatientID).startswith("ANON-")
        assert after.get("PixelData") == before.get("PixelData")
        parts = str(before.get("PatientName", "")).replace("=", "^").split("^")
        content = Path(row["written"]).read_bytes().lower()
        assert all(name.lower().encode("utf-8") not in content for name in parts if len(name) > 4), row["path"]


def test_the_source_is_untouched_and_a_key_repeats_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, key = tmp_path / "in" / "a.dcm", str(tmp_path / "key")
    source.parent.mkdir()
    write_dicom(source, PatientID="12345678", StudyDate="20240102", StationName="ROOM 5")
    digest = hashlib.sha256(source.read_bytes()).digest()
    arguments = [str(source.parent), "--out", str(tmp_path / "out")]
    status, first = rows_of(capsys, *arguments, "--new-key", key)
    assert status == 0 and first[0]["code"] == "OK"
    content = Path(first[0]["written"]).read_bytes()
    assert b"12345678" not in content and b"ROOM 5" not in content and b"Test^Patient" not in content
    status, second = rows_of(capsys, *arguments, "--key", key)
    assert status == 0 and first == second and Path(second[0]["written"]).read_bytes() == content
    status, third = rows_of(capsys, *arguments)
    assert third[0]["written"] != first[0]["written"]
    assert hashlib.sha256(source.read_bytes()).digest() == digest
    assert not list(tmp_path.rglob("*.part"))


def test_bad_arguments_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_bytes(b"no image")
    (tmp_path / "short").write_bytes(b"short")
    out = ["--out", str(tmp_path / "out")]
    for arguments in (["--key", "short"], ["--key", "none"], ["--new-key", "short"], ["--key", "a", "--new-key", "b"]):
        given = [str(tmp_path / word) if not word.startswith("--") else word for word in arguments]
        assert main(["deidentify", str(tmp_path / "a.dcm"), *out, *given]) == 2
        assert "DEID_KEY" in (said := capsys.readouterr().err) or "USAGE" in said
    status, rows = rows_of(capsys, *(str(tmp_path / name) for name in ("a.dcm", "b.dcm", "c.dcm")), *out)
    assert status == 3 and [row["code"] for row in rows] == ["OK", "NOT_DICOM", "FILE_MISSING"]


def test_text_in_the_corner_is_suspected_and_a_marker_is_not() -> None:
    def written(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
        canvas = Image.fromarray(np.uint8(picture(800, 700) >> 5))
        ImageDraw.Draw(canvas).text((20, 20), text, fill=255, font=ImageFont.load_default(24))
        return np.asarray(canvas).astype(np.uint16)

    assert text_like_corners(written("DOE JOHN 1950")) == ("top left",)
    assert text_like_corners(written("R")) == () == text_like_corners(picture(800, 700))
    assert text_like_corners(np.zeros((8, 8), np.uint16)) == ()


def test_burned_in_text_is_told_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dicom(tmp_path / "a.dcm", BurnedInAnnotation="YES")
    arguments = [str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out")]
    status, rows = rows_of(capsys, *arguments)
    assert status == 0 and rows[0]["code"] == "DEID_LOOK" and "pixels hold text" in rows[0]["message"]
    status, rows = rows_of(capsys, *arguments, "--refuse-burned-in")
    assert status == 3 and rows[0]["code"] == "DEID_BURNED_IN" and not rows[0]["written"]


def test_a_picture_is_refused_without_calling_itself_no_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "a.png")
    status, (row,) = rows_of(capsys, str(tmp_path / "a.png"), "--out", str(tmp_path / "out"))
    assert (status, row["code"], row["written"]) == (3, "NOT_DICOM", "")
    assert "is a PNG picture, not a DICOM file" in row["message"] and "PNG or JPEG" not in row["message"]
