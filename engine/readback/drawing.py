"""What result objects draw over one image, all in pixels of that image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import ReadError
from engine.export.identity import SOFTWARE
from engine.inference.heat_scale import THRESHOLD
from engine.readback.graphics import Graphic, Note, Point, Points, Units
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState, Shutter
from engine.readback.report import Report
from engine.readback.segments import Segmentation
from engine.readback.target import Target


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line, or single points where `marks`; float64, shape (points, 2), (column, row).

    `colour` is ``#rrggbb`` of its own, empty to take its layer's.
    """

    points: Points
    marks: bool = False
    filled: bool = False
    colour: str = ""
    label: str = ""


@dataclass(frozen=True)
class PlacedText:
    """A text with the corners of its box and the point that it belongs to; one of the two at least."""

    lines: tuple[str, ...]
    box: tuple[Point, Point] | None
    anchor: Point | None
    anchor_visible: bool
    justification: str


@dataclass(frozen=True, eq=False)
class DrawnLayer:
    """One thing that can be switched on and off: a graphic layer, a segment or the regions of a report."""

    name: str
    colour: str = ""
    strokes: tuple[Stroke, ...] = ()
    texts: tuple[PlacedText, ...] = ()


@dataclass(frozen=True, eq=False)
class Drawing:
    """Layers, the lowest first, what of the object is not drawn on this image, and what it covers."""

    layers: tuple[DrawnLayer, ...]
    notes: tuple[str, ...] = ()
    shutters: tuple[Shutter, ...] = ()


def drawing_on(result: ResultObject, image: Target) -> Drawing:
    """Return what an object draws over an image.

    Raises
    ------
    ReadError
        ``RESULT_OF_OTHER_IMAGE`` when the object does not refer to the image, and those of decoding a segmentation.
    """
    if image.uid not in result.images:
        raise ReadError(
            "RESULT_OF_OTHER_IMAGE",
            "the result object does not refer to this image and is not shown on it",
            "open the image that it refers to",
        )
    if isinstance(result.content, PresentationState):
        return Drawing(_layers(result.content, image), shutters=result.content.shutters)
    if isinstance(result.content, Report):
        return _regions(result.content, image.uid)
    return _segments(result, result.content, image)


def _layers(state: PresentationState, image: Target) -> tuple[DrawnLayer, ...]:
    uid = image.uid
    own = [a for a in state.annotations if not a.images or uid in a.images]
    declared = {layer.name: layer for layer in state.layers}
    names = dict.fromkeys([*declared, *(annotation.layer for annotation in own)])
    found = []
    for name in names:
        parts = [annotation for annotation in own if annotation.layer == name]
        strokes = tuple(_stroke(g, state, image) for part in parts for g in part.graphics)
        texts = tuple(_placed(n, state, image) for part in parts for n in part.notes if n.box or n.anchor)
        if strokes or texts:
            layer = declared.get(name)
            title = layer.description or name if layer else name
            found.append(DrawnLayer(title, layer.colour if layer else "", strokes, texts))
    return tuple(found)


def _stroke(graphic: Graphic, state: PresentationState, image: Target) -> Stroke:
    line = state.to_image(graphic.line(), graphic.units, image)
    return Stroke(line, graphic.is_marks, graphic.filled, graphic.colour, graphic.label)


def _placed(note: Note, state: PresentationState, image: Target) -> PlacedText:
    box = None
    if note.box is not None:
        first, last = state.to_image(np.reshape(note.box, (2, 2)), note.box_units, image).tolist()
        box = ((first[0], first[1]), (last[0], last[1]))
    anchor = _point(note.anchor, note.anchor_units, state, image) if note.anchor is not None else None
    return PlacedText(note.lines, box, anchor, note.anchor_visible, note.justification)


def _point(point: Point, units: Units, state: PresentationState, image: Target) -> Point:
    ((x, y),) = state.to_image(np.array([point]), units, image).tolist()
    return x, y


def _regions(report: Report, uid: str) -> Drawing:
    by_label: dict[str, list[Stroke]] = {}
    for region in report.regions():
        if region.image.sop_instance_uid == uid and (not region.image.frames or 1 in region.image.frames):
            graphic = region.graphic
            stroke = Stroke(graphic.line(), graphic.is_marks, label=graphic.label)
            by_label.setdefault(graphic.label, []).append(stroke)
    return Drawing(tuple(DrawnLayer(label, strokes=tuple(strokes)) for label, strokes in by_label.items()))


def _segments(result: ResultObject, content: Segmentation, image: Target) -> Drawing:
    uid = image.uid
    if (content.rows, content.columns) != (image.rows, image.columns):
        note = (
            f"The segmentation has {content.rows} x {content.columns} pixels, the image {image.rows} x "
            f"{image.columns}: where it lies on the image is not certain, and it is not drawn."
        )
        return Drawing((), (note,))
    level = outline_level(result)
    layers, notes = [], []
    for segment in content.on(uid):
        name = segment.label or str(segment.kind or segment.number)
        lines = content.contours(segment.number, uid, level)
        if not lines:
            notes.append(f"The segment {name} nowhere reaches {level:.0%} on this image; there is no line to draw.")
        title = f"{name} (line at {level:.0%})" if content.fractional else name
        layers.append(DrawnLayer(title, segment.colour, tuple(Stroke(line, filled=True) for line in lines)))
    if not layers:
        notes.append("No frame of the segmentation is for this image.")
    return Drawing(tuple(layers), tuple(notes))


def outline_level(result: ResultObject) -> float:
    """Return from which share a segmentation is outlined: half, and our own from where the viewer draws a map."""
    content = result.content
    fractional = isinstance(content, Segmentation) and bool(content.fractional)
    return THRESHOLD if fractional and result.provenance.manufacturer == SOFTWARE else 0.5
