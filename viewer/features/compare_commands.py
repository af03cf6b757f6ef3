"""What a person can do with an analysis by another pack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from viewer.controller import Controller
from viewer.features.pack_dialog import PackDialog
from viewer.i18n import tr
from viewer.image.layers import Source
from viewer.services import list_packs
from viewer.state.session import Session

if TYPE_CHECKING:
    from engine.pack.library import PackEntry
    from viewer.window import MainWindow


class CompareCommands(QObject):
    """Asks for another pack, and follows the list of its features."""

    def __init__(self, window: MainWindow, session: Session, controller: Controller) -> None:
        super().__init__(window)
        self._window, self._session, self._controller = window, session, controller
        side = window.side
        side.compare_wanted.connect(self.compare)
        side.beside.switched.connect(self.switch)
        side.beside.recoloured.connect(self.recolour)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"analyse_with": self.ask}

    def ask(self) -> None:
        """Ask for a pack; reading what is installed must not hold the window."""
        self._controller.run(list_packs, self._offer)

    def analyse(self, source: str) -> None:
        """Analyse the image shown with another pack."""
        if self._session.current_key is not None:
            self._controller.comparing.analyse(self._session.current_key, source)

    def compare(self, pack: object) -> None:
        """Show the analysis by another pack of the image shown, or none."""
        key, image = self._session.current_key, self._session.current
        if key is not None and image is not None:
            self._session.compare(key, next((other for other in image.others if other == pack), None))
            self._controller.follow_method()

    def switch(self, ids: tuple[int, ...], on: bool) -> None:
        """Switch the maps of some features of the other pack on or off."""
        name = tr("show the other pack's map") if on else tr("hide the other pack's map")
        self._session.change_overlay(name, self._session.overlay.switch_beside(ids, on))

    def recolour(self, group: str, colour: str) -> None:
        """Give a group of features of the other pack a colour."""
        self._session.change_overlay(tr("change colour"), self._session.overlay.recolour(group, colour), merge=group)

    def source(self) -> Source | None:
        """Return the maps of the other pack that are ready."""
        key, image = self._session.current_key, self._session.current
        other = image.compared if image is not None else None
        pack, made = self._controller.comparing.maps.get(key or "", (None, {}))
        if other is None or pack != other.pack:
            return None
        return Source(other.groups, made, self._session.overlay.of_beside(), other.title)

    def _offer(self, entries: list[PackEntry]) -> None:
        dialog = PackDialog(entries, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.pack_chosen.connect(self.analyse)
        dialog.open()
