"""The napari plug-in: its layers without napari, and all of it in napari itself, on a virtual screen."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6")

from engine.dicom.files import read_radiograph
from engine.inference.heat_scale import FULL_SCALE, strength
from tests.viewer.factories import ramp, write_dicom
from viewer.hosts.napari.maps import colours
from viewer.hosts.napari.picture import KEY, layer_of
from viewer.hosts.napari.reader import get_reader

FOREIGN = (":pydantic.warnings.PydanticDeprecatedSince20",)
"""Warnings of napari's own code, which is no business of ours; all others fail its tests, too."""


def as_napari_shows(path: Path) -> np.ndarray:
    """Gray levels 0..1 by the rules of an image layer: contrast limits, then one of two colour maps."""
    data, arguments, kind = layer_of(read_radiograph(path))
    low, high = arguments["contrast_limits"]
    shown = np.clip((data - low) / (high - low), 0.0, 1.0)
    assert kind == "image" and arguments["metadata"][KEY].shown is data and not data.flags.writeable
    return 1.0 - shown if arguments["colormap"] == "gray_r" else shown


@pytest.mark.parametrize(
    "tags",
    [
        {"WindowCenter": "1500", "WindowWidth": "900"},
        {"WindowCenter": "1500", "WindowWidth": "900", "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": "1500", "WindowWidth": "900", "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": "1500", "WindowWidth": "1"},
        {"PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": "2", "RescaleIntercept": "-100"},
    ],
)
def test_a_layer_shows_what_the_file_asks_for(tmp_path: Path, tags: dict[str, str]) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(dtype=np.uint16), **tags)
    assert np.abs(as_napari_shows(path) - read_radiograph(path).display()).max() < 1e-5


def test_lengths_are_millimetres_only_where_the_file_has_them(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", ImagerPixelSpacing=["0.2", "0.25"])
    write_dicom(tmp_path / "b.dcm")
    with_them = layer_of(read_radiograph(tmp_path / "a.dcm"))[1]
    assert (with_them["scale"], with_them["units"]) == ((0.2, 0.25), ("mm", "mm"))
    assert with_them["metadata"]["calibration"] == "at detector"
    without = layer_of(read_radiograph(tmp_path / "b.dcm"))[1]
    assert (without["scale"], without["units"]) == ((1.0, 1.0), ("pixel", "pixel"))


def test_the_reader_takes_what_begins_as_an_image(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "b.dcm").write_text("no image")
    assert get_reader(str(tmp_path / "a.dcm")) is not None
    assert get_reader(str(tmp_path / "b.dcm")) is None
    assert get_reader([str(tmp_path / "a.dcm"), str(tmp_path / "b.dcm")]) is None


def test_the_colour_map_is_the_fixed_scale() -> None:
    table = colours("#ff0000", 0.3)
    levels = np.linspace(0.0, FULL_SCALE, len(table), dtype=np.float32)
    assert np.array_equal(table[:, 3], strength(levels, 0.3)) and table[0, 3] == 0.0 and table[-1, 3] == 1.0
    assert np.allclose(table[:, :3], (1.0, 0.0, 0.0))


@pytest.mark.skipif(importlib.util.find_spec("napari") is None, reason="napari is not installed (extra: napari)")
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="xvfb-run is not installed: napari needs OpenGL")
def test_in_napari_itself(repository: Path, tmp_path: Path) -> None:
    """Runs `inside_napari.py`: this process is for Qt's offscreen platform, which has no OpenGL."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "PYTEST_"))}
    # Else a display that is there would be used, and a Wayland one beside the virtual screen.
    environment.pop("WAYLAND_DISPLAY", None)
    environment |= {"SAERAD_DATA_DIR": str(tmp_path / "data"), "SAERAD_CACHE_DIR": str(tmp_path / "cache")}
    environment |= {"XDG_CONFIG_HOME": str(tmp_path / "config"), "NAPARI_CONFIG": str(tmp_path / "napari.yaml")}
    environment |= {"PYTHONPATH": str(repository)}
    command = ["xvfb-run", "-a", "-s", "-screen 0 1700x1100x24", sys.executable, "-m", "pytest", "-q"]
    command += ["-p", "no:cacheprovider", str(Path(__file__).with_name("inside_napari.py"))]
    command += [part for warning in FOREIGN for part in ("-W", f"ignore:{warning}")]
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
