"""The menu that names the window presets of the image shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from viewer.i18n import tr
from viewer.image.canvas import Canvas


class PresetMenu(QMenu):
    """A menu within the menu bar; its lines are those of the image that is shown when it opens."""

    def __init__(self, canvas: Callable[[], Canvas], apply: Callable[[int], None], parent: QWidget) -> None:
        super().__init__(tr("&Window preset"), parent)
        self._canvas, self._apply = canvas, apply
        self.aboutToShow.connect(self._renew)

    def _renew(self) -> None:
        self.clear()
        fill_presets(self, self._canvas(), self._apply)


def fill_presets(menu: QMenu, canvas: Canvas, apply: Callable[[int], None]) -> None:
    """Add a line for each window and LUT of the file and each preset, with its key; the one in use is ticked."""
    for number, preset in enumerate(canvas.presets):
        # A single "&" would be taken for the mark of a key.
        text = f"{tr(preset.name)}  –  {preset.detail}".replace("&", "&&")
        action = menu.addAction(f"{text}\t{number}" if number < 10 else text)
        action.setCheckable(True)
        action.setChecked(preset.name == canvas.windowing.name)
        action.triggered.connect(lambda _checked=False, n=number: apply(n))
        if number == last_of_file(canvas):
            menu.addSeparator()
    menu.addSeparator()
    sigmoid = menu.addAction(tr("Sigmoid curve"))
    sigmoid.setCheckable(True)
    sigmoid.setChecked(
        canvas.radiograph is not None and canvas.windowing.is_sigmoid(canvas.grayscale(canvas.radiograph))
    )
    sigmoid.triggered.connect(lambda _checked=False: canvas.toggle_sigmoid())


def last_of_file(canvas: Canvas) -> int:
    """Number of the last preset that the file itself offers."""
    return max(0, len(canvas.radiograph.grayscale.voi) - 1) if canvas.radiograph is not None else 0
