"""Heat maps of the image shown by the method that a person chose: one request at a time, the newest."""

from __future__ import annotations

from dataclasses import dataclass
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
from viewer.state.results import ResultSet
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


@dataclass(frozen=True, eq=False)
class Wanted:
    """Maps that an image lacks.

    Attributes
    ----------
    result : ResultSet
        The analysis whose maps they are.
    beside : bool
        Whether it is that of another pack than the draft's.
    """

    key: str
    radiograph: Radiograph
    result: ResultSet
    method: Method
    beside: bool

    def is_same(self, other: Wanted | None) -> bool:
        """Whether another request is for the very same maps."""
        return other is not None and self.result.analysis is other.result.analysis and self.method == other.method


class MapRequests(QObject):
    """Asks the engine for maps by another method; until they are there, those shown stay, under their own name.

    The maps of the draft's pack come first, then those of the pack shown beside it.
    """

    made = Signal(str, object)
    """Key of an image whose maps are by another method from now on, and what the screen draws of them."""
    made_beside = Signal(str, object, object)
    """The same of the analysis by another pack: key, pack, and what the screen draws."""
    progressed = Signal(str, float)
    ended = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self._task: Task[Made] | None = None
        self._asked: Wanted | None = None
        self._given_up: Wanted | None = None
        """What failed or was cancelled for the other pack: it is not asked for again until another method is chosen."""

    @property
    def busy(self) -> bool:
        """Whether maps are being made."""
        return self._task is not None

    def follow(self) -> None:
        """Ask for what the image shown lacks; an older request for anything else ends."""
        if self._given_up is not None and self._given_up.method != self._session.overlay.method:
            self._given_up = None
        wanted = self._wanted()
        if wanted is None:
            self._end()
        elif not wanted.is_same(self._asked):
            self.pause()
            self._ask(wanted)

    def _wanted(self) -> Wanted | None:
        """Return the first thing that the image shown lacks."""
        key, image, method = self._session.current_key, self._session.current, self._session.overlay.method
        if key is None or image is None or image.radiograph is None:
            return None
        for result, beside in ((image.results, False), (image.compared, True)):
            if result is not None and method_of(result.analysis) not in (method, None):
                wanted = Wanted(key, image.radiograph, result, method, beside)
                return None if wanted.is_same(self._given_up) else wanted
        return None

    def _ask(self, wanted: Wanted) -> None:
        analysis, radiograph, source = wanted.result.analysis, wanted.radiograph, wanted.result.source

        def work(control: TaskControl) -> Made:
            maps = self._engine.maps(radiograph, analysis, wanted.method, control, source)
            return maps, raster(analysis, radiograph, maps, control)

        self._asked = wanted
        self._task = run_task(
            work, partial(self._done, wanted), self._fail, partial(self._tell, wanted), priority=PRIORITY
        )
        self._tell(wanted, "", 0.0)

    def pause(self) -> None:
        """End the request that runs; `follow` asks again."""
        task, self._task, self._asked = self._task, None, None
        if task is not None:
            task.cancel()

    def cancel(self) -> None:
        """End the request for good: the method chosen is that of the maps shown again."""
        if self._task is not None:
            self._go_back(self._asked)
            self._end()

    def _end(self) -> None:
        if self._task is not None:
            self.pause()
            self.ended.emit()

    def _done(self, wanted: Wanted, made: Made) -> None:
        self._task = self._asked = None
        if self._session.set_maps(wanted.key, wanted.result.analysis, made[0]):
            if wanted.beside:
                self.made_beside.emit(wanted.key, wanted.result.pack, made[1])
            else:
                self.made.emit(wanted.key, made[1])
        self.follow()
        if self._task is None:
            self.ended.emit()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        asked, self._task, self._asked = self._asked, None, None
        self._go_back(asked)
        self.failed.emit(error)
        self.ended.emit()

    def _go_back(self, asked: Wanted | None) -> None:
        """Choose the method of the maps shown again; those of the other pack keep theirs, and the legend names both."""
        if asked is not None and asked.beside:
            self._given_up = asked
        image = self._session.current
        method = method_of(image.analysis) if image is not None and image.analysis is not None else None
        if method is not None:
            self._session.set_overlay(self._session.overlay.with_method(method))

    def _tell(self, wanted: Wanted, _step: str, share: float) -> None:
        text = tr("Heat maps: {method}", method=tr(METHOD_TITLES[wanted.method]))
        self.progressed.emit(f"{text} · {wanted.result.title}" if wanted.beside else text, share)
