"""Heat maps lie where their patches are, in the fixed scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

from engine.inference.heat_scale import strength
from tests.viewer.factories import GRID, one_patch
from viewer.image.heatmap import LONGEST, Painted, density_map, paint_density

pytestmark = pytest.mark.usefixtures("dark")


def rgba(image: QImage) -> npt.NDArray[np.uint8]:
    """Channels of a picture, (rows, columns, 4)."""
    converted = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.frombuffer(converted.constBits(), dtype=np.uint8).reshape(converted.height(), converted.width(), 4).copy()


@pytest.mark.parametrize(("rows", "columns"), [(600, 400), (400, 600), (2000, 1500), (100, 100)])
@pytest.mark.parametrize("crop", [False, True])
def test_one_hot_patch_lies_exactly_where_its_patch_is(rows: int, columns: int, crop: bool) -> None:
    side = min(rows, columns)
    left, top = ((columns - side) / 2, (rows - side) / 2) if crop else (0.0, 0.0)
    width, height = (side, side) if crop else (columns, rows)
    box = (left, top, left + width, top + height)
    made = density_map(one_patch(3, 2, 5, box), rows, columns, unit=2.0 / GRID**2)
    density = made.density
    assert max(density.shape) <= LONGEST and density.shape[0] / density.shape[1] == pytest.approx(
        rows / columns, rel=0.01
    )
    # Centre of mass of the positive part, in image pixels.
    y, x = np.indices(density.shape)
    weight = np.clip(density, 0, None)
    scale = rows / density.shape[0]
    centre_x = float(((x + 0.5) * weight).sum() / weight.sum()) * scale
    centre_y = float(((y + 0.5) * weight).sum() / weight.sum()) * scale
    assert centre_x == pytest.approx(left + width * 5.5 / GRID, abs=0.02 * side)
    assert centre_y == pytest.approx(top + height * 2.5 / GRID, abs=0.02 * side)


def test_the_colour_is_transparent_away_from_the_patch_and_outside_the_box() -> None:
    box = (75.0, 0.0, 375.0, 300.0)
    picture = rgba(paint_density(Painted(density_map(one_patch(3, 2, 5, box), 300, 450, 0.2 / GRID**2), "#ff9f1c")))
    assert picture.shape == (300, 450, 4)
    assert picture[:, :75, 3].max() == 0 and picture[:, 376:, 3].max() == 0
    assert picture[188:, :, 3].max() == 0
    hot = picture[93, 75 + 206]
    assert hot[3] > 230 and abs(int(hot[0]) - 0xFF) <= 2 and abs(int(hot[2]) - 0x1C) <= 3


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5])
def test_the_opacity_is_that_of_the_fixed_scale(threshold: float) -> None:
    made = density_map(one_patch(3, 2, 5, (0, 0, 300, 300), 1.0), 300, 300, 1.0 / GRID**2 / 16)
    exact = strength(made.density, threshold)
    drawn = rgba(paint_density(Painted(made, "#ffffff", threshold)))[..., 3] / 255.0
    # A step of the root of the share moves the opacity most where the colour fades in behind the threshold.
    assert np.abs(drawn - exact).max() < 0.01
    assert 0.4 < exact.max() <= 1.0 and exact.max() == pytest.approx(drawn.max(), abs=0.01)


def test_twice_the_contribution_is_twice_the_density_whatever_the_image() -> None:
    weak = density_map(one_patch(3, 2, 5, (0, 0, 300, 300), 1.0), 300, 300, 2.0 / GRID**2).density
    strong = density_map(one_patch(3, 2, 5, (0, 0, 900, 600), 2.0), 600, 900, 2.0 / GRID**2).density
    assert strong.max() == pytest.approx(2 * weak.max(), rel=0.02)
