"""The menu that names the window presets of the image shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from viewer.i18n import tr
from viewer.image.canvas import Canvas


class PresetMenu(QMenu):
    """A menu within the menu bar; its lines are those of the image that is shown when it opens."""

    def __init__(self, canvas: Canvas, apply: Callable[[int], None], parent: QWidget) -> None:
        super().__init__(tr("&Window preset"), parent)
        self._canvas, self._apply = canvas, apply
        self.aboutToShow.connect(self._renew)

    def _renew(self) -> None:
        self.clear()
        fill_presets(self, self._canvas, self._apply)


def fill_presets(menu: QMenu, canvas: Canvas, apply: Callable[[int], None]) -> None:
    """Add a line for each window preset of the image shown, with its key; the one in use is ticked."""
    for number, preset in enumerate(canvas.presets):
        # A single "&" would be taken for the mark of a key.
        action = menu.addAction(f"{preset.name.replace('&', '&&')}\t{number}")
        action.setCheckable(True)
        action.setChecked(preset.name == canvas.windowing.name)
        action.triggered.connect(lambda _checked=False, n=number: apply(n))
