"""The main window: puts the panels together."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QMenu, QSplitter

from viewer.actions.build import build_actions, build_menus, build_toolbar
from viewer.actions.keys import current_keys
from viewer.actions.spec import IMAGE, OVERLAY, VIEW
from viewer.chosen import Chosen
from viewer.commands import Commands
from viewer.controller import Controller
from viewer.dialogs import ProblemBox
from viewer.features.compare_commands import CompareCommands
from viewer.features.layer_commands import LayerCommands
from viewer.features.side import FeatureSide
from viewer.following import Following
from viewer.hanging.desk import Desk
from viewer.hanging.drag import dropped_files
from viewer.hanging.pane import Pane
from viewer.hanging.panes import Panes
from viewer.hanging.prior_menu import PriorMenu
from viewer.hanging.priors import Priors
from viewer.hanging.windows import PaneWindows
from viewer.held import HeldKeys
from viewer.i18n import tr
from viewer.image.canvas import Canvas
from viewer.image.frame import ImageFrame
from viewer.image.method_menu import MethodMenu
from viewer.image.preset_menu import PresetMenu, fill_presets
from viewer.measure.commands import TOOLS, MeasureCommands
from viewer.plugins.menu import PanelMenu
from viewer.report.panel import DraftPanel
from viewer.results.commands import ResultCommands
from viewer.settings.place import WindowPlace
from viewer.settings.preferences import Preferences
from viewer.state.hanging import LAYOUTS
from viewer.state.images import Problem
from viewer.state.session import Session
from viewer.studies.browser import StudyBrowser
from viewer.studies.panel import StudiesPanel
from viewer.why.commands import WhyCommands
from viewer.wiring import connect
from viewer.work_bar import WorkBar

MENU_ACTIONS = ("fit", "one_to_one", "invert", "turn_right", "flip", "magnifier", "reset", "annotations")
"""Actions in the menu of the image, besides window presets and tools."""


class MainWindow(QMainWindow):
    """Images at the left, the image in the middle, features and draft at the right."""

    def __init__(self, session: Session, controller: Controller, preferences: Preferences | None = None) -> None:
        super().__init__()
        self.session, self.controller = session, controller
        self.preferences = preferences or Preferences()
        self.setWindowTitle(tr("SAE-Rad workstation"))
        self.setAcceptDrops(True)
        self.panes, self.browser = Panes(), StudyBrowser()
        self.hanging = Desk(session, controller, self.panes, self)
        self.priors = Priors(session, controller, self.hanging, self.preferences)
        self.windows = PaneWindows(self, self.hanging, self.preferences)
        self.studies = StudiesPanel(self.browser, controller.index.catalog if controller.index is not None else None)
        self.side, self.report = FeatureSide(), DraftPanel()
        self.features = self.side.own
        self.results = ResultCommands(self)
        self._lay_out()
        self.work = WorkBar(self.statusBar())
        self.measures = MeasureCommands(self, session, self.canvas)
        self.why = WhyCommands(self, self.report, session, controller.engine)
        self.comparison = CompareCommands(self, session, controller)
        self.layers = LayerCommands(self, session)
        self.held = HeldKeys(self._let_go, self)
        self.following, self.chosen = Following(self), Chosen(self)
        self.commands = Commands(self, session, controller)
        self._build_actions()
        connect(self)
        self.following.refresh()
        self.place.restore(self.hanging.state.set_layout, tuple(LAYOUTS))
        self.windows.restore()

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
        right.addWidget(self.results.tabs)
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

    def _build_actions(self) -> None:
        session = self.session
        self.actions_by_id = build_actions(self, self.commands.handlers(), current_keys(self.preferences))
        self.presets = PresetMenu(lambda: self.canvas, self.commands.preset, self)
        self.methods = MethodMenu(self.commands.choose_method, self)
        self.plugin_panels = PanelMenu(self, session, self.show_problem)
        priors = PriorMenu(self.priors, session, self)
        more = {VIEW: (priors, self.plugin_panels), IMAGE: (self.presets,), OVERLAY: (self.methods,)}
        build_menus(self, self.actions_by_id, more)
        build_toolbar(self, self.actions_by_id)
        self.actions_by_id["annotations"].setChecked(True)
        self.windows.use_actions(list(self.actions_by_id.values()))

    def add_pane(self, pane: Pane) -> None:
        """Give a new pane the menu of the image, the way to the next image, and what the settings say."""
        pane.canvas.menu_wanted.connect(self._image_menu)
        pane.canvas.step_wanted.connect(self.session.step)
        self.results.join(pane.canvas)
        pane.priors.button.clicked.connect(lambda _checked: self.priors.hang())
        self.chosen.apply_to(pane)

    def _let_go(self) -> None:
        """End what lasts as long as a key is held: looking under the maps, and the lens."""
        if self.session.overlay.peek:
            self.session.set_overlay(self.session.overlay.with_peek(False))
        self.panes.hold_magnifiers(False)

    # messages

    def show_problem(self, problem: Problem) -> None:
        """Tell the person what went wrong, without blocking the window."""
        ProblemBox(problem, self).open()

    def _image_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_presets(menu, self.canvas, self.commands.preset)
        menu.addSeparator()
        for name in MENU_ACTIONS:
            menu.addAction(self.actions_by_id[name])
        measure = menu.addMenu(tr("Measure"))
        for name in TOOLS:
            measure.addAction(self.actions_by_id[name])
        menu.popup(position)

    # events of the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self.controller.open(dropped_files(event.mimeData()))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what is being typed and stop all work; drafts are on disk then."""
        self.report.commit()
        self.place.save(self.priors.layout)
        self.windows.save()
        self.windows.close()
        self.controller.close()
        super().closeEvent(event)
