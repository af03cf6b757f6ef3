"""Heat maps of the image shown by the method that a person chose: one request at a time, the newest."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.dicom.radiograph import Radiograph
from engine.errors import Cancelled
from engine.inference.analysis import Analysis, FeatureMap
from engine.inference.attribution import METHOD_TITLES, Method
from engine.inference.heat_scale import density_unit
from viewer.i18n import tr
from viewer.image.heatmap import DensityMap, density_map
from viewer.services import Engine
from viewer.state.session import Session
from viewer.tasks import Task, TaskControl, run_task

PRIORITY = 10
Made = tuple[dict[int, FeatureMap], dict[int, DensityMap]]


def method_of(analysis: Analysis) -> Method | None:
    """Return the method by which the maps of an analysis were made; None where it has none."""
    titles = {made.method for made in analysis.maps.values()}
    return next((method for method, title in METHOD_TITLES.items() if titles == {title}), None)


def raster(
    analysis: Analysis, radiograph: Radiograph, maps: dict[int, FeatureMap], control: TaskControl
) -> dict[int, DensityMap]:
    """Upsample the maps of an image's features for the screen."""
    features = {feature.id: feature for feature in analysis.features}
    made = {}
    for feature_id, feature_map in maps.items():
        control.check()
        feature = features[feature_id]
        unit = density_unit(feature.typical, feature.activation, feature_map.values.size)
        made[feature_id] = density_map(feature_map, radiograph.rows, radiograph.columns, unit)
    return made


class MapRequests(QObject):
    """Asks the engine for maps by another method; until they are there, those shown stay, under their own name."""

    made = Signal(str, object)
    """Key of an image whose maps are by another method from now on, and what the screen draws of them."""
    progressed = Signal(str, float)
    ended = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self._task: Task[Made] | None = None
        self._asked: tuple[Analysis, Method] | None = None

    @property
    def busy(self) -> bool:
        """Whether maps are being made."""
        return self._task is not None

    def follow(self) -> None:
        """Ask for what the image shown lacks; an older request for anything else ends."""
        key, image, method = self._session.current_key, self._session.current, self._session.overlay.method
        if key is None or image is None or image.analysis is None or image.radiograph is None:
            self._end()
            return
        analysis, radiograph = image.analysis, image.radiograph
        if method_of(analysis) in (method, None):
            self._end()
            return
        if self._asked is not None and self._asked[0] is analysis and self._asked[1] == method:
            return
        self.pause()

        def work(control: TaskControl) -> Made:
            maps = self._engine.maps(radiograph, analysis, method, control)
            return maps, raster(analysis, radiograph, maps, control)

        self._asked = (analysis, method)
        self._task = run_task(
            work, partial(self._done, key, analysis), self._fail, partial(self._tell, method), priority=PRIORITY
        )
        self._tell(method, "", 0.0)

    def pause(self) -> None:
        """End the request that runs; `follow` asks again."""
        task, self._task, self._asked = self._task, None, None
        if task is not None:
            task.cancel()

    def cancel(self) -> None:
        """End the request for good: the method chosen is that of the maps shown again."""
        if self._task is not None:
            self._go_back()
            self._end()

    def _end(self) -> None:
        if self._task is not None:
            self.pause()
            self.ended.emit()

    def _done(self, key: str, analysis: Analysis, made: Made) -> None:
        self._task = self._asked = None
        if self._session.set_maps(key, analysis, made[0]):
            self.made.emit(key, made[1])
        self.ended.emit()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        self._task = self._asked = None
        self._go_back()
        self.failed.emit(error)
        self.ended.emit()

    def _go_back(self) -> None:
        image = self._session.current
        method = method_of(image.analysis) if image is not None and image.analysis is not None else None
        if method is not None:
            self._session.set_overlay(self._session.overlay.with_method(method))

    def _tell(self, method: Method, _step: str, share: float) -> None:
        self.progressed.emit(tr("Heat maps: {method}", method=tr(METHOD_TITLES[method])), share)
