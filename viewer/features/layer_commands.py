"""What a person can do with one feature's map beside switching it: look and muting; and how the lists are arranged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from viewer.features.panel import FeaturePanel
from viewer.i18n import tr
from viewer.settings.maps import BY_SECTION
from viewer.settings.muted import keep_muted, read_muted
from viewer.state.groups import FeatureGroup
from viewer.state.look import PLAIN, MapLook
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import Selection
from viewer.state.session import Session

if TYPE_CHECKING:
    from viewer.window import MainWindow


class LayerCommands(QObject):
    """Acts on the features chosen last, in the list of the draft's pack or in that of the other one."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._own, self._beside = window.side.own, window.side.beside
        self._in_hand = self._own
        self._beside_chosen: tuple[int, ...] = ()
        self._kept = read_muted(window.preferences)
        session.set_overlay(session.overlay.with_muted(self._kept))
        self._beside.features_chosen.connect(self._choose_beside)
        for panel in (self._own, self._beside):
            panel.menu_wanted.connect(partial(self._menu, panel))
            panel.look.look_wanted.connect(self._draw_as)
            panel.look.mute_wanted.connect(self.mute)
            panel.columns.by_section_wanted.connect(partial(window.preferences.set, BY_SECTION))
        session.overlay_changed.connect(self._on_overlay)
        session.selection_changed.connect(self._on_selection)
        session.image_changed.connect(lambda key: self._tell_draft() if key == session.current_key else None)
        session.current_changed.connect(lambda _key: self._tell_draft())

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {
            "map_contour": self.contour,
            "map_look": self._take_hold,
            "mute": self._mute_chosen,
            "by_section": lambda: self._window.preferences.set(
                BY_SECTION, not self._window.preferences.flag(BY_SECTION)
            ),
        }

    def arrange(self) -> None:
        """List the features as the settings say."""
        on = self._window.preferences.flag(BY_SECTION)
        self._window.actions_by_id["by_section"].setChecked(on)
        for panel in (self._own, self._beside):
            panel.show_listing(by_section=on)

    # one feature

    def mute(self, group: FeatureGroup) -> None:
        """Mute a group of features, or take that back."""
        on = not self._session.overlay.mutes(group)
        name = (
            tr("mute {text}", text=group.label(group.ids)) if on else tr("unmute {text}", text=group.label(group.ids))
        )
        self._session.change_overlay(name, self._session.overlay.mute(group, on))

    def contour(self) -> None:
        """Draw the map of the chosen features, or of all that are on, in contours, or in heat where all of them are."""
        chosen, overlay = self._in_hand.chosen, self._session.overlay
        groups = [chosen] if chosen is not None else self._shown_groups()
        if not groups:
            self._tell(tr("Switch a heat map on first."))
            return
        on = not all(overlay.look(group).contour for group in groups)
        for group in groups:
            look = overlay.look(group)
            overlay = overlay.with_look(group.key, MapLook(look.opacity, look.threshold, contour=on))
        self._session.change_overlay(tr("contour lines") if on else tr("heat"), overlay)

    def _shown_groups(self) -> list[FeatureGroup]:
        image, overlay = self._session.current, self._session.overlay
        if image is None:
            return []
        other = image.compared.groups if image.compared is not None else ()
        both = ((image.groups, overlay.visible), (other, overlay.beside))
        return [group for groups, on in both for group in groups if any(i in on for i in group.ids)]

    def _draw_as(self, key: str, look: MapLook, control: str) -> None:
        name = tr("draw as all maps") if look == PLAIN else tr("change how a map is drawn")
        merge = f"{key}|{control}" if control in ("opacity", "threshold") else ""
        self._session.change_overlay(name, self._session.overlay.with_look(key, look), merge=merge)

    def _mute_chosen(self) -> None:
        chosen = self._in_hand.chosen
        if chosen is None:
            self._tell(tr("Choose features in the list first."))
        else:
            self.mute(chosen)

    def _take_hold(self) -> None:
        look = self._in_hand.look
        if look.group is None:
            self._tell(tr("Choose features in the list first."))
        else:
            control = look.opacity if look.opacity.isEnabled() else look.mute
            control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _tell(self, text: str) -> None:
        self._window.statusBar().showMessage(text)

    def _menu(self, panel: FeaturePanel, ids: tuple[int, ...], place: QPoint) -> None:
        """Choose the features of a line and offer what the actions do with them."""
        if panel.chosen is None or panel.chosen.ids != ids:
            if panel is self._own:
                self._session.select(Selection(features=ids))
            else:
                self._mark_beside(ids)
        self._in_hand = panel
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("map_contour", "map_look", "mute"):
            menu.addAction(self._window.actions_by_id[name])
        menu.popup(place)

    # which features are chosen

    def _on_selection(self, selection: Selection) -> None:
        if selection.features:
            self._in_hand = self._own

    def _choose_beside(self, ids: tuple[int, ...]) -> None:
        self._mark_beside(() if ids == self._beside_chosen else ids)

    def _mark_beside(self, ids: tuple[int, ...]) -> None:
        self._beside_chosen, self._in_hand = ids, self._beside
        self._beside.mark(ids, ())

    # what is muted

    def _on_overlay(self, overlay: OverlaySettings) -> None:
        if overlay.muted != self._kept:
            self._kept = overlay.muted
            keep_muted(self._window.preferences, overlay.muted)
            self._tell_draft()

    def _tell_draft(self) -> None:
        image = self._session.current
        self._window.report.show_muted(
            self._session.overlay.muted_ids(image.groups) if image is not None else frozenset()
        )
