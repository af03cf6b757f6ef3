"""PNG and JPEG pictures as research images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.dicom.files import read_radiograph
from engine.dicom.image_files import PICTURE_WARNING
from engine.dicom.radiograph import NO_SPACING
from engine.errors import ReadError

GRAY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def save(path: Path, values: np.ndarray, mode: str | None = None) -> Path:  # type: ignore[type-arg]
    picture = Image.fromarray(values)
    (picture.convert(mode) if mode else picture).save(path)
    return path


def test_grey_png_is_shown_as_it_is(tmp_path: Path) -> None:
    image = read_radiograph(save(tmp_path / "a.png", GRAY))
    np.testing.assert_array_equal(image.stored, GRAY)
    np.testing.assert_allclose(image.display(), GRAY / 255.0, atol=1e-6)
    assert not image.is_dicom
    assert image.spacing == NO_SPACING
    assert image.warnings == (PICTURE_WARNING,)


def test_sixteen_bit_png(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    image = read_radiograph(save(tmp_path / "a.png", values))
    np.testing.assert_array_equal(image.stored, values)
    np.testing.assert_allclose(image.display(), values / 65535.0, atol=1e-6)


def test_twelve_bits_in_a_sixteen_bit_picture_are_not_shown_black(tmp_path: Path) -> None:
    values = np.linspace(0, 4095, 10_000).astype(np.uint16).reshape(100, 100)
    image = read_radiograph(save(tmp_path / "a.png", values))
    assert [voi.name for voi in image.grayscale.voi] == ["automatic", "as stored"]
    assert image.display().max() == 1.0


def test_identity_follows_from_the_pixels_alone(tmp_path: Path) -> None:
    first = read_radiograph(save(tmp_path / "a.png", GRAY)).identity.sop_instance_uid
    again = read_radiograph(save(tmp_path / "b.png", GRAY)).identity.sop_instance_uid
    other = read_radiograph(save(tmp_path / "c.png", GRAY[::-1].copy())).identity.sop_instance_uid
    turned = read_radiograph(save(tmp_path / "d.png", GRAY.reshape(8, 32))).identity.sop_instance_uid
    assert first == again
    assert len({first, other, turned}) == 3
    assert first.startswith("2.25.")
    assert len(first) <= 64


def test_grey_jpeg(tmp_path: Path) -> None:
    image = read_radiograph(save(tmp_path / "a.jpg", np.full((32, 32), 100, np.uint8)))
    assert abs(int(image.stored[5, 5]) - 100) <= 1
    assert image.acquisition.lossy


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_grey_in_colour_modes(tmp_path: Path, mode: str) -> None:
    image = read_radiograph(save(tmp_path / "a.png", GRAY, mode))
    np.testing.assert_array_equal(image.stored, GRAY)
    assert any("agree" in warning for warning in image.warnings)


def test_one_bit_png(tmp_path: Path) -> None:
    image = read_radiograph(save(tmp_path / "a.png", np.eye(16, dtype=bool)))
    np.testing.assert_array_equal(image.stored, np.eye(16, dtype=np.uint8) * 255)


def test_colour_is_refused(tmp_path: Path) -> None:
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[3, 3] = (200, 10, 10)
    with pytest.raises(ReadError, match="NOT_GRAYSCALE"):
        read_radiograph(save(tmp_path / "a.png", rgb))


def test_truncated_picture_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ReadError, match="PICTURE_DAMAGED"):
        read_radiograph(path)


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.dicom.limits.MAX_PIXELS", 100)
    with pytest.raises(ReadError, match="IMAGE_TOO_LARGE"):
        read_radiograph(save(tmp_path / "a.png", GRAY))


def test_orientation_of_cameras_is_applied(tmp_path: Path) -> None:
    picture = Image.fromarray(np.tile(np.repeat([[0, 255]], 16, axis=1).astype(np.uint8), (16, 1)))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    assert read_radiograph(tmp_path / "a.jpg").stored.shape == (32, 16)
