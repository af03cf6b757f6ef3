"""What each action does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QDialog, QFileDialog

from engine.errors import SaeRadError
from engine.report.draft import Draft, Sentence
from engine.report.rewriting import Rewriting
from engine.resources import resource_path
from viewer.actions.editor import ShortcutEditor
from viewer.actions.help_page import HelpDialog, help_lines
from viewer.actions.keys import current_keys
from viewer.dialogs import TextDialog
from viewer.hanging.aligning import Aligning
from viewer.hanging.ruling import Ruling
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.windowing import preset_told
from viewer.report.commands import DraftCommands
from viewer.report.export_dialog import ExportDialog
from viewer.settings.dialog import SettingsDialog
from viewer.settings.rewriting import MODEL
from viewer.state.images import Problem
from viewer.state.selection import Selection
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
        self._export_folder: Path | None = None
        self._draft_commands = DraftCommands(window, session, self.go_to_sentence)
        controller.reworded.connect(self.report_rewording)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        window, session = self._window, self._session
        found: dict[str, Callable[[], object]] = {
            "open_files": self.open_files,
            "open_folder": self.open_folder,
            "previous": partial(session.step, -1),
            "next": partial(session.step, 1),
            "export": self.export,
            "quit": window.close,
            "fit": partial(self._on_canvas, Canvas.fit),
            "one_to_one": partial(self._on_canvas, Canvas.one_to_one),
            "zoom_in": partial(self._on_canvas, Canvas.zoom_by, 1.25),
            "zoom_out": partial(self._on_canvas, Canvas.zoom_by, 0.8),
            "invert": partial(self._on_canvas, Canvas.toggle_invert),
            "magnifier": partial(self._on_canvas, Canvas.toggle_magnifier),
            "sigmoid": partial(self._on_canvas, Canvas.toggle_sigmoid),
            "turn_right": partial(self._on_canvas, Canvas.turn, 1),
            "turn_left": partial(self._on_canvas, Canvas.turn, -1),
            "flip": partial(self._on_canvas, Canvas.flip),
            "flip_down": partial(self._on_canvas, Canvas.flip, upside_down=True),
            "reset": partial(self._on_canvas, Canvas.reset),
            "annotations": partial(self._on_canvas, Canvas.toggle_annotations),
            "analyse": self.analyse,
            "overlay_none": lambda: session.change_overlay(tr("all maps off"), session.overlay.none()),
            "overlay_next": self.next_map,
            "search": window.features.search.setFocus,
            "undo": partial(self._settled, session.undo),
            "redo": partial(self._settled, session.redo),
            "sentence_next": partial(self.step_sentence, 1),
            "sentence_previous": partial(self.step_sentence, -1),
            "sentence_confirm": partial(self._selected, self.confirm),
            "sentence_edit": self.edit_selected,
            "sentence_remove": partial(self._selected, self.remove),
            "review": self.review,
            "regenerate": self._controller.regenerate,
            "reword": self.reword,
            "peek": lambda: session.set_overlay(session.overlay.with_peek(True)),
            "preferences": lambda: self._open(SettingsDialog(window.preferences, window)),
            "shortcuts": lambda: self._open(ShortcutEditor(window.preferences, window)),
            "keys": self.help,
            "welcome": self.welcome,
            "about": partial(self._tell, tr("About"), about_html),
        }
        found.update(window.measures.handlers())
        found.update(window.hanging.handlers())
        found["hang"] = partial(self._try, self.hang)
        told = window.statusBar().showMessage
        found["align"] = Aligning(window.hanging, told, window.show_problem).align
        found.update(self._draft_commands.handlers())
        found.update(window.why.handlers())
        found.update(window.comparison.handlers())
        found.update({f"preset_{n}": partial(self.preset, n) for n in range(10)})
        return found

    def help(self) -> None:
        """Show the keys as they are now, with the presets of the image shown."""
        presets = [preset.name for preset in self._window.canvas.presets]
        self._open(HelpDialog(help_lines(current_keys(self._window.preferences), presets), self._window))

    def welcome(self) -> None:
        """Show what this program is and how to begin."""
        begin = {
            "demo": lambda: self._controller.open([resource_path("demo")]),
            "open_files": self.open_files,
            "keys": self.help,
        }
        self._open(WelcomeDialog(self._window.preferences, begin, self._window))

    # files

    def open_files(self) -> None:
        """Ask for files and open them."""
        names, _ = QFileDialog.getOpenFileNames(self._window, tr("Open files"), QDir.homePath())
        if names:
            self._controller.open([Path(name) for name in names])

    def open_folder(self) -> None:
        """Ask for a folder and open what is in it."""
        name = QFileDialog.getExistingDirectory(self._window, tr("Open folder"), QDir.homePath())
        if name:
            self._controller.open([Path(name)])

    def export(self) -> None:
        """Ask where and what, then export in the background; what is being typed belongs to it."""
        from engine.export import WRITERS, skipped_formats
        from viewer.export_job import export_folder

        self._window.report.commit()
        image, draft = self._session.current, self._session.draft
        if draft is None or image is None or image.radiograph is None:
            return
        target = partial(
            export_folder,
            sop_instance_uid=image.radiograph.identity.sop_instance_uid,
            pixel_sha256=image.radiograph.pixel_sha256,
        )
        skipped = skipped_formats(image.radiograph)
        dialog = ExportDialog(
            draft.status,
            tuple(WRITERS),
            skipped,
            target,
            self._window,
            folder=self._export_folder,
            waiting=len(draft.waiting),
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export_to(*dialog.chosen))
        dialog.open()

    def _export_to(self, folder: Path, formats: tuple[str, ...]) -> None:
        self._export_folder = folder
        self._controller.export(folder, formats)

    def report_export(self, files: list[Path]) -> None:
        """Say what was written."""
        if files:
            self._window.statusBar().showMessage(
                tr("{count} files written to {folder}", count=len(files), folder=files[0].parent)
            )

    def hang(self) -> None:
        """Hang what belongs beside the image shown."""
        ruling = Ruling(self._session, self._window.hanging.state, self._window.preferences)
        self._window.statusBar().showMessage(ruling.hang())

    # image and overlay

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

    def next_map(self) -> None:
        """Show only the map of the group of features after the one shown, in the order of the list."""
        image, overlay = self._session.current, self._session.overlay
        if image is None or image.analysis is None:
            return
        maps = [ids for group in self._window.features.groups if (ids := group.mapped(image.analysis))]
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

    def choose_features(self, ids: tuple[int, ...]) -> None:
        """Select features; choosing them again lets go of them."""
        again = self._session.selection.features == ids
        self._session.select(Selection() if again else Selection(features=ids))

    # draft

    def choose_sentence(self, key: str) -> None:
        """Select a sentence and show its maps."""
        self._session.select(Selection(sentence_key=key))

    def step_sentence(self, by: int) -> None:
        """Select the next or previous sentence."""
        keys = [sentence.key for sentence in self._sentences()]
        if not keys:
            return
        now = self._session.selection.sentence_key
        place = keys.index(now) + by if now in keys else (0 if by > 0 else len(keys) - 1)
        self.go_to_sentence(keys[min(len(keys) - 1, max(0, place))])

    def go_to_sentence(self, key: str) -> None:
        """Select a sentence and give it the keyboard."""
        self.choose_sentence(key)
        self._window.report.focus(key)

    def confirm(self, key: str) -> None:
        """Confirm a sentence, with what is being typed; if it was the selected one, go on to the next that waits."""
        self._window.report.commit()
        if any(s.key == key and s.state == "unconfirmed" for s in self._sentences()):
            self._change(tr("confirm sentence"), lambda draft: draft.confirm(key))
        if self._session.selection.sentence_key != key:
            return
        keys = [sentence.key for sentence in self._sentences()]
        after = self._sentences()[keys.index(key) + 1 :] if key in keys else []
        following = next((sentence for sentence in after if sentence.state == "unconfirmed"), None)
        if following is not None:
            self.go_to_sentence(following.key)

    def edit(self, key: str, text: str) -> None:
        """Replace a sentence's text."""
        self._change(tr("edit sentence"), lambda draft: draft.edit(key, text))

    def edit_selected(self) -> None:
        """Open the editor of the selected sentence."""
        key = self._session.selection.sentence_key
        row = self._window.report.row(key) if key is not None else None
        if row is not None:
            row.begin_edit()

    def remove(self, key: str) -> None:
        """Take a sentence out; if it was the selected one, go on to the one after it, or before it at the end."""
        self._window.report.commit()
        keys, selected = [sentence.key for sentence in self._sentences()], self._session.selection.sentence_key
        self._change(tr("remove sentence"), lambda draft: draft.remove(key))
        if key == selected and key in keys and len(keys) > 1:
            place = keys.index(key)
            self.go_to_sentence((keys[place + 1 :] + keys[:place][::-1])[0])

    def add(self, section: str, text: str) -> None:
        """Add a sentence of the reader's own."""
        self._change(tr("add sentence"), lambda draft: draft.add(section, text, f"added-{uuid4().hex[:8]}"))

    def review(self) -> None:
        """Draft → Reviewed, with what is being typed."""
        self._window.report.commit()
        self._change(tr("mark as reviewed"), lambda draft: draft.review())

    def reword(self) -> None:
        """Let the language model that was chosen in the settings reword the draft, with what is being typed."""
        model = self._window.preferences.text(MODEL)
        if model:
            self._window.report.commit()
            self._controller.reword(model)
        else:
            self._window.show_problem(
                Problem(
                    "NO_LANGUAGE_MODEL",
                    tr("no language model is chosen"),
                    tr("name a GGUF file on this computer in Edit > Settings > Rewriting"),
                )
            )

    def report_rewording(self, done: Rewriting) -> None:
        """Say what became of a rewording."""
        if done.warning:
            self._window.show_problem(Problem(done.warning, done.message, tr("the draft stays as it was")))
            return
        counts = {"taken": done.taken, "asked": done.asked, "refused": len(done.rejected)}
        self._window.statusBar().showMessage(
            tr("{taken} of {asked} sentences reworded, {refused} refused: “Why?” says why", **counts)
        )

    def _sentences(self) -> list[Sentence]:
        draft = self._session.draft
        return list(draft.sentences()) if draft is not None else []

    def _selected(self, action: Callable[[str], None]) -> None:
        key = self._session.selection.sentence_key
        if key is not None:
            action(key)

    def _change(self, name: str, change: Callable[[Draft], Draft]) -> None:
        draft = self._session.draft
        if draft is not None:
            self._try(lambda: self._session.change(name, change(draft)))

    def _settled(self, call: Callable[[], object]) -> None:
        """Do it after what is being typed was kept: taking back begins with that."""
        self._window.report.commit()
        self._try(call)

    def _try(self, call: Callable[[], object]) -> None:
        try:
            call()
        except SaeRadError as error:
            self._window.show_problem(Problem.of(error))

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _tell(self, title: str, html: Callable[[], str]) -> None:
        TextDialog(title, html(), self._window).open()
