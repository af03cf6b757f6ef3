"""The heat maps that are drawn: one for each group of features that is switched on, none hidden by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from engine.inference.heat_scale import FULL_SCALE, SOFT_EDGE, THRESHOLD
from viewer.image.heatmap import DensityMap, Painted, blend_densities, sum_maps
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.outline import outline
from viewer.image.placement import Box
from viewer.state.groups import FeatureGroup
from viewer.state.look import MapLook
from viewer.state.overlay import OverlaySettings

LINE, INNER_LINE, DASH = 2.0, 1.0, 4.0
"""Widths of an outline and of a contour within it in pixels of the widget, and length of a dash in widths."""

LEVELS = (0.25, 0.5, 0.75)
"""Shares of the full scale at which contours are drawn, where they lie above the threshold."""

DOT, GAP = 0.1, 2.5
"""Length of a dot before its round ends, and from one to the next, in widths."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One heat map as shown: its line of the legend, how it was computed, how it is drawn.

    Attributes
    ----------
    outline : tuple of QPolygonF
        The line where it begins, in units of the image's width and height; empty while it is the only map, whose colour
        cannot be mistaken, unless it is drawn in contours.
    beside : bool
        Whether it is of the analysis by another pack: its line is dotted.
    contours : tuple of QPolygonF
        Further lines, at `LEVELS` of the scale; empty unless it is drawn in contours.
    opacity : float
        0..1, within that of all maps.
    threshold : float
        Share of the full scale where it begins.
    contour : bool
        Whether it is drawn in contours, in place of heat.
    """

    feature_ids: tuple[int, ...]
    colour: str
    label: str
    method: str
    outline: tuple[QPolygonF, ...] = ()
    beside: bool = False
    contours: tuple[QPolygonF, ...] = ()
    opacity: float = 1.0
    threshold: float = THRESHOLD
    contour: bool = False


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


@dataclass(frozen=True)
class _Wanted:
    """One map to be drawn, of the analysis of this number."""

    source: int
    ids: tuple[int, ...]
    colour: str
    label: str
    look: MapLook
    threshold: float


class LayerPainter:
    """Paints the maps of an image; what is already there is kept, so that dragging a slider adds nothing up again."""

    def __init__(self) -> None:
        self._made: tuple[Mapping[int, DensityMap], ...] = ()
        self._sums: dict[tuple[int, tuple[int, ...]], DensityMap] = {}
        self._last: tuple[tuple[_Wanted, ...], Layers] = ((), Layers())

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
        wanted = tuple(one for number, source in enumerate(sources) for one in _wanted(number, source))
        if wanted != self._last[0]:
            self._last = (wanted, self._paint(wanted))
        return self._last[1]

    def _paint(self, wanted: Sequence[_Wanted]) -> Layers:
        lined = len(wanted) > 1 or any(one.source for one in wanted)
        maps = [self._sum(one) for one in wanted]
        heat = [
            Painted(total, one.colour, one.threshold, one.look.opacity)
            for one, total in zip(wanted, maps, strict=True)
            if not one.look.contour
        ]
        layers = tuple(_layer(one, total, lined=lined) for one, total in zip(wanted, maps, strict=True))
        return Layers(layers, blend_densities(heat) if heat else None)

    def _sum(self, one: _Wanted) -> DensityMap:
        key = one.source, one.ids
        if key not in self._sums:
            self._sums[key] = sum_maps([self._made[one.source][i] for i in one.ids])
        return self._sums[key]


def _wanted(number: int, source: Source) -> list[_Wanted]:
    """Return each group of which a map is on."""
    found, overlay = [], source.overlay
    for group in source.groups:
        ids = tuple(i for i in group.ids if i in overlay.visible and i in source.made)
        if ids and not overlay.mutes(group):
            label, look = group.label(ids), overlay.look(group)
            named = f"{source.name}: {label}" if source.name else label
            threshold = overlay.threshold if look.threshold is None else look.threshold
            found.append(_Wanted(number, ids, overlay.colour(group), named, look, threshold))
    return found


def _layer(one: _Wanted, total: DensityMap, *, lined: bool) -> Layer:
    # Where the colour is half faded in: the line is that of what is seen.
    level = one.threshold + SOFT_EDGE / 2
    contour = one.look.contour
    inner = [share for share in LEVELS if contour and share > level]
    return Layer(
        one.ids,
        one.colour,
        one.label,
        total.method,
        outline(total.density, FULL_SCALE * level) if lined or contour else (),
        beside=one.source > 0,
        contours=tuple(line for share in inner for line in outline(total.density, FULL_SCALE * share)),
        opacity=one.look.opacity,
        threshold=one.threshold,
        contour=contour,
    )


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
    if not layers.each:
        return composite
    painter = QPainter(composite)
    painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
    place = _turn(orientation) * QTransform(picture.width, 0, 0, picture.height, picture.x, picture.y)
    if layers.picture is not None:
        painter.setTransform(place, combine=True)
        painter.drawImage(QRectF(0, 0, 1, 1), layers.picture)
        painter.resetTransform()
    for number, layer in enumerate(layers.each):
        pen = _pen(layer, number)
        painter.setPen(pen)
        for line in layer.outline:
            painter.drawPolyline(place.map(line))
        pen.setWidthF(INNER_LINE)
        pen.setStyle(Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        for line in layer.contours:
            painter.drawPolyline(place.map(line))
    painter.end()
    return composite


def _pen(layer: Layer, number: int) -> QPen:
    """Return the pen of the line around the n-th map."""
    colour = QColor(layer.colour)
    colour.setAlphaF(layer.opacity)
    pen = QPen(colour, LINE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if layer.beside:
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([DOT, GAP])
    elif number:
        pen.setDashPattern([DASH, DASH * number])
    return pen


def _turn(orientation: Orientation) -> QTransform:
    """Turn and mirror the unit square onto itself."""
    (x0, y0), (x1, y1), (x2, y2) = (orientation.to_shown(p, 1.0, 1.0) for p in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
    return QTransform(x1 - x0, y1 - y0, x2 - x0, y2 - y0, x0, y0)
