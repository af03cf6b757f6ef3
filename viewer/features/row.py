"""One line of the list of features: a group of features, or a single one of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.inference.analysis import ActiveFeature
from viewer.features.bar import paint_share
from viewer.features.columns import ACTIVATION_WIDTH, BAR_WIDTH, GAP, PERCENTILE_WIDTH, RIGHT
from viewer.features.switch import MapSwitch
from viewer.i18n import decimal, tr
from viewer.theme import palette
from viewer.theme.marked import MarkedRow
from viewer.theme.text import as_it_is

SMALL_PX, ABOVE, BETWEEN = 11, 4, 1


@dataclass(frozen=True)
class LineText:
    """What a line says.

    Attributes
    ----------
    name : str
        The whole of it, for those who cannot see it and for the tooltip.
    title, count, detail : str
        First line, what stands behind it, and the small line; the first two are empty in the line of a member.
    left : int
        Where the text begins; the controls stand before it.
    """

    name: str
    detail: str
    left: int
    title: str = ""
    count: str = ""


class FeatureLine(MarkedRow):
    """Switch of the map and strength of one feature or of several; a click selects them.

    The texts are painted, not labels: a widget for each of them would make a list of fifty lines slow.

    Parameters
    ----------
    features : sequence of ActiveFeature
        Those it stands for, the strongest first, which is the one whose number and strength are shown.
    mapped : sequence of int
        Those of them that have a map.
    """

    chosen = Signal(tuple)
    switched = Signal(tuple, bool)
    menu_wanted = Signal(tuple, QPoint)

    def __init__(
        self, features: Sequence[ActiveFeature], mapped: Sequence[int], text: LineText, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.ids, self.mapped, self.text = tuple(f.id for f in features), tuple(mapped), text
        self.percentile, self.activation = features[0].percentile, features[0].activation
        self.colour, self.muted = "", False
        self._small = QFont(self.font())
        self._small.setPixelSize(SMALL_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text.name)
        numbers = _numbers(features)
        self.setAccessibleDescription(numbers)
        self.setToolTip(as_it_is("\n".join((text.name, text.detail, numbers, reliability(features[0])))))
        self.switch = MapSwitch(self)
        self.switch.setAccessibleName(tr("Show the map of: {text}", text=text.name))
        self._offer_switch()
        self.switch.clicked.connect(self._tell_switch)

    def sizeHint(self) -> QSize:
        """As wide as there is room, as high as its one or two lines of text."""
        title = QFontMetrics(self.font()).height() + BETWEEN if self.text.title else 0
        return QSize(200, title + QFontMetrics(self._small).height() + 2 * ABOVE)

    def set_visible_maps(self, visible: Collection[int]) -> None:
        """Show which of its maps are on, without telling anyone."""
        self.switch.show_state(self.mapped, visible)

    def set_colour(self, colour: str) -> None:
        """Show the strength in this colour; empty is none yet."""
        if colour != self.colour:
            self.colour = colour
            self.update()

    def set_muted(self, muted: bool) -> None:
        """Write the line in a weaker colour and offer no map while it is muted."""
        if muted != self.muted:
            self.muted = muted
            self._offer_switch()
            self.update()

    def _offer_switch(self) -> None:
        told = tr("Show its heat map") if self.mapped else tr("This feature has no map")
        self.switch.setToolTip(tr("Muted: its map is off") if self.muted else told)
        self.switch.setEnabled(bool(self.mapped) and not self.muted)

    def flip(self) -> None:
        """Switch its map as a click does."""
        if self.switch.isEnabled():
            self.switch.click()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write texts and numbers, and draw the bar; a text that has no room ends with "…"."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y, right = float(ABOVE), float(self.width() - RIGHT)
        if self.text.title:
            metrics, behind = painter.fontMetrics(), QFontMetrics(self._small).horizontalAdvance(self.text.count) + GAP
            shown = metrics.elidedText(self.text.title, _DOTS, int(right - self.text.left - behind))
            painter.setPen(QColor(palette.MUTED if self.muted else palette.TEXT))
            painter.drawText(QRectF(self.text.left, y, right - self.text.left, metrics.height()), _LEFT, shown)
            painter.setFont(self._small)
            painter.setPen(QColor(palette.MUTED))
            x = self.text.left + metrics.horizontalAdvance(shown) + GAP
            painter.drawText(QRectF(x, y, behind, metrics.height()), _LEFT, self.text.count)
            y += metrics.height() + BETWEEN
        painter.setFont(self._small)
        painter.setPen(QColor(palette.MUTED))
        height = painter.fontMetrics().height()
        for text, width in (
            (decimal(f"{self.activation:.2f}"), ACTIVATION_WIDTH),
            (f"{self.percentile:.0f}", PERCENTILE_WIDTH),
        ):
            painter.drawText(QRectF(right - width, y, width, height), _RIGHT, text)
            right -= width + GAP
        bar = QRectF(right - BAR_WIDTH, y + height / 2 - 3, BAR_WIDTH, 6)
        room = bar.left() - GAP - self.text.left
        shown = painter.fontMetrics().elidedText(self.text.detail, _DOTS, int(room))
        painter.drawText(QRectF(self.text.left, y, room, height), _LEFT, shown)
        paint_share(painter, bar, self.percentile / 100.0, self.colour or palette.NEUTRAL)

    def _tell_switch(self) -> None:
        self.switched.emit(self.mapped, self.switch.on)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what the line stands for."""
        if event.button() is not Qt.MouseButton.RightButton:
            self.chosen.emit(self.ids)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the line, at its foot where the keyboard asks."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        place = self.mapToGlobal(QPoint(self.text.left, self.height())) if by_key else event.globalPos()
        self.menu_wanted.emit(self.ids, place)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Switch its map."""
        self.flip()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter selects, M switches the map."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.ids)
        elif event.key() == Qt.Key.Key_M:
            self.flip()
        else:
            super().keyPressEvent(event)


class MemberLine(FeatureLine):
    """One feature of a group that is listed."""

    def __init__(self, feature: ActiveFeature, has_map: bool, parent: QWidget | None = None) -> None:
        name = tr("Feature {id}: {text}", id=feature.id, text=feature.description)
        detail = f"#{feature.id}" + ("" if feature.reportable else "  " + tr("not for drafts"))
        text = LineText(name, detail, left=72)
        super().__init__((feature,), (feature.id,) if has_map else (), text, parent)
        self.feature = feature
        self.switch.move(46, (self.sizeHint().height() - self.switch.height()) // 2)


def reliability(feature: ActiveFeature) -> str:
    """How far a feature's description can be relied on."""
    share = f"{100 * feature.label_score:.0f}"
    score = tr("Description right in {share} % of held-out reports (50 % is chance).", share=share)
    return score if feature.reportable else score + " " + tr("Too unsure for a draft.")


def _numbers(features: Sequence[ActiveFeature]) -> str:
    """Percentile and activation, and of which feature they are."""
    shown = {"p": f"{features[0].percentile:.0f}", "a": decimal(f"{features[0].activation:.2f}")}
    if len(features) == 1:
        return tr("percentile {p}, activation {a}", **shown)
    of = {"id": features[0].id, "count": len(features)}
    return tr("#{id}, the most active of the {count}: percentile {p}, activation {a}", **of, **shown)


_DOTS = Qt.TextElideMode.ElideRight
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
