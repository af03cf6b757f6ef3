"""What a person does with features and their heat maps as a whole: which are shown, how, and which are selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.inference.attribution import Method
from viewer.i18n import tr
from viewer.state.selection import Selection

if TYPE_CHECKING:
    from viewer.features.panel import FeaturePanel
    from viewer.state.session import Session


class MapCommands:
    """Handlers of the menu Overlay and of the feature panel's signals; each change is one step of undo."""

    def __init__(self, session: Session, panel: FeaturePanel) -> None:
        self._session, self._panel = session, panel

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        session = self._session
        return {
            "overlay_none": lambda: session.change_overlay(tr("all maps off"), session.overlay.none()),
            "overlay_next": self.next_map,
            "search": self._panel.search.setFocus,
            "peek": lambda: session.set_overlay(session.overlay.with_peek(True)),
        }

    def next_map(self) -> None:
        """Show only the map of the group of features after the one shown, in the order of the list."""
        image, overlay = self._session.current, self._session.overlay
        if image is None or image.analysis is None:
            return
        heard = (group for group in self._panel.groups if not overlay.mutes(group))
        maps = [ids for group in heard if (ids := group.mapped(image.analysis))]
        if maps:
            last = max((n for n, ids in enumerate(maps) if any(i in overlay.visible for i in ids)), default=-1)
            self._session.change_overlay(tr("next map only"), overlay.show(maps[(last + 1) % len(maps)]))

    def switch_maps(self, ids: tuple[int, ...], on: bool) -> None:
        """Switch the maps of some features on or off."""
        named = ", ".join(str(i) for i in ids[:3]) + (", …" if len(ids) > 3 else "")
        name = tr("show feature {ids}", ids=named) if on else tr("hide feature {ids}", ids=named)
        self._session.change_overlay(name, self._session.overlay.switch(ids, on))

    def recolour(self, group: str, colour: str) -> None:
        """Give a group of features a colour."""
        self._session.change_overlay(tr("change colour"), self._session.overlay.recolour(group, colour), merge=group)

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of all maps; while the slider is dragged this is one step."""
        self._session.change_overlay(tr("change opacity"), self._session.overlay.with_opacity(opacity), merge="opacity")

    def set_threshold(self, threshold: float) -> None:
        """Set the threshold of all maps; while the slider is dragged this is one step."""
        self._session.change_overlay(
            tr("change threshold"), self._session.overlay.with_threshold(threshold), merge="threshold"
        )

    def choose_method(self, method: Method) -> None:
        """Choose how the maps are made."""
        self._session.change_overlay(tr("change method"), self._session.overlay.with_method(method))

    def choose_features(self, ids: tuple[int, ...]) -> None:
        """Select features; choosing them again lets go of them."""
        again = self._session.selection.features == ids
        self._session.select(Selection() if again else Selection(features=ids))
