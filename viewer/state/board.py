"""The measurements of the image shown: what is drawn, selected and undone; every change is saved and announced."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

from engine.dicom.radiograph import Radiograph
from engine.errors import MeasureError, SaeRadError
from engine.measure.shapes import Measurement
from engine.measure.sheet import Sheet
from engine.measure.values import Reading, read
from viewer.marking import mark
from viewer.state.event import Event
from viewer.state.images import Problem
from viewer.state.sheets import SheetStore


@dataclass(eq=False)
class _History:
    current: Sheet
    past: list[tuple[str, Sheet]] = field(default_factory=list)
    future: list[tuple[str, Sheet]] = field(default_factory=list)


class Board:
    """Measurements of all images of the session, of which those of the image shown can be seen and changed.

    Parameters
    ----------
    store : SheetStore
        Where every change is kept.
    """

    def __init__(self, store: SheetStore) -> None:
        self.changed: Event[None] = Event()
        self.noticed: Event[Problem] = Event()
        self.stepped: Event[str] = Event()
        """Name of a change that was done and can be taken back."""
        self.selected = ""
        self.radiograph: Radiograph | None = None
        self._store = store
        self._histories: dict[tuple[str, str], _History] = {}
        self._read: dict[Measurement, Reading] = {}

    # what is shown

    def show(self, radiograph: Radiograph | None) -> None:
        """Turn to another image, or to none; what was drawn on the last one is seen no more."""
        if radiograph is self.radiograph:
            return
        self.radiograph, self.selected = radiograph, ""
        self._read.clear()
        if radiograph is not None:
            self._history_of(radiograph)
        self.changed.emit(None)

    def sheet_of(self, radiograph: Radiograph) -> Sheet:
        """The measurements of an image that hangs beside the one shown; they are seen there, and not changed."""
        return self._history_of(radiograph).current

    @property
    def sheet(self) -> Sheet | None:
        """The measurements of the image shown."""
        return None if self.radiograph is None else self._history.current

    @property
    def items(self) -> tuple[Measurement, ...]:
        """What is drawn on the image shown."""
        return () if self.sheet is None else self.sheet.items

    def reading(self, item: Measurement, *, pixels: bool = True) -> Reading:
        """Return what a measurement says of the image shown; numbers of what did not change are not computed again."""
        if self.radiograph is None:
            raise KeyError("no image is shown")
        if item in self._read:
            return self._read[item]
        made = read(item, self.radiograph, self._history.current.spacing(self.radiograph.spacing), pixels=pixels)
        if pixels:
            self._read[item] = made
        return made

    def select(self, key: str) -> None:
        """Select a measurement; an empty key lets go of it."""
        if key != self.selected:
            self.selected = key
            self.changed.emit(None)

    def step(self, by: int) -> None:
        """Select the next or previous measurement, round and round."""
        keys = [item.key for item in self.items]
        if keys:
            place = keys.index(self.selected) + by if self.selected in keys else (0 if by > 0 else -1)
            self.select(keys[place % len(keys)])

    # changes

    @staticmethod
    def new_key() -> str:
        """Return a name that no measurement has."""
        return uuid4().hex[:12]

    def put(self, name: str, item: Measurement) -> None:
        """Add a measurement or replace the one of its name, select it, as one step that can be undone."""
        sheet = self._history.current
        self.selected = item.key
        self.change(name, sheet.put(item))

    def remove_selected(self) -> None:
        """Take the selected measurement out."""
        if self.sheet is not None and self.sheet.find(self.selected) is not None:
            self.change(mark("delete measurement"), self.sheet.without(self.selected))

    def change(self, name: str, sheet: Sheet) -> None:
        """Make a sheet the one of the image shown.

        Raises
        ------
        MeasureError
            ``WRONG_IMAGE`` when it belongs to another image.
        """
        history = self._history
        sheet.require_image(history.current.sop_instance_uid, history.current.pixel_sha256)
        if sheet != history.current:
            history.past.append((name, history.current))
            history.future.clear()
            self._set(sheet)
            self.stepped.emit(name)

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty when there is nothing."""
        return self._history.past[-1][0] if self.radiograph is not None and self._history.past else ""

    @property
    def redo_name(self) -> str:
        """What redo would do again; empty when there is nothing."""
        return self._history.future[-1][0] if self.radiograph is not None and self._history.future else ""

    def undo(self) -> None:
        """Take the last change of the measurements of the image shown back."""
        self._turn(self._history.past, self._history.future, "NOTHING_TO_UNDO", "there is no change to take back")

    def redo(self) -> None:
        """Do the undone change again."""
        self._turn(self._history.future, self._history.past, "NOTHING_TO_REDO", "there is no undone change")

    def _turn(self, source: list[tuple[str, Sheet]], target: list[tuple[str, Sheet]], code: str, text: str) -> None:
        if not source:
            raise MeasureError(code, text)
        name, sheet = source.pop()
        target.append((name, self._history.current))
        self._set(sheet)

    @property
    def _history(self) -> _History:
        if self.radiograph is None:
            raise KeyError("no image is shown")
        return self._history_of(self.radiograph)

    def _history_of(self, radiograph: Radiograph) -> _History:
        key = radiograph.identity.sop_instance_uid, radiograph.pixel_sha256
        if key not in self._histories:
            self._histories[key] = _History(self._saved(*key))
        return self._histories[key]

    def _set(self, sheet: Sheet) -> None:
        if sheet.calibration != self._history.current.calibration:
            self._read.clear()
        self._history.current = sheet
        if sheet.find(self.selected) is None:
            self.selected = ""
        self._save(sheet)
        self.changed.emit(None)

    def _save(self, sheet: Sheet) -> None:
        try:
            self._store.save(sheet)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))

    def _saved(self, sop_instance_uid: str, pixel_sha256: str) -> Sheet:
        try:
            saved = self._store.load(sop_instance_uid, pixel_sha256)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))
            saved = None
        return saved or Sheet(sop_instance_uid, pixel_sha256)
