"""The heat maps that are drawn: one for each group of features that is switched on, none hidden by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QImage, QPolygonF

from engine.inference.heat_scale import FULL_SCALE, SOFT_EDGE, THRESHOLD
from viewer.i18n import tr
from viewer.image.heatmap import DensityMap, Painted, blend_densities, sum_maps
from viewer.image.outline import outline
from viewer.state.groups import FeatureGroup
from viewer.state.look import MapLook
from viewer.state.overlay import OverlaySettings

LEVELS = (0.25, 0.5, 0.75)
"""Shares of the full scale at which contours are drawn, where they lie above the threshold."""


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

    def levels(self, *, lined: bool) -> list[float]:
        """Shares of the full scale at which it has lines: where it begins, and within it those of contours.

        Parameters
        ----------
        lined : bool
            Whether it has a line around it although it is drawn in heat.
        """
        # Where the colour is half faded in: the line is that of what is seen.
        begin = self.threshold + SOFT_EDGE / 2
        if self.look.contour:
            return [begin, *(share for share in LEVELS if share > begin)]
        return [begin] if lined else []

    def layer(self, total: DensityMap, lines: Sequence[tuple[QPolygonF, ...]]) -> Layer:
        """Return it with the lines at its levels; a map of which nothing is seen says so."""
        seen = float(total.density.max()) > FULL_SCALE * self.threshold
        return Layer(
            self.ids,
            self.colour,
            # First, where it is not what a narrow legend cuts.
            self.label if seen else f"{tr('too weak to be drawn')}: {self.label}",
            total.method,
            lines[0] if lines else (),
            beside=self.source > 0,
            contours=tuple(line for inner in lines[1:] for line in inner),
            opacity=self.look.opacity,
            threshold=self.threshold,
            contour=self.look.contour,
        )


class LayerPainter:
    """Paints the maps of an image; what is already there is kept, so that dragging a slider adds nothing up again."""

    def __init__(self) -> None:
        self._made: tuple[Mapping[int, DensityMap], ...] = ()
        self._sums: dict[tuple[int, tuple[int, ...]], DensityMap] = {}
        self._lines: dict[tuple[int, tuple[int, ...], float], tuple[QPolygonF, ...]] = {}
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
            self._made, self._sums, self._lines, self._last = maps, {}, {}, ((), Layers())
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
        before, self._lines = self._lines, {}
        layers = []
        for one, total in zip(wanted, maps, strict=True):
            levels = one.levels(lined=lined)
            for level in levels:
                key = one.source, one.ids, level
                self._lines[key] = before[key] if key in before else outline(total.density, FULL_SCALE * level)
            layers.append(one.layer(total, [self._lines[one.source, one.ids, level] for level in levels]))
        return Layers(tuple(layers), blend_densities(heat) if heat else None)

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
