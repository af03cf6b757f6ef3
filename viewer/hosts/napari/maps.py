"""Heat maps as image layers: a fixed scale, transparent where nothing speaks for the feature, glued to their image."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from engine.inference.heat_scale import FULL_SCALE, strength
from viewer.image.heatmap import DensityMap

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image

STEPS = 256
LIMITS = (0.0, FULL_SCALE)


@dataclass(frozen=True, eq=False)
class Wanted:
    """One heat map as it is to be shown.

    Attributes
    ----------
    opacity : float
        0..1, of the whole map.
    threshold : float
        Share of the full scale below which nothing of it is drawn.
    """

    feature_ids: tuple[int, ...]
    label: str
    colour: str
    total: DensityMap
    opacity: float
    threshold: float


def colours(colour: str, threshold: float) -> npt.NDArray[np.float32]:
    """Return the colour map: float32, shape (STEPS, 4), red, green, blue and opacity, 0..1, along the fixed scale."""
    rgb = QColor(colour)
    table = np.empty((STEPS, 4), dtype=np.float32)
    table[:, :3] = rgb.redF(), rgb.greenF(), rgb.blueF()
    table[:, 3] = strength(np.linspace(*LIMITS, STEPS, dtype=np.float32), threshold)
    return table


def placed(image: Image, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the affine matrix, shape (3, 3), that lays a raster over the whole of an image however that is placed.

    The centre of an image's first pixel is its origin, so a raster of larger pixels begins half of the difference
    further in.
    """
    from napari.utils.transforms import Affine

    own = Affine(scale=image.scale, translate=image.translate, rotate=image.rotate, shear=image.shear)
    factor = np.array(image.data.shape) / np.array(shape)
    raster = np.diag([*factor, 1.0])
    raster[:2, 2] = (factor - 1.0) / 2.0
    matrix: npt.NDArray[np.float64] = image.affine.affine_matrix @ own.affine_matrix @ raster
    return matrix


class MapLayers:
    """The heat maps in the list of layers: directly above their image, and nowhere when that is not shown.

    Parameters
    ----------
    switched_off : callable
        Called with the features of a map that a person hid or deleted in napari.
    faded : callable
        Called with the features of a map and the opacity that a person gave it in napari.
    """

    def __init__(
        self,
        viewer: Viewer,
        switched_off: Callable[[tuple[int, ...]], None],
        faded: Callable[[tuple[int, ...], float], None],
    ) -> None:
        self._viewer, self._switched_off, self._faded = viewer, switched_off, faded
        self._layers: dict[tuple[int, ...], tuple[Image, DensityMap]] = {}
        self._image: Image | None = None
        self.busy = False
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.events.reordered.connect(self._place)
        viewer.layers.events.inserted.connect(self._place)

    def __contains__(self, layer: object) -> bool:
        return any(layer is mine for mine in self.layers)

    @property
    def layers(self) -> list[Image]:
        """Those that are shown."""
        return [layer for layer, _ in self._layers.values()]

    def show(self, image: Image | None, wanted: Iterable[Wanted]) -> None:
        """Show exactly these maps on an image."""
        if image is not self._image:
            self.clear()
            self._watch(image)
        wishes = {wish.feature_ids: wish for wish in wanted} if image is not None else {}
        active = self._viewer.layers.selection.active
        self.busy = True
        try:
            for ids, (layer, total) in tuple(self._layers.items()):
                if ids not in wishes or wishes[ids].total is not total:
                    self._remove(ids, layer)
            for ids, wish in wishes.items():
                if image is not None and ids not in self._layers:
                    self._layers[ids] = self._add(image, wish), wish.total
                layer = self._layers[ids][0]
                layer.colormap = _colormap(wish)
                layer.opacity = wish.opacity
            if active is not None and active in self._viewer.layers:
                self._viewer.layers.selection.active = active
        finally:
            self.busy = False
        self._place()

    def clear(self) -> None:
        """Take every map away."""
        self.busy = True
        try:
            for ids, (layer, _) in tuple(self._layers.items()):
                self._remove(ids, layer)
        finally:
            self.busy = False
        self._watch(None)

    def _add(self, image: Image, wish: Wanted) -> Image:
        layer = self._viewer.add_image(
            wish.total.density,
            name=f"AI {wish.label} – {wish.total.method}",
            affine=placed(image, wish.total.density.shape),
            units=image.units,
            axis_labels=image.axis_labels,
            contrast_limits=LIMITS,
            blending="translucent_no_depth",
            interpolation2d="linear",
            visible=image.visible,
        )
        layer.events.contrast_limits.connect(lambda _event: self._keep_scale(layer))
        layer.events.opacity.connect(lambda _event: self._on_faded(wish.feature_ids, layer))
        layer.events.visible.connect(lambda _event: self._on_hidden(wish.feature_ids, layer))
        return layer

    def _remove(self, ids: tuple[int, ...], layer: Image) -> None:
        del self._layers[ids]
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _keep_scale(self, layer: Image) -> None:
        """The scale is the same for every image: another one would make maps look comparable that are not."""
        if tuple(layer.contrast_limits) != LIMITS:
            layer.contrast_limits = LIMITS

    def _on_faded(self, ids: tuple[int, ...], layer: Image) -> None:
        if not self.busy:
            self._faded(ids, float(layer.opacity))

    def _on_hidden(self, ids: tuple[int, ...], layer: Image) -> None:
        if not self.busy and not layer.visible:
            self._switched_off(ids)

    def _on_removed(self, event: Any) -> None:
        for ids, (layer, _) in tuple(self._layers.items()):
            if layer is event.value:
                del self._layers[ids]
                self._switched_off(ids)

    def _watch(self, image: Image | None) -> None:
        if self._image is not None:
            for name in _PLACING:
                getattr(self._image.events, name).disconnect(self._follow)
        self._image = image
        if image is not None:
            for name in _PLACING:
                getattr(image.events, name).connect(self._follow)

    def _follow(self, _event: object = None) -> None:
        """Stay on the image where it is moved, and hide with it."""
        image = self._image
        if image is None:
            return
        self.busy = True
        try:
            for layer in self.layers:
                layer.affine = placed(image, layer.data.shape)
                layer.visible = image.visible
        finally:
            self.busy = False

    def _place(self, _event: object = None) -> None:
        """Lie directly above the image, so that an image above it hides both."""
        layers = self._viewer.layers
        if self.busy or self._image is None or self._image not in layers:
            return
        self.busy = True
        try:
            for number, layer in enumerate(self.layers):
                here, there = layers.index(layer), layers.index(self._image) + 1 + number
                if here != there:
                    # `move` counts places as they are before it.
                    layers.move(here, there)
        finally:
            self.busy = False


_PLACING = ("scale", "translate", "rotate", "shear", "affine", "visible")


def _colormap(wish: Wanted) -> Any:
    from napari.utils.colormaps import Colormap

    return Colormap(colours(wish.colour, wish.threshold), name=f"saerad {wish.colour}")
