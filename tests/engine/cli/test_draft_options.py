"""Indication, language and style from the command line; an indication is in the reports and nowhere else."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pydicom
import pytest

from engine.cli.main import main
from tests.engine.export.test_pdf import pages
from tests.engine.pictures import write_dicom

SECRET = "dyspnoea of Mrs Quux, ? effusion"


def analyse(toy_pack: Path, out: Path, image: Path, *options: str) -> int:
    return main(["analyse", str(image), "--out", str(out), "--pack", str(toy_pack), "--device", "cpu", *options])


def test_a_typed_indication_is_in_every_export_and_in_no_message(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"
    with caplog.at_level(logging.DEBUG):
        assert analyse(toy_pack, out, tmp_path / "a.dcm", "--indication", SECRET, "--format", "all") == 0
    report = json.loads((out / uid / "report.json").read_text(encoding="utf-8"))
    assert (report["indication"], report["indication_source"]) == (SECRET, "typed")
    assert report["asked"] == ["Edema", "Pneumothorax", "Pleural Effusion"]
    assert f"{SECRET} (typed)" in (out / uid / "report.txt").read_text(encoding="utf-8")
    assert SECRET in " ".join("".join(pages(out / uid / "report.pdf")).split())
    texts = [str(element.value) for element in pydicom.dcmread(out / uid / "report.dcm").iterall()]
    assert f"Indication: {SECRET} (typed)" in texts
    said = capsys.readouterr()
    told = (
        said.out
        + said.err
        + caplog.text
        + (out / "summary.json").read_text()
        + (out / uid / "analysis.json").read_text()
    )
    assert "Quux" not in told


@pytest.mark.parametrize("content", [None, b"MZ, no model"])
def test_what_cannot_be_a_language_model_is_a_usage_error_before_anything_is_analysed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], toy_pack: Path, content: bytes | None
) -> None:
    write_dicom(tmp_path / "a.dcm")
    if content is not None:
        (tmp_path / "a.gguf").write_bytes(content)
    assert analyse(toy_pack, tmp_path / "out", tmp_path / "a.dcm", "--rewrite", str(tmp_path / "a.gguf")) == 2
    assert "[LANGUAGE_FILE]" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_header_s_indication_is_said_to_be_from_there(toy_pack: Path, tmp_path: Path) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    source = pydicom.dcmread(tmp_path / "a.dcm")
    source.ReasonForTheRequestedProcedure = "? Pneumothorax"
    source.save_as(tmp_path / "a.dcm")
    assert analyse(toy_pack, tmp_path / "out", tmp_path / "a.dcm", "--language", "de") == 0
    text = (tmp_path / "out" / uid / "report.txt").read_text(encoding="utf-8")
    assert "Fragestellung:    ? Pneumothorax (aus dem Bildkopf)" in text and "LUNGE" in text


def test_a_style_that_cannot_be_used_is_refused_before_any_image(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style = tmp_path / "house.toml"
    style.write_text('language = "en"\n[fallback]\nabsent = "No {nane}."\n', encoding="utf-8")
    write_dicom(tmp_path / "a.dcm")
    assert analyse(toy_pack, tmp_path / "out", tmp_path / "a.dcm", "--style", str(style)) == 2
    assert "error [STYLE_INVALID]: house.toml, line 3, fallback.absent:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
