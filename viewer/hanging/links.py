"""Panes that move together: window and level by the same drag, pan and zoom by the same place of the body."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.dicom.grayscale import Window
from viewer.hanging.alignment import Alignment, Size, aligned, shared, view_of
from viewer.hanging.percentiles import RanksOfCanvases, carried, differ_in_depth
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.orientation import Orientation
from viewer.image.strip import STRIP_HEIGHT
from viewer.image.view import View, fit

if TYPE_CHECKING:
    from viewer.hanging.pane import Pane
    from viewer.hanging.panes import Panes


class Links(QObject):
    """Lets other panes follow the one that a person moves.

    Window and level follow by the drag, each in the range of its own image: gray values of two radiographs have no
    common unit. Where the images differ in depth, the window lies between the same percentiles of both. Places follow
    by the alignment of each pane; it begins with how the pictures lie when they are linked.

    Attributes
    ----------
    window, view : bool
        Whether window and level are linked, and whether pan and zoom are.
    """

    told = Signal(str)
    changed = Signal()
    """Something else is linked."""

    def __init__(self, panes: Panes, parent: QObject) -> None:
        super().__init__(parent)
        self.window, self.view = False, False
        self._panes = panes
        self._ranks = RanksOfCanvases()
        self._alignments: dict[Canvas, Alignment] = {}
        self._of: dict[Canvas, tuple[str, Orientation | None]] = {}
        for pane in panes.each:
            self._join(pane)
        panes.made.connect(self._join)

    def link_window(self) -> None:
        """Link or unlink window and level."""
        self.window = not self.window
        self.changed.emit()
        self.told.emit(
            tr("Window and level are linked: each image changes within its own range")
            if self.window
            else tr("Window and level are not linked")
        )

    def link_view(self) -> None:
        """Link or unlink pan and zoom; linked pictures stay as they lie now."""
        self.view = not self.view
        self.changed.emit()
        self._alignments.clear()
        if self.view:
            first: Canvas | None = None
            for canvas in self._canvases():
                if first is None:
                    first = canvas
                    self._set(canvas, Alignment())
                else:
                    self._align(canvas, canvas.view, first, first.view)
        self.told.emit(
            tr("Pan and zoom are linked as the images lie now, approximately; Shift and a drag move one alone")
            if self.view
            else tr("Pan and zoom are not linked")
        )

    def link_by_rule(self, what: Collection[str]) -> None:
        """Link "window", "view" or both; what is linked already stays so."""
        before = self.window, self.view
        self.window = self.window or "window" in what
        if "view" in what and not self.view:
            self.view = True
            self._alignments.clear()
            self.renew()
        if before != (self.window, self.view):
            self.changed.emit()

    def renew(self) -> None:
        """Let pictures that were hung or turned since lie so that whole image lies on whole image."""
        if not self.view:
            return
        known = [canvas for canvas in self._canvases() if self._is_known(canvas)]
        for canvas in self._canvases():
            if self._is_known(canvas):
                continue
            if not known:
                self._set(canvas, Alignment())
            else:
                self._align(canvas, _fitted(canvas), known[0], _fitted(known[0]))
                self._follow(canvas, known[0])
            known.append(canvas)

    def set_alignment(self, fixed: Canvas, moving: Canvas, found: Alignment) -> None:
        """Take over how one picture lies to another, and link them."""
        self.view = True
        base = self._alignments.get(fixed, Alignment()) if self._is_known(fixed) else Alignment()
        self._set(fixed, base)
        scale = found.scale
        self._set(
            moving,
            Alignment(scale * base.scale, scale * base.dx + found.dx, scale * base.dy + found.dy),
        )
        self._follow(moving, fixed)
        self.changed.emit()

    def lead(self, canvas: Canvas, alone: bool = False) -> None:
        """A canvas shows another place, or another window by a command: the linked ones follow.

        Parameters
        ----------
        alone : bool
            It was moved against the others: they stay, and its alignment is another one from now on.
        """
        if self.window:
            for other in self._others(canvas):
                _window_like(other, canvas)
                if not canvas.windowing.name:
                    self._carry(canvas, other)
        self._lead_view(canvas, alone)

    def _lead_view(self, canvas: Canvas, alone: bool) -> None:
        if not self.view:
            return
        if not self._is_known(canvas):
            self.renew()
        elif alone:
            for other in self._others(canvas):
                self._align(canvas, canvas.view, other, other.view)
                break
        else:
            for other in self._others(canvas):
                self._follow(other, canvas)

    def _join(self, pane: Pane) -> None:
        canvas = pane.canvas
        canvas.led.connect(lambda alone: self._dragged(canvas, alone))
        canvas.windowed.connect(lambda dx, dy: self._windowed(canvas, dx, dy))
        canvas.drag_ended.connect(self._ended)

    def _dragged(self, canvas: Canvas, alone: bool) -> None:
        if self.view and not alone and canvas.mouse.dragged:
            for other in self._others(canvas):
                other.mouse.beside = "view"
        self._lead_view(canvas, alone)

    def _windowed(self, canvas: Canvas, dx: float, dy: float) -> None:
        if self.window:
            for other in self._others(canvas):
                other.mouse.beside = "window"
                if not self._carry(canvas, other):
                    other.drag_window(dx, dy)

    def _carry(self, canvas: Canvas, other: Canvas) -> bool:
        """Give an image of another depth the window between the same percentiles; returns whether it was done."""
        ours, theirs = self._ranks.of(canvas), self._ranks.of(other)
        window = canvas.windowing.voi
        if not differ_in_depth(canvas, other) or ours is None or theirs is None or not isinstance(window, Window):
            return False
        made = replace(other.windowing, voi=carried(window, ours, theirs), name="")
        if made != other.windowing:
            other.set_windowing(made)
        return True

    def _ended(self) -> None:
        for pane in self._panes.each:
            if pane.canvas.mouse.beside:
                pane.canvas.mouse.beside = ""
                pane.canvas.painting.forget_gray()
                pane.canvas.update()

    def _canvases(self) -> Iterator[Canvas]:
        return (pane.canvas for pane in self._panes.shown if pane.canvas.radiograph is not None)

    def _others(self, canvas: Canvas) -> list[Canvas]:
        return [other for other in self._canvases() if other is not canvas]

    def _is_known(self, canvas: Canvas) -> bool:
        """Whether its alignment is of the picture it shows, as it is turned."""
        return canvas in self._alignments and self._of[canvas] == _what(canvas)

    def _set(self, canvas: Canvas, alignment: Alignment) -> None:
        self._alignments[canvas] = alignment
        self._of[canvas] = _what(canvas)

    def _align(self, canvas: Canvas, view: View, other: Canvas, others: View) -> None:
        """Let a picture lie so that its view shows what another's does."""
        if self._is_known(other):
            seen = shared(others, _picture(other), _window(other), self._alignments[other])
            self._set(canvas, aligned(view, _picture(canvas), _window(canvas), seen))

    def _follow(self, canvas: Canvas, leader: Canvas) -> None:
        if self._is_known(canvas) and self._is_known(leader):
            seen = shared(leader.view, _picture(leader), _window(leader), self._alignments[leader])
            canvas.set_view(view_of(seen, _picture(canvas), _window(canvas), self._alignments[canvas]))


