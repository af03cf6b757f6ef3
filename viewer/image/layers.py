"""The heat maps that are drawn: one coloured picture for each group of features that is switched on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from viewer.image.heatmap import DensityMap, paint_density, sum_maps
from viewer.image.placement import Box
from viewer.state.groups import FeatureGroup
from viewer.state.overlay import OverlaySettings


@dataclass(frozen=True, eq=False)
class Layer:
    """One heat map as shown: a picture that covers the whole image, its line of the legend, how it was computed."""

    feature_ids: tuple[int, ...]
    colour: str
    label: str
    picture: QImage
    method: str


class LayerPainter:
    """Paints the maps of an image; sums of maps are kept, so that dragging the threshold adds nothing up again."""

    def __init__(self) -> None:
        self._made: Mapping[int, DensityMap] | None = None
        self._sums: dict[tuple[int, ...], DensityMap] = {}

    def paint(
        self, groups: Sequence[FeatureGroup], made: Mapping[int, DensityMap], overlay: OverlaySettings
    ) -> tuple[Layer, ...]:
        """Return a layer for each group with a feature that is switched on, the strongest group first.

        Parameters
        ----------
        made : mapping of int to DensityMap
            The maps that are ready, by feature.
        """
        if made is not self._made:
            self._made, self._sums = made, {}
        layers = []
        for group in groups:
            ids = tuple(i for i in group.ids if i in overlay.visible and i in made)
            if ids:
                colour, total = overlay.colour(group), self._sum(ids, made)
                picture = paint_density(total, colour, overlay.threshold)
                layers.append(Layer(ids, colour, group.label(ids), picture, total.method))
        return tuple(layers)

    def _sum(self, ids: tuple[int, ...], made: Mapping[int, DensityMap]) -> DensityMap:
        if ids not in self._sums:
            self._sums[ids] = sum_maps([made[i] for i in ids])
        return self._sums[ids]


def compose(layers: Sequence[Layer], picture: Box, size: QSize, ratio: float) -> QImage:
    """Draw all maps into one picture of the window's size, so that opacity alone costs one blend.

    Parameters
    ----------
    picture : Box
        Where the whole image lies in the widget.
    size : QSize
        Of the widget, in physical pixels; `ratio` of them are one of the widget's.
    """
    composite = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    composite.fill(Qt.GlobalColor.transparent)
    composite.setDevicePixelRatio(ratio)
    painter = QPainter(composite)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for layer in layers:
        painter.drawImage(QRectF(picture.x, picture.y, picture.width, picture.height), layer.picture)
    painter.end()
    return composite
