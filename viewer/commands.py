"""What each action does: puts the handlers of all concerns together, and has those of the picture and of the help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from engine.errors import SaeRadError
from engine.resources import resource_path
from viewer.actions.editor import ShortcutEditor
from viewer.actions.help_page import HelpDialog, help_lines
from viewer.actions.keys import current_keys
from viewer.dialogs import TextDialog
from viewer.file_commands import FileCommands
from viewer.hanging.aligning import Aligning
from viewer.hanging.ruling import Ruling
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.windowing import preset_told
from viewer.map_commands import MapCommands
from viewer.pacs.commands import PacsCommands
from viewer.report.commands import DraftCommands
from viewer.report.sentence_commands import SentenceCommands
from viewer.settings.dialog import SettingsDialog
from viewer.state.images import Problem
from viewer.texts import about_html
from viewer.welcome import WelcomeDialog

if TYPE_CHECKING:
    from viewer.controller import Controller
    from viewer.state.session import Session
    from viewer.window import MainWindow


class Commands:
    """The handlers of the catalogue's actions and of the panels' signals."""

    def __init__(self, window: MainWindow, session: Session, controller: Controller) -> None:
        self._window, self._session, self._controller = window, session, controller
        self._pacs = pacs = PacsCommands(window, controller)
        self._files = files = FileCommands(window, session, controller, pacs)
        self._maps = maps = MapCommands(session, window.features)
        self._sentences = sentences = SentenceCommands(window, session, controller)
        self._draft_commands = DraftCommands(window, session, sentences.go_to_sentence)
        self.export, self.report_export = files.export, files.report_export
        self.switch_maps, self.recolour, self.choose_features = maps.switch_maps, maps.recolour, maps.choose_features
        self.set_opacity, self.set_threshold = maps.set_opacity, maps.set_threshold
        self.choose_method = maps.choose_method
        self.choose_sentence, self.step_sentence = sentences.choose_sentence, sentences.step_sentence
        self.confirm, self.edit, self.remove, self.add = (
            sentences.confirm,
            sentences.edit,
            sentences.remove,
            sentences.add,
        )
        self.edit_selected, self.review = sentences.edit_selected, sentences.review
        self.go_to_sentence = sentences.go_to_sentence

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        window = self._window
        found: dict[str, Callable[[], object]] = {
            "fit": partial(self._on_canvas, Canvas.fit),
            "one_to_one": partial(self._on_canvas, Canvas.one_to_one),
            "zoom_in": partial(self._on_canvas, Canvas.zoom_by, 1.25),
            "zoom_out": partial(self._on_canvas, Canvas.zoom_by, 0.8),
            "invert": partial(self._on_canvas, Canvas.toggle_invert),
            "magnifier": partial(self._on_canvas, Canvas.toggle_magnifier),
            "magnifier_held": window.panes.hold_magnifiers,
            "sigmoid": partial(self._on_canvas, Canvas.toggle_sigmoid),
            "turn_right": partial(self._on_canvas, Canvas.turn, 1),
            "turn_left": partial(self._on_canvas, Canvas.turn, -1),
            "flip": partial(self._on_canvas, Canvas.flip),
            "flip_down": partial(self._on_canvas, Canvas.flip, upside_down=True),
            "reset": partial(self._on_canvas, Canvas.reset),
            "annotations": partial(self._on_canvas, Canvas.toggle_annotations),
            "analyse": self.analyse,
            "preferences": lambda: self._open(SettingsDialog(window.preferences, window)),
            "shortcuts": lambda: self._open(ShortcutEditor(window.preferences, window)),
            "keys": self.help,
            "welcome": self.welcome,
            "about": partial(self._tell, tr("About"), about_html),
            "hang": self.hang,
            "align": Aligning(window.hanging, window.statusBar().showMessage, window.show_problem).align,
        }
        found.update({f"preset_{n}": partial(self.preset, n) for n in range(10)})
        own = (self._files, self._pacs, self._maps, self._sentences, self._draft_commands, window.measures)
        hung = (window.hanging, window.priors, window.windows)
        for concern in (*own, *hung, window.why, window.comparison, window.layers, window.results):
            found.update(concern.handlers())
        return found

    def help(self) -> None:
        """Show the keys as they are now, with the presets of the image shown."""
        presets = [tr(preset.name) for preset in self._window.canvas.presets]
        self._open(HelpDialog(help_lines(current_keys(self._window.preferences), presets), self._window))

    def welcome(self) -> None:
        """Show what this program is and how to begin."""
        begin = {
            "demo": lambda: self._controller.open([resource_path("demo")]),
            "open_files": self._files.open_files,
            "keys": self.help,
        }
        self._open(WelcomeDialog(self._window.preferences, begin, self._window))

    def hang(self) -> None:
        """Hang what belongs beside the image shown."""
        ruling = Ruling(self._session, self._window.hanging, self._window.preferences)
        try:
            self._window.statusBar().showMessage(ruling.hang())
        except SaeRadError as error:
            self._window.show_problem(Problem.of(error))

    def analyse(self) -> None:
        """Analyse the image shown again."""
        if self._session.current_key is not None:
            self._controller.analyse(self._session.current_key)

    def _on_canvas(self, do: Callable[..., None], *given: float, **named: bool) -> None:
        """Do something with the image of the pane that is the active one now."""
        do(self._window.canvas, *given, **named)
        self._window.hanging.links.lead(self._window.canvas)

    def preset(self, number: int) -> None:
        """Use a window preset, and say which, or that there is none of this number."""
        self._on_canvas(Canvas.apply_preset, number)
        self._window.statusBar().showMessage(preset_told(self._window.canvas.presets, number))

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _tell(self, title: str, html: Callable[[], str]) -> None:
        TextDialog(title, html(), self._window).open()
