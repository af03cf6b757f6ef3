"""What was measured is in report.json and on the PDF's picture, with its labels."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.radiograph import Calibration, Spacing
from engine.errors import MeasureError
from engine.export import export_all
from engine.export.measured import COLOUR, draw_measurements
from engine.export.picture import grey_picture, render
from engine.measure.serialise import readings
from engine.measure.shapes import Kind, Measurement, cardiothoracic
from engine.measure.sheet import Sheet
from engine.report.compose import compose
from tests.engine.report.factories import busy, radiograph


def measured() -> tuple[object, Sheet]:
    image = replace(radiograph(), spacing=Spacing(0.2, 0.2, Calibration.DETECTOR))
    w, h = float(image.columns), float(image.rows)
    items = (
        Measurement("l", Kind.LENGTH, ((0.1 * w, 0.2 * h), (0.9 * w, 0.2 * h))),
        Measurement("a", Kind.ARROW, ((0.2 * w, 0.8 * h), (0.4 * w, 0.7 * h)), "nodule?"),
        Measurement("e", Kind.ELLIPSE, ((0.6 * w, 0.6 * h), (0.8 * w, 0.8 * h))),
        cardiothoracic(
            "c", ((0.3 * w, 0.5 * h), (0.7 * w, 0.5 * h)), ((0.1 * w, 0.6 * h), (0.9 * w, 0.6 * h)), 20, (1, 1)
        ),
    )
    return image, Sheet(image.identity.sop_instance_uid, image.pixel_sha256, items)


def test_exports_carry_measurements_with_their_labels(tmp_path: Path) -> None:
    image, sheet = measured()
    analysis = busy(image)
    export_all(tmp_path, image, analysis, compose(analysis), ("json", "pdf", "text"), sheet=sheet)
    found = json.loads((tmp_path / "report.json").read_text())["measurements"]
    assert [each["kind"] for each in found] == ["length", "arrow", "ellipse", "cardiothoracic_ratio"]
    assert found[0]["values"][0]["calibration"] == "at detector" and found[1]["text"] == "nodule?"
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed")
    text = subprocess.run(["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], capture_output=True, check=True)
    page = " ".join(text.stdout.decode().split())
    for part in ("Measurements", "mm (at detector)", "nodule?", "cardiothoracic ratio 0.50", "mean"):
        assert part in page, part


def test_nothing_measured_changes_no_file(tmp_path: Path) -> None:
    image, sheet = measured()
    analysis = busy(image)
    export_all(tmp_path, image, analysis, compose(analysis), ("json",), sheet=replace(sheet, items=()))
    assert "measurements" not in json.loads((tmp_path / "report.json").read_text())


def test_measurements_of_another_image_stop_the_export(tmp_path: Path) -> None:
    image, sheet = measured()
    analysis = busy(image)
    with pytest.raises(MeasureError, match="WRONG_IMAGE"):
        export_all(
            tmp_path / "out", image, analysis, compose(analysis), ("json",), sheet=replace(sheet, pixel_sha256="f")
        )
    assert not (tmp_path / "out").exists()


def test_a_line_lies_where_it_was_drawn() -> None:
    image, sheet = measured()
    grey = grey_picture(image)
    picture = render(image, grey, None, "strip")
    top = picture.height - grey.shape[0]
    drawn = np.asarray(draw_measurements(picture, grey.shape, image, readings(sheet, image)[:1]))
    row = drawn[top + round(0.2 * grey.shape[0]), :, :]
    coloured = np.flatnonzero((np.abs(row.astype(int) - COLOUR).sum(axis=1)) < 12)
    assert coloured.min() == pytest.approx(0.1 * grey.shape[1], abs=3)
    assert np.isin(np.arange(coloured.min(), round(0.9 * grey.shape[1]) - 3), coloured).all()
