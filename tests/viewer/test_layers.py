"""Of several heat maps none hides another: every colour of the legend is found where its map is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from engine.inference.heat_scale import FULL_SCALE, THRESHOLD, strength
from tests.viewer.factories import GRID, feature, one_patch
from tests.viewer.test_heatmap import rgba
from viewer.image.composite import compose
from viewer.image.heatmap import DensityMap, Painted, blend_densities, density_map
from viewer.image.layers import LayerPainter, Layers
from viewer.image.outline import outline
from viewer.image.placement import Box
from viewer.state.groups import group_features
from viewer.state.overlay import OverlaySettings

pytestmark = pytest.mark.usefixtures("dark")

SIDE, STRONG, WEAK = 400, 0.5, 4.0
ORANGE, CYAN, PINK = "#ff9f1c", "#2ec4ff", "#ff5d8f"


def made(ident: int, row: int = 3, column: int = 3, unit: float = STRONG) -> DensityMap:
    """A spot; the larger `unit`, the weaker."""
    box = (0.0, 0.0, float(SIDE), float(SIDE))
    return density_map(one_patch(ident, row, column, box, 3.0), SIDE, SIDE, unit / GRID**2)


def shown(maps: Sequence[DensityMap], threshold: float = THRESHOLD) -> Layers:
    """Layers of these maps, of features 0, 1…, in the order of the palette."""
    groups = group_features([feature(n, activation=10.0 - n) for n in range(len(maps))])
    overlay = OverlaySettings(threshold=threshold).show(range(len(maps))).with_colours_for(groups)
    return LayerPainter().paint(groups, dict(enumerate(maps)), overlay)


def drawn(layers: Layers, size: int = 800) -> npt.NDArray[np.uint8]:
    return rgba(compose(layers, Box(0, 0, size, size), QSize(size, size), 1.0))


def near(picture: npt.NDArray[np.uint8], colour: str) -> npt.NDArray[np.bool_]:
    """Well visible pixels of about this colour."""
    rgb = QColor(colour).getRgb()[:3]
    distance = np.abs(picture[..., :3].astype(int) - np.array(rgb)).max(-1)
    found: npt.NDArray[np.bool_] = (distance < 40) & (picture[..., 3] > 60)
    return found


@pytest.mark.parametrize(
    "maps",
    [
        [made(0), made(1)],
        [made(0), made(1, unit=WEAK)],
        [made(0, unit=WEAK), made(1)],
        [made(0), made(1, row=4), made(2, unit=WEAK)],
        [made(0), made(1), made(2)],
    ],
)
def test_every_colour_of_the_legend_is_seen_at_its_map(maps: list[DensityMap]) -> None:
    layers = shown(maps)
    picture = drawn(layers)
    colours = [layer.colour for layer in layers.each]
    assert colours == [ORANGE, CYAN, PINK][: len(maps)]
    for layer, density in zip(layers.each, maps, strict=True):
        there = np.kron(density.density > FULL_SCALE * THRESHOLD, np.ones((2, 2), dtype=bool))
        found = near(picture, layer.colour)
        assert np.count_nonzero(found & there) > 60, layer.colour


def test_the_main_evidence_keeps_its_colour_under_a_weaker_map() -> None:
    """Drawn one over the other, the weaker map was all that could be seen."""
    strong, weak = made(0), made(1, unit=4 * STRONG)
    picture = rgba(shown([strong, weak]).picture)  # type: ignore[arg-type]
    top = np.unravel_index(strong.density.argmax(), strong.density.shape)
    orange, cyan = (np.array(QColor(c).getRgb()[:3]) for c in (ORANGE, CYAN))
    seen = picture[top][:3].astype(int)
    assert np.abs(seen - orange).sum() < np.abs(seen - cyan).sum() / 2


def test_the_blend_has_the_opacity_of_the_largest_density_and_the_weighted_mean_of_the_colours() -> None:
    one, two = made(0), made(1, column=4, unit=2 * STRONG)
    picture = rgba(blend_densities([Painted(one, "#ff0000", 0.2), Painted(two, "#0000ff", 0.2)])).astype(float)
    opaque = [strength(m.density, 0.2) for m in (one, two)]
    assert np.abs(picture[..., 3] / 255 - np.maximum(*opaque)).max() < 0.01
    solid = picture[..., 3] > 100
    weights = [o[solid] ** 2 for o in opaque]
    red = weights[0] / (weights[0] + weights[1])
    assert np.abs(picture[solid][:, 0] / 255 - red).max() < 0.05
    assert np.abs(picture[solid][:, 2] / 255 - (1 - red)).max() < 0.05
    # A single map is what it was: one colour and no line.
    assert np.array_equal(
        rgba(blend_densities([Painted(one, "#ff0000"), Painted(made(1, unit=1e6), "#0000ff")])),
        rgba(blend_densities([Painted(one, "#ff0000")])),
    )
    assert shown([one]).each[0].outline == ()
    with pytest.raises(ValueError, match="map is needed"):
        blend_densities([])


def test_an_outline_follows_the_level_and_the_threshold() -> None:
    spot = made(0)
    (line,) = outline(spot.density, 30.0)
    assert line.first() == line.last() and line.size() > 20
    rows, columns = spot.density.shape
    for point in line:
        row, column = int(point.y() * rows), int(point.x() * columns)
        around = spot.density[row - 2 : row + 3, column - 2 : column + 3]
        assert around.min() <= 30.0 <= around.max()
    low, high = (shown([spot, made(1, row=6)], t).each[0].outline[0].boundingRect().width() for t in (0.0, 0.5))
    assert low > high > 0
    assert outline(spot.density, float(spot.density.max()) + 1) == ()


def test_an_outline_may_have_several_parts_touch_the_edge_and_saddles() -> None:
    density = np.zeros((40, 40), dtype=np.float32)
    density[:10, :10] = density[10:20, 10:20] = density[30:, 30:] = 1.0
    lines = outline(density, 0.5)
    assert len(lines) == 3
    assert all(0 <= p.x() <= 1 and 0 <= p.y() <= 1 for line in lines for p in line)
    assert len(outline(np.random.default_rng(1).random((60, 50), dtype=np.float32), 0.5)) > 10
    (whole,) = outline(np.ones((20, 30), dtype=np.float32), 0.5)
    assert whole.boundingRect().width() > 0.95


def test_what_did_not_change_is_not_painted_again() -> None:
    groups = group_features([feature(0)])
    painter, maps = LayerPainter(), {0: made(0)}
    overlay = OverlaySettings().show((0,)).with_colours_for(groups)
    first = painter.paint(groups, maps, overlay)
    assert painter.paint(groups, maps, overlay.with_opacity(0.2)) is first
    assert painter.paint(groups, maps, overlay.with_threshold(0.3)) is not first
    assert painter.paint(groups, {0: made(0, unit=WEAK)}, overlay) is not first


def test_a_map_of_which_nothing_is_seen_says_so_in_the_legend() -> None:
    groups = group_features([feature(0), feature(1, description="another")])
    overlay = OverlaySettings().show((0, 1)).with_colours_for(groups)
    maps = {0: made(0), 1: made(1, unit=1e6)}
    shown = {layer.feature_ids: layer.label for layer in LayerPainter().paint(groups, maps, overlay).each}
    assert shown[(1,)] == "too weak to be drawn: #1 another" and "weak" not in shown[(0,)]
