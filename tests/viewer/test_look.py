"""How one heat map is drawn: its own opacity and threshold, heat or contour lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter

from engine.inference.heat_scale import FULL_SCALE, strength
from tests.viewer.factories import feature
from tests.viewer.looking import Open
from tests.viewer.test_compare import other_pack
from tests.viewer.test_heatmap import rgba
from tests.viewer.test_layers import SIDE, made
from viewer.image.composite import compose
from viewer.image.heatmap import Painted, blend_densities
from viewer.image.layers import LEVELS, LayerPainter, Layers
from viewer.image.placement import Box
from viewer.image.ramp import draw_ramp
from viewer.state.groups import group_features
from viewer.state.look import LEAST_OPACITY, PLAIN, MapLook
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import Selection
from viewer.window import MainWindow

pytestmark = pytest.mark.usefixtures("dark")


def layers(*looks: MapLook) -> Layers:
    """A map for each look, side by side."""
    groups = group_features([feature(n, activation=10.0 - n) for n in range(len(looks))])
    overlay = OverlaySettings().show(range(len(looks))).with_colours_for(groups)
    for group, look in zip(groups, looks, strict=True):
        overlay = overlay.with_look(group.key, look)
    return LayerPainter().paint(groups, {n: made(n, column=1 + 4 * n) for n in range(len(looks))}, overlay)


def alpha(shown: Layers) -> Any:
    return rgba(compose(shown, Box(0, 0, 400, 400), QSize(400, 400), 1.0))[..., 3] / 255.0


def test_opacity_and_threshold_of_one_map_leave_the_other_as_it_is() -> None:
    pictures = (layers(look, PLAIN).picture for look in (PLAIN, MapLook(opacity=0.5, threshold=0.4)))
    both, own = (rgba(picture)[..., 3] / 255.0 for picture in pictures if picture is not None)
    left, right = np.s_[:, : SIDE // 2], np.s_[:, SIDE // 2 :]
    assert np.array_equal(both[right], own[right]) and both[left].max() > 0.95
    assert own[left].max() == pytest.approx(0.5, abs=0.02)
    assert np.count_nonzero(own[left]) < 0.8 * np.count_nonzero(both[left])
    assert [layer.threshold for layer in layers(MapLook(threshold=0.4), PLAIN).each] == [0.4, 0.1]


def test_the_opacity_of_a_blend_is_the_largest_of_what_each_map_would_have_alone() -> None:
    one, two = made(0), made(1, column=4)
    picture = rgba(blend_densities([Painted(one, "#ff0000", 0.3, 0.5), Painted(two, "#0000ff")]))
    wanted = np.maximum(0.5 * strength(one.density, 0.3), strength(two.density))
    assert np.abs(picture[..., 3] / 255 - wanted).max() < 0.01


def test_contours_leave_the_image_bare_between_the_lines() -> None:
    (layer,) = layers(MapLook(contour=True)).each
    assert layer.outline and layer.contours and layer.contour
    heat, lines = alpha(layers(PLAIN)), alpha(layers(MapLook(contour=True)))
    assert layers(MapLook(contour=True)).picture is None
    assert 0 < np.count_nonzero(lines) < 0.4 * np.count_nonzero(heat)
    density = made(0, column=1).density
    rows, columns = density.shape
    for line in layer.contours:
        values = [density[min(rows - 1, int(p.y() * rows)), min(columns - 1, int(p.x() * columns))] for p in line]
        share = float(np.median(values)) / FULL_SCALE
        assert min(abs(share - level) for level in LEVELS) < 0.05
    # A line at a level below the threshold would be one of what is not shown.
    high = layers(MapLook(contour=True, threshold=0.6)).each[0]
    assert 0 < len(high.contours) < len(layer.contours)


def test_a_look_stays_within_what_can_be_seen() -> None:
    assert PLAIN.with_opacity(0.0).opacity == LEAST_OPACITY and PLAIN.with_threshold(2.0).threshold == 0.95
    overlay = OverlaySettings().with_look("a", MapLook(contour=True))
    assert overlay.differs(OverlaySettings()) and overlay.with_look("a", PLAIN).looks == {}


def test_the_ramp_of_the_legend_is_drawn_as_the_map_is() -> None:
    def ramp(look: MapLook) -> Any:
        picture = QImage(64, 12, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        draw_ramp(painter, picture.rect().toRectF(), layers(look).each[0])
        painter.end()
        return rgba(picture)[6, :, 3] / 255.0

    plain, high, weak, lines = (
        ramp(look) for look in (PLAIN, MapLook(threshold=0.5), MapLook(opacity=0.4), MapLook(contour=True))
    )
    assert plain[3] == 0 and plain[-1] > 0.95 and np.all(high[:30] == 0) and high[-1] > 0.95
    assert weak.max() == pytest.approx(0.4, abs=0.03)
    assert np.count_nonzero(lines > 0.5) < 16 and lines[32] > 0.4


def choose(window: MainWindow, ident: int) -> None:
    window.session.select(Selection(features=(ident,)))


def test_the_bar_draws_the_chosen_map_and_each_control_is_one_step(
    window: MainWindow, opened: Open, qtbot: Any
) -> None:
    opened(a={})
    bar = window.features.look
    window.commands.switch_maps((3, 5), True)
    assert not bar.isVisible()
    choose(window, 3)
    assert bar.isVisible() and bar.name.full == "#3 feature number 3"
    assert bar.opacity.accessibleName() == "Opacity of: #3 feature number 3" and bar.opacity.value() == 100
    for value in (80, 60, 40):
        bar.opacity.setValue(value)
    bar.threshold.setValue(30)
    bar.contour.click()
    first, second = window.canvas.layers
    assert (first.opacity, first.threshold, first.contour) == (0.4, 0.3, True)
    assert (second.opacity, second.threshold, second.contour) == (1.0, window.session.overlay.threshold, False)
    told = window.canvas.legend.toolTip()
    assert "(contour lines, from 30 % of the scale on, opacity 40 %)" in told
    window.session.undo()
    assert not bar.contour.isChecked()
    window.session.undo()
    assert bar.threshold.value() == round(100 * window.session.overlay.threshold)
    window.session.undo()
    assert window.session.overlay.looks == {} and bar.opacity.value() == 100 and not bar.plain.isEnabled()
    window.session.redo()
    assert window.session.overlay.look(window.features.groups[0]).opacity == 0.4
    bar.plain.click()
    assert window.session.overlay.looks == {}
    window.features.threshold.setValue(50)
    assert bar.threshold.value() == 50
    choose(window, 9)
    assert not bar.opacity.isEnabled() and not bar.contour.isEnabled() and bar.mute.isEnabled(), "it has no map"
    window.session.select(Selection())
    assert not bar.isVisible()


def test_the_keys_of_the_bar(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    window.activateWindow()
    contour, hold = window.actions_by_id["map_contour"], window.actions_by_id["map_look"]
    contour.trigger()
    assert window.statusBar().currentMessage() == "Switch a heat map on first."
    window.commands.switch_maps((3, 5), True)
    contour.trigger()
    assert [layer.contour for layer in window.canvas.layers] == [True, True]
    choose(window, 5)
    contour.trigger()
    assert [layer.contour for layer in window.canvas.layers] == [True, False]
    hold.trigger()
    qtbot.waitUntil(window.features.look.opacity.hasFocus, timeout=2000)
    qtbot.keyClick(window.features.look.opacity, Qt.Key.Key_Left)
    assert window.canvas.layers[1].opacity == 0.99
    window.session.select(Selection())
    contour.trigger()
    assert [layer.contour for layer in window.canvas.layers] == [True, True]


def test_a_map_of_the_other_pack_has_a_look_of_its_own(window: MainWindow, opened: Open, qtbot: Any) -> None:
    opened(a={})
    other_pack(window, qtbot)
    window.commands.switch_maps((3,), True)
    beside = window.side.beside
    beside.rows[0].head.flip()
    qtbot.mouseClick(beside.rows[0].head, Qt.MouseButton.LeftButton)
    window.actions_by_id["map_contour"].trigger()
    own, other = window.canvas.layers
    assert (own.contour, other.contour) == (False, True) and beside.look.contour.isChecked()
    choose(window, 3)
    window.actions_by_id["map_contour"].trigger()
    assert [layer.contour for layer in window.canvas.layers] == [True, True]
    qtbot.mouseClick(beside.rows[0].head, Qt.MouseButton.LeftButton)
    assert not beside.look.isVisible() and beside.chosen is None
