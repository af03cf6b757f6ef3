"""Graphic layers, graphic objects and text objects of a presentation state (PS3.3 C.10.5, C.10.7)."""

from __future__ import annotations

from engine.dicom.elements import Elements
from engine.readback.coded import pairs, read_colour, read_images, text_lines
from engine.readback.graphics import FIXED_COUNTS, Graphic, Note, Point, Shape, Units
from engine.readback.limits import Budget
from engine.readback.presentation import Annotation, Layer

_SHAPES = (Shape.POINT, Shape.POLYLINE, Shape.INTERPOLATED, Shape.CIRCLE, Shape.ELLIPSE)


def read_layers(header: Elements, budget: Budget) -> tuple[Layer, ...]:
    """Return the graphic layers, lowest first.

    Raises
    ------
    ReadError
        ``RESULT_TOO_LARGE``.
    """
    found = []
    for item in header.items("GraphicLayerSequence"):
        budget.items()
        found.append(
            Layer(
                item.text("GraphicLayer"),
                item.integer("GraphicLayerOrder") or 0,
                item.text("GraphicLayerDescription"),
                read_colour(item, "GraphicLayerRecommendedDisplayCIELabValue") or _plain_colour(item),
            )
        )
    return tuple(sorted(found, key=lambda layer: layer.order))


def _plain_colour(item: Elements) -> str:
    """The retired RGB value or the gray one, both of 16 bits; empty without either."""
    given = item.numbers("GraphicLayerRecommendedDisplayRGBValue")
    if len(given) != 3:
        gray = item.numbers("GraphicLayerRecommendedDisplayGrayscaleValue")
        given = gray * 3 if len(gray) == 1 else []
    if not given or not all(0 <= number <= 0xFFFF for number in given):
        return ""
    return "#" + "".join(f"{int(number) >> 8:02x}" for number in given)


def read_annotations(header: Elements, budget: Budget) -> tuple[Annotation, ...]:
    """Return the annotations with something to draw.

    Raises
    ------
    ReadError
        ``RESULT_TOO_LARGE``.
    """
    found = []
    for item in header.items("GraphicAnnotationSequence"):
        budget.items()
        images = read_images(item)
        if images is None:
            continue
        graphics = [_graphic(graphic, budget) for graphic in item.items("GraphicObjectSequence")]
        notes = [_note(note, budget) for note in item.items("TextObjectSequence")]
        found.append(
            Annotation(
                item.text("GraphicLayer"), tuple(filter(None, graphics)), tuple(n for n in notes if n.lines), images
            )
        )
    return tuple(found)


def _graphic(item: Elements, budget: Budget) -> Graphic | None:
    budget.items()
    data = item.numbers("GraphicData")
    budget.points(len(data) // 2)
    asked = item.text("GraphicType").upper()
    shape = next((known for known in _SHAPES if known.value == asked), None)
    units, points = _units(item, "GraphicAnnotationUnits"), pairs(data)
    if shape is None:
        item.warn(f"A graphic object is of the type {asked[:16] or 'nothing'}, which is not shown.")
        return None
    wanted = FIXED_COUNTS.get(shape)
    if units is None or len(points) < 1 or (wanted is not None and len(points) != wanted):
        item.warn("A graphic object has no proper points or units and is not shown.")
        return None
    style = item.items("LineStyleSequence")
    colour = read_colour(style[0], "PatternOnColorCIELabValue") if style else ""
    filled = item.text("GraphicFilled").upper() == "Y"
    return Graphic(shape, points, units, filled, colour, item.text("TrackingID"))


def _units(item: Elements, keyword: str) -> Units | None:
    asked = item.text(keyword).upper()
    found = next((known for known in Units if known.value == asked), None)
    if found is None and asked:
        item.warn(f"Coordinates are given in units of {asked[:16]}; what stands there is not shown.")
    return found


def _note(item: Elements, budget: Budget) -> Note:
    budget.items()
    lines = text_lines(item.raw("UnformattedTextValue") or "")
    budget.characters(sum(map(len, lines)))
    first, last = item.numbers("BoundingBoxTopLeftHandCorner"), item.numbers("BoundingBoxBottomRightHandCorner")
    box_units = _units(item, "BoundingBoxAnnotationUnits")
    anchor_units = _units(item, "AnchorPointAnnotationUnits")
    at = item.numbers("AnchorPoint")
    box = (first[0], first[1], last[0], last[1]) if len(first) == len(last) == 2 and box_units else None
    anchor: Point | None = (at[0], at[1]) if len(at) == 2 and anchor_units else None
    if lines and box is None and anchor is None:
        item.warn("A text object has no place in the image; its text stands in the list only.")
    return Note(
        lines,
        box,
        box_units or Units.PIXEL,
        anchor,
        anchor_units or Units.PIXEL,
        item.text("AnchorPointVisibility").upper() == "Y",
        item.text("BoundingBoxTextHorizontalJustification").upper() or "LEFT",
    )
