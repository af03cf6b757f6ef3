"""What a person looks at: the image shown, the heat maps on it, what is selected, and what can be taken back there."""

from __future__ import annotations

from functools import partial

from viewer.state.board import Board
from viewer.state.event import Event
from viewer.state.opened import OpenImages
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import NOTHING, Selection, maps_of
from viewer.state.sheets import SheetStore
from viewer.state.steps import Step, Steps


class Viewing(OpenImages):
    """The open images as they are looked at.

    Parameters
    ----------
    sheets : SheetStore
        Where measurements are kept.
    """

    def __init__(self, sheets: SheetStore) -> None:
        super().__init__()
        self.overlay = OverlaySettings()
        self.selection = NOTHING
        self.current_changed: Event[str | None] = Event()
        self.overlay_changed: Event[OverlaySettings] = Event()
        self.selection_changed: Event[Selection] = Event()
        self.leaving: Event[str] = Event()
        """Before the draft shown is left or replaced: what a view still holds of it can be handed over."""
        self.board = Board(sheets)
        self.board.noticed.connect(self.noticed.emit)
        self.board.stepped.connect(
            lambda name: self.steps.push(Step(name, "measurement", self.board.undo, self.board.redo))
        )
        self.steps_changed: Event[None] = Event()
        self._steps: dict[str, Steps] = {}

    @property
    def steps(self) -> Steps:
        """What can be taken back on the image shown; nothing where none is."""
        return self._steps_of(self.current_key or "")

    def _steps_of(self, key: str) -> Steps:
        if key not in self._steps:
            self._steps[key] = Steps()
            self._steps[key].changed.connect(self.steps_changed.emit)
        return self._steps[key]

    def show(self, key: str | None) -> None:
        """Make an image the one shown, or with None no image; selection and switches start afresh."""
        if key is not None and key not in self.images:
            raise KeyError(key)
        if key == self.current_key:
            return
        if self.current_key is not None:
            self.leaving.emit(self.current_key)
        self.current_key = key
        if key is not None:
            self._touch(key)
        self.select(NOTHING)
        self.set_overlay(self.overlay.none().with_peek(False))
        self.current_changed.emit(key)

    def step(self, by: int) -> None:
        """Show the next (1) or previous (-1) image; stays at the ends."""
        keys = list(self.images)
        if self.current_key is None or not keys:
            return
        self.show(keys[min(len(keys) - 1, max(0, keys.index(self.current_key) + by))])

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """Replace the overlay's settings; what is muted stays off, and every group that is shown has a colour."""
        if self.current is not None:
            other = self.current.compared
            overlay = overlay.fitted_to(self.current.groups, other.groups if other is not None else ())
        if overlay != self.overlay:
            self.overlay = overlay
            self.overlay_changed.emit(overlay)

    def change_overlay(self, name: str, overlay: OverlaySettings, merge: str = "") -> None:
        """Replace the overlay's settings as one step that can be undone; `merge` as in `Step`."""
        before = self.overlay
        self.set_overlay(overlay)
        if self.overlay.differs(before):
            back, again = (
                partial(self._overlay_as, self.overlay, before),
                partial(self._overlay_as, before, self.overlay),
            )
            self.steps.push(Step(name, "overlay", back, again, merge))

    def _overlay_as(self, now: OverlaySettings, wanted: OverlaySettings) -> None:
        self.set_overlay(self.overlay.changed_as(now, wanted))

    def select(self, selection: Selection) -> None:
        """Select a feature or a sentence of the image shown; a sentence switches its own maps on and the others off.

        It does so also when it was selected before: a person who clicks it wants to see what belongs to it.
        """
        changed, self.selection = selection != self.selection, selection
        image = self.current
        if (
            selection.sentence_key is not None
            and image is not None
            and image.history is not None
            and image.analysis is not None
        ):
            self.set_overlay(
                self.overlay.show(maps_of(image.history.current.find(selection.sentence_key), image.analysis))
            )
        if changed:
            self.selection_changed.emit(selection)

    def undo(self) -> None:
        """Take the last change on the image shown back."""
        self.steps.undo()

    def redo(self) -> None:
        """Do the last undone change on the image shown again."""
        self.steps.redo()
