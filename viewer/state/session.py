"""The session: open images, which one is shown, what is selected; every change is announced by an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from engine.dicom.radiograph import Identity, Radiograph
from engine.errors import SaeRadError
from engine.inference.analysis import Analysis, FeatureMap
from engine.report.audit import Action, noted
from engine.report.carry import carry_over
from engine.report.draft import Draft
from viewer.marking import mark, tr
from viewer.state.autosave import DraftStore
from viewer.state.board import Board
from viewer.state.event import Event
from viewer.state.history import DraftHistory
from viewer.state.images import Load, OpenImage, Problem, Work
from viewer.state.kept import KeptDrafts
from viewer.state.overlay import OverlaySettings
from viewer.state.reader import now, system_reader
from viewer.state.results import PackKey, ResultSet
from viewer.state.selection import NOTHING, Selection, maps_of
from viewer.state.sheets import SheetStore
from viewer.state.steps import Step, Steps

KEEP_PIXELS = 6
"""Images whose pixels stay in memory (a 4280 by 4280 film takes 37 MB, with its pyramid 49 MB)."""


@dataclass(frozen=True)
class AnalysisResult:
    """What the background hands over for one image; `draft` is None for a refused one."""

    analysis: Analysis
    draft: Draft | None


class Session:
    """Everything that is open; used on one thread only.

    Parameters
    ----------
    store : DraftStore
        Where changed drafts are kept.
    """

    def __init__(self, store: DraftStore) -> None:
        self.store = store
        self.images: dict[str, OpenImage] = {}
        self.current_key: str | None = None
        self.overlay = OverlaySettings()
        self.reader = system_reader()
        """Who is said to have made a change of a draft."""
        self.selection = NOTHING
        self.images_added: Event[tuple[str, ...]] = Event()
        self.image_changed: Event[str] = Event()
        self.current_changed: Event[str | None] = Event()
        self.overlay_changed: Event[OverlaySettings] = Event()
        self.selection_changed: Event[Selection] = Event()
        self.draft_changed: Event[str] = Event()
        self.leaving: Event[str] = Event()
        """Before the draft shown is left or replaced: what a view still holds of it can be handed over."""
        self.noticed: Event[Problem] = Event()
        self.hung: frozenset[str] = frozenset()
        """Images beside the one shown, whose pixels stay in memory."""
        self._recent: list[str] = []
        self._kept = KeptDrafts(store)
        self.board = Board(SheetStore(store.folder / "measurements"))
        self.board.noticed.connect(self.noticed.emit)
        self.board.stepped.connect(
            lambda name: self.steps.push(Step(name, "measurement", self.board.undo, self.board.redo))
        )
        self.steps_changed: Event[None] = Event()
        self._steps: dict[str, Steps] = {}

    @property
    def current(self) -> OpenImage | None:
        """The image shown."""
        return None if self.current_key is None else self.images[self.current_key]

    @property
    def draft(self) -> Draft | None:
        """The draft of the image shown."""
        image = self.current
        return None if image is None or image.history is None else image.history.current

    @property
    def steps(self) -> Steps:
        """What can be taken back on the image shown; nothing where none is."""
        return self._steps_of(self.current_key or "")

    def _steps_of(self, key: str) -> Steps:
        if key not in self._steps:
            self._steps[key] = Steps()
            self._steps[key].changed.connect(self.steps_changed.emit)
        return self._steps[key]

    @property
    def typing(self) -> bool:
        """Whether something is being typed that is not in the draft yet."""
        return self.draft is not None and self._kept.typing(self.draft)

    def add(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """Open files; those already open are not opened twice. Returns the keys of all of them, in order."""
        keys, new = [], []
        for path in paths:
            key = str(path.resolve())
            keys.append(key)
            if key not in self.images:
                self.images[key] = OpenImage(key=key, path=path)
                new.append(key)
        if new:
            self.images_added.emit(tuple(new))
        return tuple(keys)

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

    def following(self) -> str | None:
        """Return the image after the one shown, None at the end."""
        keys = iter(self.images)
        return next((next(keys, None) for key in keys if key == self.current_key), None)

    def set_loading(self, key: str) -> None:
        """Note that the pixels of an image are being read."""
        self.images[key].load = Load.LOADING
        self.image_changed.emit(key)

    def set_radiograph(self, key: str, radiograph: Radiograph) -> None:
        """Hand over a decoded image."""
        image = self.images[key]
        image.radiograph, image.identity = radiograph, radiograph.identity
        image.load, image.problem = Load.READY, None
        self._touch(key)
        self.image_changed.emit(key)

    def set_identity(self, key: str, identity: Identity) -> None:
        """Note whose image it is, before its pixels are wanted."""
        image = self.images[key]
        if image.identity is None:
            image.identity = identity
            self.image_changed.emit(key)

    def set_failed(self, key: str, problem: Problem) -> None:
        """Note that an image could not be opened."""
        image = self.images[key]
        image.load, image.problem = Load.FAILED, problem
        self.image_changed.emit(key)

    def set_work(self, key: str, work: Work, problem: Problem | None = None) -> None:
        """Note how far the analysis of an image is."""
        image = self.images[key]
        image.work, image.analysis_problem = work, problem
        self.image_changed.emit(key)

    def set_result(self, key: str, result: AnalysisResult, pixel_sha256: str) -> None:
        """Attach an analysis and its draft to the image they were made from.

        Raises
        ------
        InferenceError, DraftError
            ``WRONG_IMAGE`` when they belong to another image, ``WRONG_PACK`` when the draft is of another pack.
        """
        image = self.images[key]
        uid = image.identity.sop_instance_uid if image.identity else ""
        result.analysis.require_image(uid, pixel_sha256)
        if result.draft is not None:
            result.draft.require_image(uid, pixel_sha256)
            result.draft.require_pack(
                result.analysis.pack_name, result.analysis.pack_version, result.analysis.pack_sha256
            )
        if key == self.current_key:
            self.leaving.emit(key)
        image.analysis, image.analysed = result.analysis, datetime.now()
        image.work, image.analysis_problem = Work.DONE, None
        image.history, image.restored = None, False
        self._steps_of(key).forget("draft")
        self._kept.forget(result.analysis.sop_instance_uid, result.analysis.pixel_sha256)
        if result.draft is not None:
            saved = self._saved(result.draft)
            image.history, image.restored = DraftHistory(saved or result.draft), saved is not None
            if saved is not None and saved.typed_indication is not None:
                self._kept.found(saved)
                image.typed_indication = saved.typed_indication
                image.history = DraftHistory(replace(saved, typed_indication=None))
        self.image_changed.emit(key)

    def add_result(self, key: str, result: ResultSet) -> None:
        """Keep an analysis by another pack and show it beside the one that the draft stands on, which stays.

        Raises
        ------
        InferenceError
            ``WRONG_IMAGE`` when it is of another image.
        """
        image = self.images[key]
        if image.analysis is None:
            raise KeyError(key)
        result.analysis.require_image(image.analysis.sop_instance_uid, image.analysis.pixel_sha256)
        image.others[result.pack] = result
        self.compare(key, result.pack)

    def compare(self, key: str, pack: PackKey | None) -> None:
        """Show the analysis by another pack beside the one that the draft stands on, or none."""
        self.images[key].beside = pack
        if key == self.current_key:
            self.set_overlay(self.overlay.show_beside(()))
        self.image_changed.emit(key)

    def set_maps(self, key: str, analysis: Analysis, maps: Mapping[int, FeatureMap]) -> bool:
        """Replace the maps of an image, unless it has another analysis by now than the one they were made of.

        The draft, which does not depend on how maps are made, stays as it is.
        """
        image = self.images[key]
        if image.analysis is not analysis:
            return False
        image.analysis = replace(analysis, maps=dict(maps))
        return True

    def regenerate(self, draft: Draft) -> None:
        """Replace the draft of the image shown by a newly composed one; the review is dropped, undo brings it back."""
        if self.current_key is not None:
            self.leaving.emit(self.current_key)
        self.change(mark("write the draft anew"), draft, "compose")

    def reindicate(self, key: str, draft: Draft) -> None:
        """Replace the draft of an image by one that answers another indication, as one step that undo takes back.

        What a person did to the draft that stands stays in it.
        """
        self._carry(key, mark("change the indication"), draft)

    def reword(self, key: str, draft: Draft) -> None:
        """Replace the draft of an image by one in other words, likewise."""
        self._carry(key, mark("reword the draft"), draft)

    def _carry(self, key: str, name: str, draft: Draft) -> None:
        image = self.images[key]
        if key == self.current_key:
            self.leaving.emit(key)
        if image.history is None:
            raise KeyError(key)
        carried = carry_over(image.history.current, draft)
        if key == self.current_key:
            self.change(name, carried)
            return
        carried = self._noted(image.history.current, carried)
        image.history.push(name, carried)
        self._steps_of(key).push(Step(name, "draft", self._undo_draft, self._redo_draft))
        self._save(carried)

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """Replace the overlay's settings; every group of features that is shown has a colour of its own then."""
        if self.current is not None:
            other = self.current.compared
            overlay = overlay.with_colours_for(self.current.groups, other.groups if other is not None else ())
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

    def change(self, name: str, draft: Draft, action: Action | None = None) -> None:
        """Make `draft` the draft of the image shown, as one undoable step in its record of changes, and save it."""
        history = self._history()
        before = history.current
        history.push(name, self._noted(before, draft, action))
        self._changed(before, history.current)
        self.steps.push(Step(name, "draft", self._undo_draft, self._redo_draft))

    def settle(self, key: str, draft: Draft) -> None:
        """Make `draft` the draft of an image without an undoable step (after an export), and save it."""
        history = self.images[key].history
        if history is None:
            raise KeyError(key)
        history.settle(self._noted(history.current, draft))
        self._steps_of(key).forget("draft")
        self._save(history.current)
        self.draft_changed.emit(key)

    def keep_typed(self, draft: Draft) -> None:
        """Save the draft shown as it would be with what is being typed, or without it again; no step, nothing shown."""
        history = self._history()
        draft.require_image(history.current.sop_instance_uid, history.current.pixel_sha256)
        try:
            self._kept.keep(self._noted(history.current, draft, "typing"), history.current)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))

    def undo(self) -> None:
        """Take the last change on the image shown back."""
        self.steps.undo()

    def redo(self) -> None:
        """Do the last undone change on the image shown again."""
        self.steps.redo()

    def _undo_draft(self) -> None:
        history = self._history()
        before = history.current
        history.amend(self._noted(before, history.undo(), "undo"))
        self._changed(before, history.current)

    def _redo_draft(self) -> None:
        history = self._history()
        before = history.current
        history.amend(self._noted(before, history.redo(), "redo"))
        self._changed(before, history.current)

    def _noted(self, before: Draft, after: Draft, action: Action | None = None) -> Draft:
        return noted(before, after, user=self.reader, time=now(), action=action)

    def _history(self) -> DraftHistory:
        image = self.current
        if image is None or image.history is None:
            raise KeyError("no draft is shown")
        return image.history

    def _changed(self, before: Draft, draft: Draft) -> None:
        self._save(draft)
        key = self.selection.sentence_key
        if key is not None:
            self._follow(key, before, draft)
            if all(sentence.key != key for sentence in draft.sentences()):
                self.select(NOTHING)
        if self.current_key is not None:
            self.draft_changed.emit(self.current_key)

    def _follow(self, key: str, before: Draft, after: Draft) -> None:
        """Switch off the maps that belong to the selected sentence no longer, and on those that belong to it now.

        While its claims are the same, the maps are as a person switched them.
        """
        image = self.current
        if image is None or image.analysis is None:
            return
        old, new = (
            next((maps_of(s, image.analysis) for s in draft.sentences() if s.key == key), ())
            for draft in (before, after)
        )
        if old != new:
            self.set_overlay(self.overlay.switch(old, False).switch(new, True))

    def _save(self, draft: Draft) -> None:
        try:
            self._kept.save(draft)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))

    def _saved(self, composed: Draft) -> Draft | None:
        """Return the draft this person left behind for the image, if it was made with the very same pack."""
        try:
            saved = self.store.load(composed.sop_instance_uid, composed.pixel_sha256)
        except SaeRadError as error:
            self.noticed.emit(Problem.of(error))
            return None
        if saved is None or saved.pack == composed.pack:
            return saved
        kept = self.store.set_aside(saved)
        self.noticed.emit(
            Problem(
                "DRAFT_OTHER_PACK",
                tr(
                    "your earlier draft was made with pack {earlier}, not with {pack}",
                    earlier=_build(saved.pack_name, saved.pack_version, saved.pack_sha256),
                    pack=_build(composed.pack_name, composed.pack_version, composed.pack_sha256),
                ),
                tr("it is kept as {path}; this draft is new", path=kept),
            )
        )
        return None

    def _touch(self, key: str) -> None:
        """Note that an image was used, and release the pixels of the one unused for longest."""
        if key in self._recent:
            self._recent.remove(key)
        self._recent.append(key)
        held = [k for k in self._recent if self.images[k].radiograph is not None and k != self.current_key]
        free = [k for k in held if k not in self.hung]
        for old in free[: max(0, len(held) + 1 - KEEP_PIXELS)]:
            self.images[old].radiograph = None
            self.images[old].load = Load.WAITING
            self.image_changed.emit(old)


def _build(name: str, version: str, sha256: str) -> str:
    return f"{name} {version} ({sha256[:8] or tr('build unknown')})"