def _what(canvas: Canvas) -> tuple[str, Orientation | None]:
    """What a canvas shows, as it is turned; the pixels themselves are not held by it."""
    return (canvas.radiograph.pixel_sha256, canvas.orientation) if canvas.radiograph is not None else ("", None)


def _picture(canvas: Canvas) -> Size:
    return canvas.pyramid.levels[0].shape if canvas.pyramid is not None else (1.0, 1.0)


def _window(canvas: Canvas) -> Size:
    size = canvas.physical_size()
    return size.height(), size.width()


def _fitted(canvas: Canvas) -> View:
    rows, columns = _picture(canvas)
    height, width = _window(canvas)
    return fit(round(rows), round(columns), width, max(1.0, height - STRIP_HEIGHT * canvas.devicePixelRatioF()))


def _window_like(canvas: Canvas, leader: Canvas) -> None:
    """Take over what has the same meaning on every image: a preset of the same name, and the inversion."""
    wanted = next((p for p in canvas.presets if p.name == leader.windowing.name), None)
    windowing = replace(canvas.windowing, invert=leader.windowing.invert)
    if wanted is not None:
        windowing = replace(windowing, voi=wanted.voi, name=wanted.name)
    if windowing != canvas.windowing:
        canvas.set_windowing(windowing)
