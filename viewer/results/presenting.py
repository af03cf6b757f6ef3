"""Shows an image as a presentation state asks for: gray levels, turning, mirroring and area."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dicom.grayscale import Grayscale
from engine.readback.describe import headline
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState
from viewer.image.canvas import Canvas
from viewer.image.orientation import Orientation
from viewer.image.strip import STRIP_HEIGHT
from viewer.image.view import View
from viewer.image.windowing import Windowing


@dataclass(frozen=True)
class Presented:
    """How a canvas shows its image, so that it can be shown so again; `gray` None is the file's own."""

    uid: str
    gray: Grayscale | None
    windowing: Windowing
    orientation: Orientation
    view: View


def presented(canvas: Canvas) -> Presented:
    """Return how a canvas shows its image now."""
    uid = canvas.radiograph.identity.sop_instance_uid if canvas.radiograph is not None else ""
    return Presented(uid, canvas.gray, canvas.windowing, canvas.orientation, canvas.view)


def restore(canvas: Canvas, how: Presented) -> None:
    """Show the image so again, if the canvas still shows it."""
    if canvas.radiograph is None or canvas.radiograph.identity.sop_instance_uid != how.uid:
        return
    canvas.show_gray(how.gray, how.windowing)
    if canvas.orientation != how.orientation:
        canvas.orient(how.orientation)
    if how.view.fitted:
        canvas.fit()
    else:
        canvas.set_view(how.view)


def present(canvas: Canvas, result: ResultObject) -> None:
    """Show the image of a canvas as a presentation state asks for; one that does not refer to it changes nothing."""
    image, state = canvas.radiograph, result.content
    if image is None or not isinstance(state, PresentationState):
        return
    uid = image.identity.sop_instance_uid
    if uid not in result.images:
        return
    name = headline(result).removeprefix(result.kind).strip()
    gray = state.grayscale(image)
    canvas.show_gray(gray, Windowing(gray.default_voi, name=f"{result.kind}: {name}"))
    canvas.orient(Orientation(state.quarters, state.mirrored))
    area = state.area(uid)
    if area is None:
        return
    left, top, right, bottom = area.box
    whole = right - left >= image.columns - 1 and bottom - top >= image.rows - 1
    if not whole and right - left > 1 and bottom - top > 1:
        _fit(canvas, area.box, (image.rows, image.columns))


def _fit(canvas: Canvas, box: tuple[float, float, float, float], size: tuple[int, int]) -> None:
    """Let a part of the image fill the window."""
    ends = [canvas.orientation.to_shown(corner, *size) for corner in (box[:2], box[2:])]
    (xa, ya), (xb, yb) = ends
    room, foot = canvas.physical_size(), STRIP_HEIGHT * canvas.devicePixelRatioF()
    width, height = room.width(), max(1.0, room.height() - foot)
    scale = min(width / abs(xb - xa), height / abs(yb - ya))
    x = (width - scale * (xa + xb)) / 2.0
    y = (height - scale * (ya + yb)) / 2.0
    canvas.set_view(View(scale, x, y, fitted=False))
