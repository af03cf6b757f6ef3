"""Steps: the welcome page, the studies, an image, its window and level, and an earlier image beside it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QTreeWidgetItem

from viewer.journey.hands import drag, type_in
from viewer.journey.stage import Stage
from viewer.studies.tree import StudyTree
from viewer.welcome import WelcomeDialog

OPEN, STUDIES = 0, 1
"""Tabs at the left."""
FILES = 6
"""Images of the bundled study."""


def welcome(stage: Stage) -> None:
    """Show the first-run page."""
    stage.window.commands.welcome()
    page = stage.dialog(WelcomeDialog)
    stage.expect("the welcome page offers the demonstration study", page.buttons["demo"].isEnabled())


def studies(stage: Stage) -> None:
    """Open the bundled study from the welcome page, and look for a patient among the studies."""
    stage.dialog(WelcomeDialog).buttons["demo"].click()
    stage.until("the study to open", lambda: len(stage.controller.thumbnails) == FILES)
    stage.window.studies.setCurrentIndex(STUDIES)
    panel = stage.window.studies.studies
    if panel is None:
        stage.expect("there is an index of studies", holds=False)
        return
    stage.take_keyboard()
    panel.search.setFocus()
    type_in("albert")
    stage.until("the search", lambda: panel.tree.topLevelItemCount() == 1)
    for study in _studies(panel.tree):
        study.setExpanded(True)
    stage.until("the first analysis", lambda: stage.session.current is not None and stage.session.current.analysis)
    stage.until("the thumbnails", lambda: _pictures(panel.tree) == len(_studies(panel.tree)))
    stage.expect("the patient has a current study and a prior", len(_studies(panel.tree)) == 2)


def study_open(stage: Stage) -> None:
    """Show the radiograph with its features and its draft."""
    stage.window.studies.setCurrentIndex(OPEN)
    stage.show("01")
    stage.until("the list of features", lambda: len(stage.window.features.rows) == len(stage.window.features.groups))
    stage.expect("features are listed", stage.window.features.rows)
    stage.expect("the draft has sentences, which wait", stage.session.draft is not None and stage.session.draft.waiting)


def window_level(stage: Stage) -> None:
    """Use the window for the lungs, then drag with the left button."""
    canvas = stage.window.canvas
    before = canvas.windowing
    names = [preset.name for preset in canvas.presets]
    stage.do(f"preset_{names.index('Lungs')}")
    middle = QPointF(canvas.rect().center())
    drag(canvas, middle, middle + QPointF(30, -25))
    stage.expect("the window is another", canvas.windowing != before)


def prior_beside(stage: Stage) -> None:
    """Hang the earlier image beside the current one, aligned, window and level linked."""
    stage.do("reset")
    stage.do("hang")
    hanging = stage.window.hanging
    stage.until("the prior", lambda: all(pane.canvas.radiograph for pane in hanging.panes.shown))
    stage.expect("the rule links window and level", hanging.links.window)
    stage.do("align")
    stage.until("the alignment", lambda: "correlation" in stage.window.statusBar().currentMessage())
    canvas = stage.window.canvas
    prior = next(pane.canvas for pane in hanging.panes.shown if pane.canvas is not canvas)
    before = prior.windowing
    middle = QPointF(canvas.rect().center())
    drag(canvas, middle, middle + QPointF(20, -20))
    stage.expect("two images hang beside each other", len(hanging.panes.shown) == 2)
    stage.expect("the prior says how much earlier it is", any("PRIOR" in p.banner.text() for p in hanging.panes.shown))
    stage.expect("the prior follows in window and level", prior.windowing != before)


def _studies(tree: StudyTree) -> list[QTreeWidgetItem]:
    top = tree.topLevelItem(0)
    count = top.childCount() if top is not None else 0
    return [item for n in range(count) if top is not None and (item := top.child(n)) is not None]


def _pictures(tree: StudyTree) -> int:
    """Number of lines of the tree that have a thumbnail."""
    lines = tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    return sum(not line.icon(0).isNull() for line in lines)
