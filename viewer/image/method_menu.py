"""The menu that chooses how heat maps are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from engine.inference.attribution import DEFAULT_METHOD, METHOD_TITLES, Method
from viewer.i18n import mark, tr

EXPLAINED: dict[Method, str] = {
    "messages": mark("What the class token read in the last block: an exact sum, made with the analysis"),
    "integrated": mark("Shares out the last block's MLP and norms, too: an exact sum, made in an instant"),
    "occlusion": mark("What windows of the image add through the whole encoder: runs the model 162 times"),
}


class MethodMenu(QMenu):
    """One of the methods is checked; their names are those of the legend."""

    def __init__(self, choose: Callable[[Method], object], parent: QWidget) -> None:
        super().__init__(tr("Heat map &method"), parent)
        self.setAccessibleName(tr("Heat map method"))
        self.setToolTipsVisible(True)
        self._group = QActionGroup(self)
        self.choices: dict[Method, QAction] = {}
        for method, title in METHOD_TITLES.items():
            name = tr(title)
            action = self.addAction(name[:1].upper() + name[1:])
            action.setObjectName(f"method_{method}")
            action.setCheckable(True)
            action.setActionGroup(self._group)
            action.setToolTip(tr(EXPLAINED[method]))
            action.setStatusTip(tr(EXPLAINED[method]))
            action.triggered.connect(partial(choose, method))
            self.choices[method] = action
        self.show_method(DEFAULT_METHOD)

    def show_method(self, method: Method) -> None:
        """Check the method chosen; nobody is told."""
        self.choices[method].setChecked(True)
