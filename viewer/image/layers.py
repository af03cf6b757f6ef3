"""The heat maps that are drawn: one for each group of features that is switched on, none hidden by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from engine.inference.heat_scale import FULL_SCALE, SOFT_EDGE
from viewer.image.heatmap import DensityMap, blend_densities, sum_maps
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.outline import outline
from viewer.image.placement import Box
from viewer.state.groups import FeatureGroup
from viewer.state.overlay import OverlaySettings

LINE, DASH = 2.0, 4.0
"""Width of an outline in pixels of the widget, and length of a dash in widths."""

DOT, GAP = 0.1, 2.5
"""Length of a dot before its round ends, and from one to the next, in widths."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One heat map as shown: its line of the legend, how it was computed, and the line around it.

    Attributes
    ----------
    outline : tuple of QPolygonF
        In units of the image's width and height; empty while it is the only map, whose colour cannot be mistaken.
    beside : bool
        Whether it is of the analysis by another pack: its line is dotted.
    """

    feature_ids: tuple[int, ...]
    colour: str
    label: str
    method: str
    outline: tuple[QPolygonF, ...] = ()
    beside: bool = False


@dataclass(frozen=True, eq=False)
class Layers:
    """All heat maps as shown, the strongest group first, and one picture of them that covers the whole image."""

    each: tuple[Layer, ...] = ()
    picture: QImage | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """The maps of one analysis.

    Attributes
    ----------
    made : mapping of int to DensityMap
        Those that are ready, by feature.
    overlay : OverlaySettings
        Its `visible` are this analysis's features.
    name : str
        Of the pack, before each name in the legend; empty for the analysis that the draft stands on.
    """

    groups: Sequence[FeatureGroup]
    made: Mapping[int, DensityMap]
    overlay: OverlaySettings
    name: str = ""


class LayerPainter:
    """Paints the maps of an image; what is already there is kept, so that dragging a slider adds nothing up again."""

    def __init__(self) -> None:
        self._made: tuple[Mapping[int, DensityMap], ...] = ()
        self._sums: dict[tuple[int, tuple[int, ...]], DensityMap] = {}
        self._last: tuple[object, Layers] = ((), Layers())

    def paint(
        self,
        groups: Sequence[FeatureGroup],
        made: Mapping[int, DensityMap],
        overlay: OverlaySettings,
        beside: Source | None = None,
    ) -> Layers:
        """Return a layer for each group with a feature that is switched on, the strongest group first.

        Parameters
        ----------
        made : mapping of int to DensityMap
            The maps that are ready, by feature.
        beside : Source, optional
            Those of the analysis by another pack; they come last.
        """
        sources = [Source(groups, made, overlay), *([beside] if beside is not None else [])]
        maps = tuple(source.made for source in sources)
        if len(maps) != len(self._made) or any(now is not before for now, before in zip(maps, self._made, strict=True)):
            self._made, self._sums, self._last = maps, {}, ((), Layers())
        found = [(number, *one) for number, source in enumerate(sources) for one in _shown(source)]
        wanted = (tuple(found), overlay.threshold)
        if wanted != self._last[0]:
            self._last = (wanted, self._paint(found, overlay.threshold) if found else Layers())
        return self._last[1]

    def _paint(self, found: Sequence[tuple[int, tuple[int, ...], str, str]], threshold: float) -> Layers:
        maps = [self._sum(number, ids) for number, ids, _, _ in found]
        # Where the colour is half faded in: the line is that of what is seen.
        level = FULL_SCALE * (threshold + SOFT_EDGE / 2)
        lined = len(found) > 1 or found[0][0] > 0
        layers = tuple(
            Layer(ids, colour, label, total.method, outline(total.density, level) if lined else (), beside=number > 0)
            for (number, ids, colour, label), total in zip(found, maps, strict=True)
        )
        coloured = [(total, layer.colour) for total, layer in zip(maps, layers, strict=True)]
        return Layers(layers, blend_densities(coloured, threshold))

    def _sum(self, number: int, ids: tuple[int, ...]) -> DensityMap:
        if (number, ids) not in self._sums:
            self._sums[number, ids] = sum_maps([self._made[number][i] for i in ids])
        return self._sums[number, ids]


def _shown(source: Source) -> list[tuple[tuple[int, ...], str, str]]:
    """Features, colour and name of each group of which a map is on."""
    found = []
    for group in source.groups:
        ids = tuple(i for i in group.ids if i in source.overlay.visible and i in source.made)
        if ids:
            label = group.label(ids)
            found.append((ids, source.overlay.colour(group), f"{source.name}: {label}" if source.name else label))
    return found


def compose(layers: Layers, picture: Box, size: QSize, ratio: float, orientation: Orientation = UPRIGHT) -> QImage:
    """Draw all maps into one picture of the window's size, so that opacity alone costs one blend.

    Each of several maps has a line around it in its own colour. The first line is drawn through, the n-th leaves n - 1
    of n parts free: where lines coincide, every colour has its share. Those of another pack are dotted.

    Parameters
    ----------
    picture : Box
        Where the whole image, as it is turned, lies in the widget.
    size : QSize
        Of the widget, in physical pixels; `ratio` of them are one of the widget's.
    """
    composite = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    composite.fill(Qt.GlobalColor.transparent)
    composite.setDevicePixelRatio(ratio)
    if layers.picture is None:
        return composite
    painter = QPainter(composite)
    painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
    place = _turn(orientation) * QTransform(picture.width, 0, 0, picture.height, picture.x, picture.y)
    painter.setTransform(place, combine=True)
    painter.drawImage(QRectF(0, 0, 1, 1), layers.picture)
    painter.resetTransform()
    for number, layer in enumerate(layers.each):
        pen = QPen(QColor(layer.colour), LINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
        if layer.beside:
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setDashPattern([DOT, GAP])
        elif number:
            pen.setDashPattern([DASH, DASH * number])
        painter.setPen(pen)
        for line in layer.outline:
            painter.drawPolyline(place.map(line))
    painter.end()
    return composite


def _turn(orientation: Orientation) -> QTransform:
    """Turn and mirror the unit square onto itself."""
    (x0, y0), (x1, y1), (x2, y2) = (orientation.to_shown(p, 1.0, 1.0) for p in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    return QTransform(x1 - x0, y1 - y0, x2 - x0, y2 - y0, x0, y0)
