"""Keeps the window up to date with the session: what is shown, selected and possible now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.actions.build import name_step, update_enabled
from viewer.i18n import tr
from viewer.measure.commands import TOOLS
from viewer.report.house_style import passed_over
from viewer.settings import maps
from viewer.state.hanging import LAYOUTS
from viewer.state.images import Load
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import Selection, maps_of, sentences_of

if TYPE_CHECKING:
    from viewer.window import MainWindow


class Following:
    """Answers the events of the session, and of what works for it, in one window."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._session, self._controller = window, window.session, window.controller
        self._shown: str | None = None

    # events

    def on_current(self, _key: str | None) -> None:
        """Another image is shown."""
        # What was said of the last image does not stand beside this one.
        self._window.statusBar().clearMessage()
        self.refresh()

    def on_added(self, keys: tuple[str, ...]) -> None:
        """Images were opened."""
        self._window.browser.add([self._session.images[key] for key in keys])
        self.enable()

    def on_image(self, key: str) -> None:
        """More is known of an image."""
        self._window.browser.update_image(self._session.images[key])
        if key == self._session.current_key:
            self.refresh()

    def on_hanging(self) -> None:
        """Other panes, or another one of them is active: the rest follows with the image shown."""
        self._show_picture()
        self.show_layers()
        self.enable()

    def on_links(self) -> None:
        """Something else is linked."""
        links, actions = self._window.hanging.links, self._window.actions_by_id
        actions["link_window"].setChecked(links.window)
        actions["link_view"].setChecked(links.view)

    def on_priors(self) -> None:
        """Other earlier studies are offered, or one was hung."""
        priors, current = self._window.priors, self._session.current
        who = current.identity if current is not None else None
        for pane in self._window.panes.each:
            active = pane is self._window.hanging.active
            pane.priors.tell(priors.offer if active else None, who, hung=priors.hung)
        self.enable()

    def on_draft(self, key: str) -> None:
        """A draft changed."""
        if key == self._session.current_key:
            self._window.report.show_image(self._session.current)
            self._window.features.show_cited(self._session.draft)
            self.mark(self._session.selection)
        self._window.browser.update_image(self._session.images[key])

    def on_overlay(self, overlay: OverlaySettings) -> None:
        """Heat maps are shown otherwise."""
        self._window.side.show_overlay(overlay)
        self._window.methods.show_method(overlay.method)
        self._window.preferences.set(maps.METHOD, overlay.method)
        self.show_layers()

    def on_maps(self, key: str) -> None:
        """Heat maps of an image are ready."""
        if key == self._session.current_key:
            self.show_layers()

    def on_thumbnail(self, key: str) -> None:
        """The small picture of an image is ready."""
        self._window.browser.set_thumbnail(key, self._controller.thumbnails[key])

    def on_tool(self, tool: str) -> None:
        """Another tool is held, or with an empty name none."""
        for name, its in TOOLS.items():
            self._window.actions_by_id[name].setChecked(its == tool)

    # what is shown

    def refresh(self) -> None:
        """Bring everything that belongs to the image shown up to date."""
        window, image, key = self._window, self._session.current, self._session.current_key
        self._show_picture()
        window.side.show_image(image, self._session.overlay)
        window.report.show_style(passed_over(self._controller.engine.style_problem))
        window.report.show_image(image)
        self.mark(self._session.selection)
        self.show_layers()
        window.browser.set_current(key)
        self.enable()
        if key != self._shown:
            self._shown = key
            if not self._controller.busy:
                window.work.hide()

    def _show_picture(self) -> None:
        window, key = self._window, self._session.current_key
        window.hanging.active.show_image(self._session.current, self._controller.pyramids.get(key or ""))
        self._session.board.show(window.canvas.radiograph)
        window.hanging.links.renew()

    def show_layers(self) -> None:
        """Draw the maps whose switch is on; those not ready yet follow with ``maps_ready``."""
        overlay, key, image = self._session.overlay, self._session.current_key, self._session.current
        made, beside = self._controller.maps.get(key or "", {}), self._window.comparison.source()
        self._window.hanging.active.show_layers(image, made, overlay, beside)

    def mark(self, selection: Selection) -> None:
        """Mark what is selected in the lists, and what stands on it or beneath it."""
        image, draft = self._session.current, self._session.draft
        features: tuple[int, ...] = ()
        sentences: tuple[str, ...] = ()
        if draft is not None and image is not None and image.analysis is not None:
            if selection.sentence_key is not None:
                sentence = draft.find(selection.sentence_key)
                features = maps_of(sentence, image.analysis) or sentence.support
            sentences = sentences_of(selection.features, draft)
        self._window.features.mark(selection.features, features)
        self._window.report.mark(selection.sentence_key, sentences)

    # what is possible

    def enable(self) -> None:
        """Enable the actions whose needs are met, and tick those that hold."""
        window, steps = self._window, self._session.steps
        actions, there = window.actions_by_id, self._there()
        update_enabled(actions, there)
        name_step(actions["undo"], tr("&Undo"), tr(steps.undo_name))
        name_step(actions["redo"], tr("&Redo"), tr(steps.redo_name))
        window.presets.setEnabled("image" in there)
        actions["annotations"].setChecked(window.canvas.show_annotations)
        actions["pane_window"].setChecked(window.hanging.active in window.windows.each)
        actions["magnifier"].setChecked(window.canvas.magnifying)
        for name in LAYOUTS:
            actions[f"layout_{name}"].setChecked(name == window.hanging.state.layout)

    def _there(self) -> frozenset[str]:
        """What there is of that which actions need."""
        session = self._session
        image, steps = session.current, session.steps
        found = {
            "images": len(session.images) > 1,
            "image": image is not None and image.load is Load.READY,
            "priors": self._window.priors.ready,
            "panes": self._window.hanging.state.count > 1,
            "draft": image is not None and image.history is not None,
            "undo": bool(steps.undo_name) or session.typing,
            "redo": bool(steps.redo_name),
            "measurements": bool(session.board.items),
            "maps": image is not None and image.analysis is not None and bool(image.analysis.maps),
        }
        return frozenset(name for name, has in found.items() if has)
