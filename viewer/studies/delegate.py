"""How a line of the list of images is drawn: picture, name, and in small what is to be known of it; nothing is cut."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from viewer.theme import palette
from viewer.theme.wrap import wrapped

NAME_LINES, NOTE_LINES, MARGIN, SMALL_PX = 2, 2, 6, 11


class ImageDelegate(QStyledItemDelegate):
    """Draws the first line of an item's text as its name, further ones, such as a code, in small; headings likewise."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one item."""
        # A copy: the view goes on using the one that is given for the lines that follow.
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        icon, area = QIcon(own.icon), QRect(own.rect)
        own.text, own.icon = "", QIcon()
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, option.widget)
        inner = area.adjusted(MARGIN, 4, -MARGIN, -4)
        heading = not index.flags() & Qt.ItemFlag.ItemIsEnabled
        if not heading:
            size: QSize = option.decorationSize
            icon.paint(painter, QRect(inner.left(), inner.top(), size.width(), inner.height()))
            inner.setLeft(inner.left() + size.width() + MARGIN)
        normal, small = _fonts(option.font)
        name, *notes = str(index.data()).split("\n")
        rows = [(line, normal) for line in wrapped(name, QFontMetrics(normal), inner.width(), NAME_LINES)]
        for note in notes:
            rows += [(line, small) for line in wrapped(note, QFontMetrics(small), inner.width(), NOTE_LINES)]
        height = sum(QFontMetrics(font).height() for _, font in rows)
        y = inner.top() if heading else inner.top() + max(0, (inner.height() - height) // 2)
        for line, font in rows:
            step = QFontMetrics(font).height()
            painter.setFont(font)
            painter.setPen(QColor(palette.MUTED if heading or font is small else palette.TEXT))
            painter.drawText(QRect(inner.left(), y, inner.width(), step), Qt.AlignmentFlag.AlignVCenter, line)
            y += step

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """A picture's height for images, the lines' height for headings."""
        size: QSize = option.decorationSize
        if index.flags() & Qt.ItemFlag.ItemIsEnabled:
            return QSize(size.width() * 2, size.height() + 8)
        normal, small = _fonts(option.font)
        width = max(1, option.rect.width() - 2 * MARGIN)
        name, *notes = str(index.data()).split("\n")
        height = len(wrapped(name, QFontMetrics(normal), width, NAME_LINES)) * QFontMetrics(normal).height()
        height += sum(len(wrapped(note, QFontMetrics(small), width, NOTE_LINES)) for note in notes) * (
            QFontMetrics(small).height()
        )
        return QSize(1, height + 8)


def _fonts(font: QFont) -> tuple[QFont, QFont]:
    small = QFont(font)
    small.setPixelSize(SMALL_PX)
    return font, small
