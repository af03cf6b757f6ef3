"""What a person does with result objects: switch layers, show the image as one asks for, each a step to undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QTabWidget

from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.results.painting import ResultPainter
from viewer.results.panel import ResultsPanel
from viewer.results.presenting import Presented, present, presented, restore
from viewer.state.images import OpenImage, Problem
from viewer.state.shown_results import LayerKey
from viewer.state.steps import Step

if TYPE_CHECKING:
    from viewer.window import MainWindow


class ResultCommands(QObject):
    """Connects panel, canvases and session.

    Attributes
    ----------
    tabs : QTabWidget
        The draft and, as soon as there is any, the result objects.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self.looking = window.controller.results
        self.shown = self.looking.shown
        self.panel = ResultsPanel(self.shown)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.tabBar().setAccessibleName(tr("Draft or result objects"))
        self.tabs.addTab(window.report, tr("Draft report"))
        self.tabs.addTab(self.panel, tr("Results"))
        self.panel.switched.connect(self.switch)
        self.panel.present_wanted.connect(self.present)
        self.shown.changed.connect(lambda _none: self._refresh())
        self._session.current_changed.connect(lambda _key: self._refresh())
        self._session.image_changed.connect(self._on_image)
        self.looking.others_found.connect(window.controller.add_others)
        self.looking.failed.connect(lambda error: window.show_problem(Problem.of(error)))
        self._refresh()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"results": self._take_hold}

    def join(self, canvas: Canvas) -> None:
        """Let a canvas draw what belongs to its image."""
        canvas.results = ResultPainter(canvas, self.shown)

    def switch(self, keys: frozenset[LayerKey], on: bool) -> None:
        """Switch layers on the image shown on or off, as one step that can be undone."""
        uid = self._uid()
        before = self.shown.on(uid)
        after = before | keys if on else before - keys
        if after == before:
            return
        self.shown.set_on(uid, after)
        name = tr("show results") if on else tr("hide results")
        back, again = partial(self.shown.set_on, uid, before), partial(self.shown.set_on, uid, after)
        self._session.steps.push(Step(name, "results", back, again))

    def present(self, name: str) -> None:
        """Show the image as a presentation state asks for, as one step that can be undone."""
        result, canvas = self.shown.objects.get(name), self._window.canvas
        if result is None or canvas.radiograph is None:
            return
        before = presented(canvas)
        present(canvas, result)
        after = presented(canvas)
        if after != before:
            step = Step(tr("show as a result asks"), "image", partial(self._put, before), partial(self._put, after))
            self._session.steps.push(step)

    def _put(self, how: Presented) -> None:
        restore(self._window.canvas, how)

    def _uid(self) -> str:
        image = self._session.current
        return image.identity.sop_instance_uid if image is not None and image.identity is not None else ""

    def _take_hold(self) -> None:
        """Bring the list to the front and put the keyboard on it."""
        self.tabs.setCurrentWidget(self.panel)
        self.panel.tree.setFocus()

    def _on_image(self, key: str) -> None:
        if not self.shown.objects:
            return
        self._mark(self._session.images[key])
        if key == self._session.current_key:
            self._refresh_panel()

    def _refresh(self) -> None:
        there = bool(self.shown.objects or self.shown.unread)
        self.tabs.tabBar().setVisible(there)
        if not there:
            return
        self._refresh_panel()
        for image in self._session.images.values():
            self._mark(image)
        for pane in self._window.panes.each:
            pane.canvas.update()

    def _refresh_panel(self) -> None:
        image = self._session.current
        uids = [i.identity.sop_instance_uid for i in self._session.images.values() if i.identity is not None]
        self.panel.show_image(image.radiograph if image is not None else None, uids)
        count = len(self.shown.of_image(self._uid()))
        title = tr("Results ({count})", count=count) if count else tr("Results")
        self.tabs.setTabText(self.tabs.indexOf(self.panel), title)

    def _mark(self, image: OpenImage) -> None:
        """Say in the list of images which kinds of objects refer to one."""
        uid = image.identity.sop_instance_uid if image.identity is not None else ""
        kinds = dict.fromkeys(result.kind for result in self.shown.of_image(uid))
        self._window.browser.set_results(image, " ".join(kinds))
