"""What stands behind the dock widgets of one napari viewer: a session that follows the layer that is selected."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QCoreApplication, QObject, Signal

from engine.prose import as_sentence
from engine.report.wishes import DEFAULT_WISHES
from engine.worker.decode import submit_decode
from viewer.controller import Controller
from viewer.hosts.napari.maps import MapLayers, Wanted
from viewer.hosts.napari.notice import CanvasNotice
from viewer.hosts.napari.picture import KEY, LayerData, Opened, layer_of
from viewer.i18n import tr
from viewer.image.heatmap import DensityMap, sum_maps
from viewer.report.house_style import chosen_wishes
from viewer.services import Engine
from viewer.settings import program
from viewer.settings.preferences import Preferences
from viewer.startup import usable_folders
from viewer.state.autosave import DraftStore
from viewer.state.images import Problem
from viewer.state.look import LEAST_OPACITY
from viewer.state.session import Session
from viewer.tasks import TaskControl, run_task
from viewer.waiting import wait

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image

_hosts: WeakKeyDictionary[Any, Host] = WeakKeyDictionary()


class Host(QObject):
    """Session, engine and heat maps of one viewer; its results stand beside the layer they were made from, or nowhere.

    Parameters
    ----------
    viewer : napari.Viewer
    engine : Engine, optional
        None is the demo pack on the device that is there.
    drafts : Path, optional
        Folder of the drafts; None is that of the workstation, so that both know the same drafts, and its settings hold.
    """

    followed = Signal()
    """Another layer is followed, or why none is has changed."""

    def __init__(self, viewer: Viewer, engine: Engine | None = None, drafts: Path | None = None) -> None:
        super().__init__()
        self.viewer = viewer
        folders = usable_folders() if drafts is None else None
        self.session = Session(DraftStore(folders.data / "drafts" if folders is not None else drafts or Path()))
        preferences = Preferences(folders.data / "viewer.ini") if folders is not None else Preferences()
        self.session.reader = preferences.text(program.READER) or self.session.reader
        used = engine or Engine(None, "auto", wishes=chosen_wishes(DEFAULT_WISHES, preferences))
        self.controller = Controller(self.session, used, parent=self)
        self.maps = MapLayers(viewer, self._switch_off, self._fade)
        self.notice = CanvasNotice(viewer)
        self.why_not = tr("Select the layer of a radiograph that was opened with SAE-Rad.")
        """Why nothing is shown, while nothing is."""
        self._image: Image | None = None
        self._sums: dict[tuple[DensityMap, ...], DensityMap] = {}
        self._closed = False
        self._connect()
        for problem in (*(folders.problems if folders is not None else ()), *preferences.problems):
            tell(problem)
        self.controller.prepare()
        self._on_active()

    @classmethod
    def of(cls, viewer: Viewer) -> Host:
        """Return the host of a viewer; the first dock widget makes it."""
        if viewer not in _hosts:
            cls.attach(viewer, cls(viewer))
        return _hosts[viewer]

    @staticmethod
    def attach(viewer: Viewer, host: Host) -> None:
        """Let the dock widgets of a viewer use this host."""
        _hosts[viewer] = host

    def _connect(self) -> None:
        session, controller = self.session, self.controller
        session.overlay_changed.connect(lambda _overlay: self._show_maps())
        session.image_changed.connect(lambda key: self._show_maps() if key == session.current_key else None)
        session.noticed.connect(tell)
        controller.maps_ready.connect(lambda key: self._show_maps() if key == session.current_key else None)
        controller.failed.connect(lambda error: tell(Problem.of(error)))
        self.viewer.layers.selection.events.active.connect(self._on_active)
        self.viewer.layers.events.removed.connect(self._on_removed)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    # opening

    def open(self, path: Path) -> None:
        """Add the layer of a file; it is decoded in the background."""
        run_task(partial(_load, path), self._add, lambda error: tell(Problem.of(error)))

    def _add(self, layer: LayerData) -> None:
        data, arguments, _ = layer
        self.viewer.add_image(data, **arguments)

    def use_pack(self, pack: str) -> None:
        """Analyse with another pack from now on, and the image shown anew; its draft by the one before is kept."""
        engine, key = self.controller.engine, self.session.current_key
        if pack != engine.pack:
            self.controller.cancel()
            engine.pack = pack
            if key is not None:
                self.controller.analyse(key)

    # following the layers

    def _on_active(self, _event: object = None) -> None:
        """Follow the image that is selected; what is no image (a drawing, a map of ours) changes nothing."""
        from napari.layers import Image

        layer = self.viewer.layers.selection.active
        if self.maps.busy or layer in self.maps:
            return
        if not isinstance(layer, Image) and self._image is not None and self._image in self.viewer.layers:
            return
        self._follow(layer if isinstance(layer, Image) else None)

    def _on_removed(self, event: Any) -> None:
        if event.value is self._image:
            self._follow(None)

    def _on_data(self, _event: object = None) -> None:
        self._follow(self._image)

    def _follow(self, layer: Image | None) -> None:
        """Show what is known of a layer's image, or nothing and why."""
        key = self._key_of(layer)
        if self._image is not None:
            self._image.events.data.disconnect(self._on_data)
        self._image = layer if key is not None else None
        if self._image is not None:
            self._image.events.data.connect(self._on_data)
        self.maps.clear()
        self._sums.clear()
        self.session.show(key)
        self.notice.show(self._image is not None)
        self._show_maps()
        self.followed.emit()

    def _key_of(self, layer: Image | None) -> str | None:
        self.why_not = tr("Select the layer of a radiograph that was opened with SAE-Rad.")
        opened = layer.metadata.get(KEY) if layer is not None else None
        if layer is None or not isinstance(opened, Opened):
            return None
        if layer.data is not opened.shown:
            self.why_not = tr("The pixels of this layer are not those of its file any more: nothing is said of them.")
            return None
        (key,) = self.session.add([opened.path])
        image, pixels = self.session.images[key], opened.radiograph.pixel_sha256
        held = image.radiograph.pixel_sha256 if image.radiograph is not None else pixels
        known = image.analysis.pixel_sha256 if image.analysis is not None else pixels
        if {held, known} != {pixels}:
            self.why_not = tr("The file has changed since another layer was opened from it: start napari again.")
            return None
        if image.radiograph is None:
            self.session.set_radiograph(key, opened.radiograph)
        return key

    # heat maps

    def _show_maps(self) -> None:
        overlay, image = self.session.overlay, self.session.current
        made = self.controller.maps.get(self.session.current_key or "", {})
        wanted = []
        for group in image.groups if image is not None else ():
            ids = tuple(i for i in group.ids if i in overlay.visible and i in made)
            if ids and not overlay.mutes(group):
                look = overlay.look(group)
                threshold = overlay.threshold if look.threshold is None else look.threshold
                total = self._total(tuple(made[i] for i in ids))
                opacity = overlay.opacity * look.opacity
                wanted.append(Wanted(ids, group.label(ids), overlay.colour(group), total, opacity, threshold))
        self.maps.show(self._image, wanted)

    def _total(self, maps: tuple[DensityMap, ...]) -> DensityMap:
        """Sum of some maps; the same object as before for the same maps, so that their layer stays."""
        if maps not in self._sums:
            self._sums[maps] = sum_maps(maps)
        return self._sums[maps]

    def _switch_off(self, ids: tuple[int, ...]) -> None:
        self.session.set_overlay(self.session.overlay.switch(ids, False))

    def _fade(self, ids: tuple[int, ...], opacity: float) -> None:
        """Give a map the opacity that a person chose for its layer; more than that of all maps raises that of all."""
        overlay, image = self.session.overlay, self.session.current
        group = next((group for group in image.groups if ids[0] in group.ids), None) if image is not None else None
        if group is not None:
            of_all = max(overlay.opacity, opacity, LEAST_OPACITY)
            look = overlay.look(group).with_opacity(opacity / of_all)
            self.session.set_overlay(overlay.with_opacity(of_all).with_look(group.key, look))

    def close(self) -> None:
        """Keep what is being typed, take the maps away and end the processes."""
        if self._closed:
            return
        self._closed = True
        self._follow(None)
        self.controller.close()


def _load(path: Path, control: TaskControl) -> LayerData:
    return layer_of(wait(submit_decode(path), control))


def tell(problem: Problem) -> None:
    """Tell what went wrong, as napari tells such things: without blocking the window."""
    from napari.utils.notifications import show_warning

    parts = (f"[{problem.code}]", as_sentence(problem.message), as_sentence(problem.hint))
    show_warning(" ".join(part for part in parts if part))
