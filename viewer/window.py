"""The main window: puts the panels together and connects them with the session."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
)

from engine.inference.attribution import METHOD_TITLES
from viewer.actions.build import build_actions, build_menus, build_toolbar, give_keys, name_step, update_enabled
from viewer.actions.keys import current_keys
from viewer.actions.spec import IMAGE, OVERLAY, VIEW
from viewer.commands import Commands
from viewer.controller import Controller
from viewer.dialogs import ProblemBox
from viewer.features.compare_commands import CompareCommands
from viewer.features.side import FeatureSide
from viewer.hanging.desk import Desk
from viewer.hanging.pane import Pane
from viewer.hanging.panes import Panes
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.frame import ImageFrame
from viewer.image.hand import Hand
from viewer.image.method_menu import MethodMenu
from viewer.image.preset_menu import PresetMenu, fill_presets
from viewer.measure.commands import TOOLS, MeasureCommands
from viewer.plugins.menu import PanelMenu
from viewer.report.house_style import chosen_wishes, passed_over, usable
from viewer.report.panel import DraftPanel
from viewer.settings import maps, mouse, picture
from viewer.settings.place import WindowPlace
from viewer.settings.preferences import Preferences
from viewer.state.hanging import LAYOUTS
from viewer.state.images import Load, Problem
from viewer.state.overlay import OverlaySettings
from viewer.state.selection import Selection, maps_of, sentences_of
from viewer.state.session import Session
from viewer.studies.browser import StudyBrowser
from viewer.studies.panel import StudiesPanel
from viewer.theme.text import plain_label
from viewer.why.commands import WhyCommands


class MainWindow(QMainWindow):
    """Images at the left, the image in the middle, features and draft at the right."""

    def __init__(self, session: Session, controller: Controller, preferences: Preferences | None = None) -> None:
        super().__init__()
        self.session, self.controller = session, controller
        self.preferences = preferences or Preferences()
        self._asked = controller.engine.wishes
        self.setWindowTitle(tr("SAE-Rad workstation"))
        self.setAcceptDrops(True)
        self.panes, self.browser = Panes(), StudyBrowser()
        self.hanging = Desk(session, controller, self.panes, self)
        self.studies = StudiesPanel(self.browser, controller.index.catalog if controller.index is not None else None)
        self.side, self.report = FeatureSide(), DraftPanel()
        self.features = self.side.own
        self._shown: str | None = None
        self._lay_out()
        self.measures = MeasureCommands(self, session, self.canvas)
        self.why = WhyCommands(self, session, controller.engine)
        self.comparison = CompareCommands(self, session, controller)
        self.commands = Commands(self, session, controller)
        self.actions_by_id = build_actions(self, self.commands.handlers(), current_keys(self.preferences))
        self.presets = PresetMenu(lambda: self.canvas, self.commands.preset, self)
        self.methods = MethodMenu(lambda method: session.set_overlay(session.overlay.with_method(method)), self)
        self.plugin_panels = PanelMenu(self, session, self.show_problem)
        more = {VIEW: self.plugin_panels, IMAGE: self.presets, OVERLAY: self.methods}
        build_menus(self, self.actions_by_id, more)
        build_toolbar(self, self.actions_by_id)
        self.actions_by_id["annotations"].setChecked(True)
        self._connect()
        self._refresh()
        self.place.restore(self.hanging.state.set_layout, tuple(LAYOUTS))

    @property
    def frame(self) -> ImageFrame:
        """The image of the active pane, with what is said of it."""
        return self.hanging.active.frame

    @property
    def canvas(self) -> Canvas:
        """The image of the active pane."""
        return self.hanging.active.canvas

    def _lay_out(self) -> None:
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.side)
        right.addWidget(self.report)
        right.setSizes([380, 480])
        whole = QSplitter(Qt.Orientation.Horizontal)
        for widget in (self.studies, self.panes, right):
            whole.addWidget(widget)
        whole.setStretchFactor(1, 1)
        whole.setSizes([216, 830, 474])
        whole.setChildrenCollapsible(False)
        self.setCentralWidget(whole)
        self.place = WindowPlace(self, (whole, right), self.preferences)
        self.resize(1520, 920)
        self.progress_text = plain_label()
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.setFixedWidth(180)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setProperty("role", "small")
        self.cancel.setAccessibleName(tr("Cancel the running work"))
        self.cancel.clicked.connect(self.controller.cancel)
        for part in (self.progress_text, self.progress, self.cancel):
            self.statusBar().addPermanentWidget(part)
        self._on_idle()

    def _connect(self) -> None:
        session, controller, commands = self.session, self.controller, self.commands
        session.images_added.connect(self._on_added)
        session.image_changed.connect(self._on_image)
        session.current_changed.connect(self._on_current)
        session.overlay_changed.connect(self._on_overlay)
        session.selection_changed.connect(self._on_selection)
        session.draft_changed.connect(self._on_draft)
        session.leaving.connect(lambda _key: self.report.commit())
        session.noticed.connect(self.show_problem)
        self.measures.tool_changed.connect(self._on_tool)
        self.measures.told.connect(self.statusBar().showMessage)
        self.measures.changed.connect(self._enable)
        controller.thumbnail_ready.connect(self._on_thumbnail)
        controller.maps_ready.connect(lambda key: self._show_layers() if key == session.current_key else None)
        controller.progressed.connect(self._on_progress)
        controller.idle.connect(self._on_idle)
        controller.failed.connect(lambda error: self.show_problem(Problem.of(error)))
        controller.prepared.connect(self.statusBar().showMessage)
        controller.exported.connect(commands.report_export)
        self.browser.image_chosen.connect(session.show)
        preferences = self.preferences
        preferences.keys_changed.connect(lambda: give_keys(self.actions_by_id, current_keys(preferences)))
        preferences.changed.connect(lambda _id: self._prefer())
        preferences.noticed.connect(self.show_problem)
        self._prefer()
        self.studies.images_chosen.connect(controller.open_images)
        self.studies.thumbnails_wanted.connect(controller.previews.want)
        controller.preview_ready.connect(self.studies.set_thumbnail)
        controller.looked.connect(self.studies.refresh)
        controller.opened.connect(self.studies.refresh_recent)
        self._connect_panes()
        self.features.features_chosen.connect(commands.choose_features)
        self.features.switched.connect(commands.switch_maps)
        self.features.recoloured.connect(commands.recolour)
        self.features.sliders.opacity_changed.connect(commands.set_opacity)
        self.features.sliders.threshold_changed.connect(commands.set_threshold)
        self.report.sentence_chosen.connect(commands.choose_sentence)
        self.report.sentence_confirmed.connect(commands.confirm)
        self.report.sentence_edited.connect(commands.edit)
        self.report.sentence_removed.connect(commands.remove)
        self.report.sentence_added.connect(commands.add)
        self.report.typed.connect(session.keep_typed)
        self.report.typed.connect(lambda _draft: self._enable())
        session.steps_changed.connect(lambda _none: self._enable())
        self.report.indication_typed.connect(self.controller.set_indication)
        self.report.review_wanted.connect(commands.review)
        self.report.export_wanted.connect(commands.export)

    def _connect_panes(self) -> None:
        for pane in self.panes.each:
            self._on_pane(pane)
        self.panes.made.connect(self._on_pane)
        self.hanging.turned.connect(lambda: self.measures.work_on(self.canvas))
        self.hanging.changed.connect(self._on_hanging)
        self.hanging.links.told.connect(self.statusBar().showMessage)
        self.hanging.links.changed.connect(self._on_links)

    def _prefer(self) -> None:
        """Do as the settings say."""
        chosen = self.preferences
        method = next(name for name in METHOD_TITLES if name == chosen.text(maps.METHOD))
        self.session.set_overlay(self.session.overlay.with_method(method))
        for pane in self.panes.each:
            self._prefer_in(pane)
        self._prefer_style()

    def _prefer_style(self) -> None:
        engine, wanted = self.controller.engine, chosen_wishes(self._asked, self.preferences)
        if wanted != engine.wishes:
            engine.wishes = wanted
            engine.style_problem = usable(wanted)[1]
            if engine.style_problem is not None:
                self.show_problem(engine.style_problem)
        self.report.show_style(passed_over(engine.style_problem))

    def _prefer_in(self, pane: Pane) -> None:
        chosen = self.preferences
        pane.canvas.mouse.hand = Hand(
            down_is_brighter=chosen.text(mouse.LEVEL_DIRECTION) == "brighter",
            speed=chosen.number(mouse.WINDOW_SPEED),
            wheel_up_enlarges=chosen.flag(mouse.WHEEL_ZOOMS_IN),
        )
        pane.canvas.set_squares_from(chosen.number(picture.SQUARES))

    def _on_pane(self, pane: Pane) -> None:
        pane.canvas.menu_wanted.connect(self._image_menu)
        pane.canvas.step_wanted.connect(self.session.step)
        self._prefer_in(pane)

    # following the session

    def _on_current(self, _key: str | None) -> None:
        # What was said of the last image does not stand beside this one.
        self.statusBar().clearMessage()
        self._refresh()

    def _on_added(self, keys: tuple[str, ...]) -> None:
        self.browser.add([self.session.images[key] for key in keys])
        self._enable()

    def _on_image(self, key: str) -> None:
        self.browser.update_image(self.session.images[key])
        if key == self.session.current_key:
            self._refresh()

    def _on_hanging(self) -> None:
        """Other panes, or another one of them is active: the rest follows with the image shown."""
        self._show_picture()
        self._show_layers()
        self._enable()

    def _on_links(self) -> None:
        self.actions_by_id["link_window"].setChecked(self.hanging.links.window)
        self.actions_by_id["link_view"].setChecked(self.hanging.links.view)

    def _show_picture(self) -> None:
        key = self.session.current_key
        self.hanging.active.show_image(self.session.current, self.controller.pyramids.get(key or ""))
        self.session.board.show(self.canvas.radiograph)
        self.hanging.links.renew()

    def _refresh(self) -> None:
        """Bring everything that belongs to the image shown up to date."""
        image, key = self.session.current, self.session.current_key
        self._show_picture()
        self.side.show_image(image, self.session.overlay)
        self.report.show_style(passed_over(self.controller.engine.style_problem))
        self.report.show_image(image)
        self._mark(self.session.selection)
        self._show_layers()
        self.browser.set_current(key)
        self._enable()
        if key != self._shown:
            self._shown = key
            if not self.controller.busy:
                self._on_idle()

    def _enable(self) -> None:
        image, steps = self.session.current, self.session.steps
        there = {
            name
            for name, has in (
                ("images", len(self.session.images) > 1),
                ("image", image is not None and image.load is Load.READY),
                ("panes", self.hanging.state.count > 1),
                ("draft", image is not None and image.history is not None),
                ("undo", bool(steps.undo_name) or self.session.typing),
                ("redo", bool(steps.redo_name)),
                ("measurements", bool(self.session.board.items)),
                ("maps", image is not None and image.analysis is not None and bool(image.analysis.maps)),
            )
            if has
        }
        update_enabled(self.actions_by_id, frozenset(there))
        name_step(self.actions_by_id["undo"], tr("&Undo"), tr(steps.undo_name))
        name_step(self.actions_by_id["redo"], tr("&Redo"), tr(steps.redo_name))
        self.presets.setEnabled("image" in there)
        self.actions_by_id["annotations"].setChecked(self.canvas.show_annotations)
        self.actions_by_id["magnifier"].setChecked(self.canvas.magnifying)
        for name in LAYOUTS:
            self.actions_by_id[f"layout_{name}"].setChecked(name == self.hanging.state.layout)

    def _on_draft(self, key: str) -> None:
        if key == self.session.current_key:
            self.report.show_image(self.session.current)
            self.features.show_cited(self.session.draft)
            self._mark(self.session.selection)
        self.browser.update_image(self.session.images[key])

    def _on_overlay(self, overlay: OverlaySettings) -> None:
        self.side.show_overlay(overlay)
        self.methods.show_method(overlay.method)
        self.preferences.set(maps.METHOD, overlay.method)
        self._show_layers()

    def _on_selection(self, selection: Selection) -> None:
        self._mark(selection)

    def _mark(self, selection: Selection) -> None:
        image, draft = self.session.current, self.session.draft
        features: tuple[int, ...] = ()
        sentences: tuple[str, ...] = ()
        if draft is not None and image is not None and image.analysis is not None:
            if selection.sentence_key is not None:
                sentence = draft.find(selection.sentence_key)
                features = maps_of(sentence, image.analysis) or sentence.support
            sentences = sentences_of(selection.features, draft)
        self.features.mark(selection.features, features)
        self.report.mark(selection.sentence_key, sentences)

    def _show_layers(self) -> None:
        """Draw the maps whose switch is on; those not ready yet follow with ``maps_ready``."""
        overlay, key, image = self.session.overlay, self.session.current_key, self.session.current
        made, beside = self.controller.maps.get(key or "", {}), self.comparison.source()
        self.hanging.active.show_layers(image, made, overlay, beside)

    def _on_tool(self, tool: str) -> None:
        for name, its in TOOLS.items():
            self.actions_by_id[name].setChecked(its == tool)

    def _on_thumbnail(self, key: str) -> None:
        self.browser.set_thumbnail(key, self.controller.thumbnails[key])

    def _on_progress(self, text: str, fraction: float) -> None:
        for widget in (self.progress, self.progress_text, self.cancel):
            widget.show()
        self.progress_text.setText(text)
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * fraction))

    def _on_idle(self) -> None:
        for widget in (self.progress, self.progress_text, self.cancel):
            widget.hide()

    # messages

    def show_problem(self, problem: Problem) -> None:
        """Tell the person what went wrong, without blocking the window."""
        ProblemBox(problem, self).open()

    def _image_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_presets(menu, self.canvas, self.commands.preset)
        menu.addSeparator()
        for name in ("fit", "one_to_one", "invert", "turn_right", "flip", "magnifier", "reset", "annotations"):
            menu.addAction(self.actions_by_id[name])
        measure = menu.addMenu(tr("Measure"))
        for name in TOOLS:
            measure.addAction(self.actions_by_id[name])
        menu.popup(position)

    # events of the window

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Show the maps again when the key that hides them is let go."""
        # Any key: of one with modifiers, these may be let go first.
        if self.session.overlay.peek and not event.isAutoRepeat():
            self.session.set_overlay(self.session.overlay.with_peek(False))
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Show the maps again when another window takes the keyboard: its release would never arrive here."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.session.set_overlay(self.session.overlay.with_peek(False))
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self.controller.open([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what is being typed and stop all work; drafts are on disk then."""
        self.report.commit()
        self.place.save(self.hanging.state.layout)
        self.controller.close()
        super().closeEvent(event)
