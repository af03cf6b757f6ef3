"""Lets the window do as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.inference.attribution import METHOD_TITLES
from viewer.hanging.pane import Pane
from viewer.image.hand import Hand
from viewer.report.house_style import chosen_wishes, passed_over, usable
from viewer.settings import maps, mouse, picture, program
from viewer.state.reader import system_reader

if TYPE_CHECKING:
    from viewer.window import MainWindow


class Chosen:
    """Applies a person's settings to the panes, the maps and the drafts of a window."""

    def __init__(self, window: MainWindow) -> None:
        self._window, self._preferences = window, window.preferences
        self._asked = window.controller.engine.wishes

    def apply(self) -> None:
        """Do as the settings say now."""
        session = self._window.session
        session.reader = self._preferences.text(program.READER) or system_reader()
        method = next(name for name in METHOD_TITLES if name == self._preferences.text(maps.METHOD))
        session.set_overlay(session.overlay.with_method(method))
        self._window.layers.arrange()
        for pane in self._window.panes.each:
            self.apply_to(pane)
        self._apply_style()

    def apply_to(self, pane: Pane) -> None:
        """Let a pane do as the settings say."""
        chosen = self._preferences
        pane.canvas.mouse.hand = Hand(
            down_is_brighter=chosen.text(mouse.LEVEL_DIRECTION) == "brighter",
            speed=chosen.number(mouse.WINDOW_SPEED),
            wheel_up_enlarges=chosen.flag(mouse.WHEEL_ZOOMS_IN),
        )
        pane.canvas.set_squares_from(chosen.number(picture.SQUARES))

    def _apply_style(self) -> None:
        engine, wanted = self._window.controller.engine, chosen_wishes(self._asked, self._preferences)
        if wanted != engine.wishes:
            engine.wishes = wanted
            engine.style_problem = usable(wanted)[1]
            if engine.style_problem is not None:
                self._window.show_problem(engine.style_problem)
        self._window.report.show_style(passed_over(engine.style_problem))
