"""The session: open images, which one is shown, what is selected; every change is announced by an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.errors import SaeRadError
from engine.inference.analysis import Analysis, FeatureMap
from engine.report.draft import Draft
from viewer.marking import tr
from viewer.state.draft_changes import DraftChanges
from viewer.state.history import DraftHistory
from viewer.state.images import Problem, Work
from viewer.state.results import PackKey, ResultSet, pack_of


@dataclass(frozen=True)
class AnalysisResult:
    """What the background hands over for one image; `draft` is None for a refused one."""

    analysis: Analysis
    draft: Draft | None


class Session(DraftChanges):
    """Everything that is open, with what the models say of it; used on one thread only.

    It is made of layers, each of which knows those below it only: `opened`, `viewing`, `draft_changes`, and here the
    analyses that the background hands over.
    """

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
        """Replace the maps of one of an image's analyses, unless it has another one by now than they were made of.

        The draft, which does not depend on how maps are made, stays as it is.
        """
        image, made = self.images[key], replace(analysis, maps=dict(maps))
        if image.analysis is analysis:
            image.analysis = made
            self.image_changed.emit(key)
            return True
        other = image.others.get(pack_of(analysis))
        if other is None or other.analysis is not analysis:
            return False
        image.others[other.pack] = replace(other, analysis=made)
        self.image_changed.emit(key)
        return True

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


def _build(name: str, version: str, sha256: str) -> str:
    return f"{name} {version} ({sha256[:8] or tr('build unknown')})"
