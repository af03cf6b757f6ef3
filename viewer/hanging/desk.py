"""Connects panes with session and controller: each shows its own image and nothing of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.dicom.patients import Relation, relation
from engine.dicom.radiograph import Identity
from viewer.hanging.links import Links
from viewer.hanging.pane import Pane
from viewer.hanging.panes import Panes
from viewer.hanging.words import banner, elsewhere, outdated
from viewer.measure.shown import ShownMeasures
from viewer.state.hanging import LAYOUTS, Hanging
from viewer.state.images import OpenImage

if TYPE_CHECKING:
    from viewer.controller import Controller
    from viewer.state.session import Session


class Desk(QObject):
    """Keeps the panes up to date that are not the active one, and turns from pane to pane."""

    turned = Signal()
    """Another pane is the active one; its image is not the session's yet."""
    changed = Signal()
    """Layout, active pane or images of the panes."""

    def __init__(self, session: Session, controller: Controller, panes: Panes, parent: QObject) -> None:
        super().__init__(parent)
        self.panes, self.state = panes, Hanging(session)
        self.links = Links(panes, self)
        self._session, self._controller = session, controller
        for pane in panes.each:
            self._join(pane)
        panes.made.connect(self._join)
        self.state.turned.connect(lambda _number: self._on_turned())
        self.state.swapped.connect(lambda pair: panes.swap(*pair))
        self.state.changed.connect(lambda _none: self._on_changed())
        session.image_changed.connect(self._on_image)
        session.overlay_changed.connect(lambda _overlay: self._show_layers(None))
        controller.maps_ready.connect(self._show_layers)

    @property
    def active(self) -> Pane:
        """The pane that draft, tools and keys belong to."""
        return self.panes.each[self.state.active]

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        found: dict[str, Callable[[], object]] = {
            f"layout_{name}": partial(self.state.set_layout, name) for name in LAYOUTS
        }
        found["pane_next"] = partial(self._step, 1)
        found["pane_previous"] = partial(self._step, -1)
        found["pane_clear"] = self.state.clear
        found["link_window"] = self.links.link_window
        found["link_view"] = self.links.link_view
        return found

    def image_of(self, number: int) -> OpenImage | None:
        """The image that hangs in a pane."""
        key = self.state.panes[number].key
        return None if key is None else self._session.images[key]

    def refresh(self, number: int) -> None:
        """Bring a pane that is not the active one up to date."""
        pane, hung = self.panes.each[number], self.state.panes[number]
        image = self.image_of(number)
        pane.show_image(image, self._controller.pyramids.get(hung.key or ""))
        shown = pane.canvas.radiograph
        sheet = self._session.board.sheet_of(shown) if shown is not None else None
        by_hand = sheet.calibration if sheet is not None else None
        pane.canvas.set_spacing(by_hand.spacing if by_hand is not None else None)
        self._layers(number)
        self.links.renew()

    def _join(self, pane: Pane) -> None:
        if pane.canvas.tool is None:
            pane.canvas.tool = ShownMeasures(pane.canvas, self._session.board)
        pane.entered.connect(lambda: self._enter(pane))
        pane.dropped.connect(lambda paths: self._drop(pane, paths))

    def _enter(self, pane: Pane) -> None:
        if pane in self.panes.shown:
            self.state.activate(self.panes.each.index(pane))

    def _drop(self, pane: Pane, paths: list[Path]) -> None:
        self._enter(pane)
        self._controller.open_images(paths, paths[0])

    def _step(self, by: int) -> None:
        self.state.step(by)
        self.active.canvas.setFocus()

    def _others(self) -> list[int]:
        return [number for number in range(self.state.count) if number != self.state.active]

    # following

    def _lay_out(self) -> None:
        if self.panes.layout_name != self.state.layout:
            self.panes.set_layout(self.state.layout)

    def _on_turned(self) -> None:
        self._lay_out()
        for pane in self.panes.each:
            if pane is not self.active:
                pane.canvas.tool = ShownMeasures(pane.canvas, self._session.board)
        self.turned.emit()

    def _on_changed(self) -> None:
        self._lay_out()
        for number in self._others():
            key = self.state.panes[number].key
            if key is not None:
                self._controller.want(key)
            self.refresh(number)
        for pane in self.panes.each[self.state.count :]:
            pane.show_image(None, None)
            pane.set_banner("idle", "")
        for pane in self.panes.each:
            pane.set_active(pane is self.active, alone=self.state.count == 1)
        self.say()
        self.changed.emit()

    def _on_image(self, key: str) -> None:
        for number in self._others():
            if self.state.panes[number].key == key:
                self.refresh(number)
        if key in self.state.keys or self._is_of_patient_shown(key):
            self.say()

    def _show_layers(self, key: str | None) -> None:
        for number in self._others():
            if key is None or self.state.panes[number].key == key:
                self._layers(number)

    def _layers(self, number: int) -> None:
        hung = self.state.panes[number]
        image = self.image_of(number)
        overlay = replace(self._session.overlay, visible=hung.visible)
        if image is not None:
            overlay = overlay.with_colours_for(image.groups)
        self.panes.each[number].show_layers(image, self._controller.maps.get(hung.key or "", {}), overlay)

    def say(self) -> None:
        """Write above each pane what a person must know of its image and of those beside it, or of newer ones."""
        images = [self.image_of(number) for number in range(self.state.count)]
        known = [image.identity for image in images if image is not None and image.identity is not None]
        for pane, image in zip(self.panes.shown, images, strict=True):
            identity = image.identity if image is not None else None
            tone, text = "idle", ""
            if identity is not None:
                tone, text = outdated(identity, self._opened()) if self.state.count == 1 else banner(identity, known)
            if image is not None and self.active in self.panes.away and pane not in self.panes.away:
                # What stands beside it in the main window is of the image in the other one.
                tone, text = elsewhere(tone, text)
            pane.set_banner(tone, text)

    def _is_of_patient_shown(self, key: str) -> bool:
        """Whether an image that hangs nowhere is of the patient in the only pane: it may be a newer one."""
        shown, changed = self.image_of(0), self._session.images[key]
        if self.state.count > 1 or shown is None or shown.identity is None or changed.identity is None:
            return False
        return relation(shown.identity, changed.identity) is Relation.SAME

    def _opened(self) -> list[Identity]:
        return [image.identity for image in self._session.images.values() if image.identity is not None]
