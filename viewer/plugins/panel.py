"""A panel that a plug-in brings: made when it is asked for, told what is shown, taken away when it fails.

An entry point of ``saerad.panels`` names ``make(parent: QWidget) -> QWidget``; the widget has
``show_image(shown: Shown | None)``, which is called on the window's thread whenever what is shown changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from engine.dicom.radiograph import Radiograph
from engine.errors import PluginError
from engine.inference.analysis import Analysis
from engine.plugins.points import Plugin, call, failed, unusable
from engine.report.draft import Draft
from viewer.i18n import tr
from viewer.state.images import OpenImage

_LOST = "its panel is closed"


@dataclass(frozen=True, eq=False)
class Shown:
    """The image shown and what is known of it so far: all three belong to that image."""

    radiograph: Radiograph
    analysis: Analysis | None
    draft: Draft | None

    @classmethod
    def of(cls, image: OpenImage | None) -> Shown | None:
        """Return what a panel is told of an image; None while its pixels are not there."""
        if image is None or image.radiograph is None:
            return None
        return cls(image.radiograph, image.analysis, image.history.current if image.history is not None else None)


class PanelDock(QDockWidget):
    """The panel of one plug-in at a side of the window; empty until `fill`."""

    closed = Signal()

    def __init__(self, plugin: Plugin, window: QMainWindow, refuse: Callable[[PluginError], None]) -> None:
        super().__init__(tr("{name} (plug-in)", name=plugin.name), window)
        self.plugin, self.failed, self._refuse = plugin, False, refuse
        self.setObjectName(f"plugin_{plugin.name}")
        self.setAccessibleName(self.windowTitle())
        self.toggleViewAction().setVisible(False)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that a person closed it."""
        super().closeEvent(event)
        self.closed.emit()

    def fill(self) -> None:
        """Load the plug-in and let it make its panel.

        Raises
        ------
        PluginError
            ``PLUGIN_IMPORT``, ``PLUGIN_TYPE``, ``PLUGIN_FAILED``; ``PLUGIN_RESULT`` where it makes no panel.
        """
        panel = call(self.plugin, self, lost=_LOST)
        show = getattr(panel, "show_image", None)
        if not isinstance(panel, QWidget) or not callable(show):
            why = f"returned a {type(panel).__name__}, which is no widget with show_image"
            raise unusable(self.plugin, why, _LOST)
        self._show: Callable[[Shown | None], object] = show
        self.setWidget(panel)

    def show_image(self, shown: Shown | None) -> None:
        """Tell the panel what is shown; one that fails is told nothing more and reported once."""
        if self.failed:
            return
        try:
            self._show(shown)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # also SystemExit: a plug-in does not end the program
            self.failed = True
            self._refuse(failed(self.plugin, error, _LOST))
