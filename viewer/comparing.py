"""Analyses by other packs beside the one that the draft stands on, and their maps."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.errors import SaeRadError
from engine.inference.analysis import Analysis
from viewer.errands import FOREGROUND, Errands
from viewer.i18n import tr
from viewer.image.heatmap import DensityMap
from viewer.map_requests import raster
from viewer.services import Engine
from viewer.state.images import Problem
from viewer.state.results import PackKey, ResultSet, pack_of
from viewer.state.session import AnalysisResult, Session
from viewer.tasks import run_task


class Comparing(QObject):
    """Analyses with another pack; what comes back is kept with its image for the session.

    Attributes
    ----------
    maps : dict
        What the screen draws of the analysis shown beside another, by image key: its pack, and its maps by feature.
    """

    maps_ready = Signal(str)
    failed = Signal(object)

    def __init__(self, session: Session, engine: Engine, errands: Errands, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine, self._errands = session, engine, errands
        self.maps: dict[str, tuple[PackKey, dict[int, DensityMap]]] = {}
        self._making: set[tuple[str, PackKey]] = set()
        session.image_changed.connect(self._on_image)

    def analyse(self, key: str, source: str) -> None:
        """Analyse an image, which was analysed before, with the pack of this name, folder or file."""
        image = self._session.images[key]
        if image.radiograph is None or image.analysis is None:
            return
        self._errands.run(
            partial(self._engine.analyse_with, source, image.radiograph), partial(self._done, key, source)
        )

    def _done(self, key: str, source: str, result: AnalysisResult) -> None:
        image, analysis = self._session.images[key], result.analysis
        if image.analysis is not None and pack_of(analysis) == pack_of(image.analysis):
            self._session.noticed.emit(
                Problem(
                    "SAME_PACK",
                    tr("this is the pack that the draft stands on"),
                    tr("choose another one, or use Image > Analyse again"),
                )
            )
        elif analysis.gate.verdict == "refused":
            why = tr("{pack} refused the image: {why}", pack=analysis.pack_name, why=analysis.gate.message)
            self._session.noticed.emit(Problem(analysis.gate.code, why, tr("the draft and its features stay")))
        else:
            try:
                self._session.add_result(key, ResultSet(analysis, datetime.now(), source))
            except SaeRadError as error:
                self._session.noticed.emit(Problem.of(error))

    def _on_image(self, key: str) -> None:
        """Upsample the maps of what is shown beside an image's own analysis."""
        image = self._session.images[key]
        other = image.compared
        if image.radiograph is None or other is None:
            self.maps.pop(key, None)
            return
        made = self.maps.get(key)
        asked = (key, other.pack)
        if (made is None or made[0] != other.pack) and asked not in self._making:
            self._making.add(asked)
            work = partial(raster, other.analysis, image.radiograph, other.analysis.maps)
            run_task(
                work,
                partial(self._mapped, asked, other.analysis),
                partial(self._not_mapped, asked),
                priority=FOREGROUND,
            )

    def put_maps(self, key: str, pack: PackKey, made: dict[int, DensityMap]) -> None:
        """Draw these maps of a pack's analysis from now on, where it is the one shown beside an image's own."""
        if self._session.images[key].beside == pack:
            self.maps[key] = (pack, made)
            self.maps_ready.emit(key)

    def _mapped(self, asked: tuple[str, PackKey], analysis: Analysis, made: dict[int, DensityMap]) -> None:
        self._making.discard(asked)
        key, pack = asked
        # Maps by another method, or of a later analysis, may be there by now.
        now = self._session.images[key].others.get(pack)
        if now is not None and now.analysis is analysis:
            self.put_maps(key, pack, made)

    def _not_mapped(self, asked: tuple[str, PackKey], error: BaseException) -> None:
        self._making.discard(asked)
        self.failed.emit(error)
