"""A label of one line that ends with "…" where it has no room, and tells the rest in its tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from viewer.theme.text import as_it_is


class ElidedLabel(QLabel):
    """Shows as much of its text as fits, letter by letter (never as HTML); never asks for more width than it is given.

    Parameters
    ----------
    tip : str
        Tooltip while the whole text is seen; the whole text goes before it while it is not.
    whole_words : bool
        Cut between words only: half a number reads like another one.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "",
        tip: str = "",
        parent: QWidget | None = None,
        *,
        whole_words: bool = False,
    ) -> None:
        super().__init__(parent)
        self.full, self._tip, self._whole_words = text, tip, whole_words
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)
        self.setText(text)
        if tip:
            self.setToolTip(as_it_is(tip))

    def set_full(self, text: str, tip: str = "") -> None:
        """Show another text."""
        self.full, self._tip = text, tip
        if self.isVisible():
            self._fit()
        else:
            # Its width is known, and the text fitted, when it is laid out.
            self.setText(text)
            self.setToolTip(as_it_is(tip))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as fits now."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        shown = metrics.elidedText(self.full, Qt.TextElideMode.ElideRight, room)
        if self._whole_words and shown != self.full:
            words = self.full
            while words and metrics.horizontalAdvance(f"{words} …") > room:
                words = words.rpartition(" ")[0].rstrip(" ,·")
            shown = f"{words} …" if words else "…"
        if shown != self.text():
            self.setText(shown)
        parts = (self.full if shown != self.full else "", self._tip)
        tip = as_it_is("\n".join(part for part in parts if part))
        if tip != self.toolTip():
            self.setToolTip(tip)
