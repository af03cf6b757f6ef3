"""The style sheet, built from the palette's names, and applying both to the application."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from engine.resources import resource_path
from viewer.theme import palette as p


def sheet(theme: str = "dark") -> str:
    """Return the style sheet in the theme in use, with the icons of `theme`."""
    return f"""
QToolTip {{ color: {p.TEXT}; background: {p.RAISED}; border: 1px solid {p.BORDER}; padding: 4px; }}
QMainWindow, QDialog {{ background: {p.WINDOW}; }}
QMenuBar {{ background: {p.WINDOW}; }}
QMenuBar::item {{ padding: 4px 9px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {p.HIGHLIGHT};
  color: {p.ON_HIGHLIGHT}; }}
QMenu {{ background: {p.RAISED}; border: 1px solid {p.BORDER}; }}
QMenu::item {{ padding: 5px 26px 5px 20px; }}
QToolBar {{ background: {p.WINDOW}; border: 0; spacing: 2px; padding: 3px; }}
QToolBar QToolButton {{ padding: 4px 8px; border-radius: 4px; }}
QToolBar QToolButton:hover {{ background: {p.RAISED}; }}
QToolBar QToolButton:checked {{ background: {p.SELECTED}; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ qproperty-icon: url("{_icon(theme, "arrow")}"); padding: 4px 2px; }}
QToolBar::separator {{ background: {p.BORDER}; width: 1px; margin: 4px 5px; }}
QStatusBar {{ background: {p.WINDOW}; color: {p.MUTED}; }}
QStatusBar::item {{ border: 0; }}
QSplitter::handle {{ background: {p.WINDOW}; }}
QSplitter::handle:hover {{ background: {p.ACCENT}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: {p.PANEL}; border: 0; }}
QLineEdit, QPlainTextEdit, QTextBrowser, QComboBox, QListWidget, QTreeWidget {{ background: {p.FIELD};
  border: 1px solid {p.BORDER}; border-radius: 4px; padding: 4px 6px;
  selection-background-color: {p.HIGHLIGHT}; selection-color: {p.ON_HIGHLIGHT}; }}
QComboBox::drop-down {{ border: 0; width: 20px; }}
QComboBox::down-arrow {{ image: url("{_icon(theme, "arrow")}"); width: 9px; height: 9px; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QListWidget:focus, QTreeWidget:focus {{
  border-color: {p.ACCENT}; }}
QPushButton {{ background: {p.RAISED}; border: 1px solid {p.BORDER}; border-radius: 4px; padding: 4px 10px;
  min-height: 16px; }}
QPushButton:hover {{ border-color: {p.ACCENT}; }}
QPushButton:checked {{ background: {p.SELECTED}; border-color: {p.HANDLE}; }}
QPushButton:focus {{ border-color: {p.ACCENT}; }}
QPushButton:disabled {{ color: {p.FAINT}; border-color: {p.RAISED}; }}
QPushButton[role="primary"] {{ background: {p.PRIMARY}; color: {p.ON_HIGHLIGHT}; border-color: {p.PRIMARY_BORDER}; }}
QPushButton[role="primary"]:disabled {{ background: {p.RAISED}; color: {p.FAINT}; border-color: {p.RAISED}; }}
QPushButton[role="small"] {{ padding: 2px 8px; }}
QSlider::groove:horizontal {{ height: 4px; background: {p.BORDER}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {p.ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {p.TEXT}; width: 12px; margin: -5px 0; border-radius: 6px; }}
QSlider::sub-page:horizontal:disabled {{ background: {p.BORDER}; }}
QSlider::handle:horizontal:disabled {{ background: {p.FAINT}; }}
QLabel:disabled, QLineEdit:disabled {{ color: {p.FAINT}; }}
QSlider:focus {{ border: 1px solid {p.ACCENT}; border-radius: 4px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {p.MUTED}; border-radius: 3px;
  background: {p.FIELD}; }}
QCheckBox::indicator:checked {{ background: {p.ACCENT}; border-color: {p.ACCENT};
  image: url("{_icon(theme, "tick")}"); }}
QCheckBox::indicator:indeterminate {{ border-color: {p.ACCENT}; background: qlineargradient(x1: 0, y1: 0, x2: 1, y2: 0,
  stop: 0.49 {p.ACCENT}, stop: 0.5 {p.FIELD}); }}
QCheckBox::indicator:disabled {{ border-color: {p.BORDER}; }}
QCheckBox:focus {{ border: 1px solid {p.ACCENT}; border-radius: 3px; }}
QScrollBar:vertical {{ background: {p.PANEL}; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {p.BORDER}; min-height: 24px; border-radius: 4px; margin: 1px; }}
QScrollBar::handle:vertical:hover {{ background: {p.HANDLE}; }}
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical {{ background: transparent; }}
QProgressBar {{ background: {p.RAISED}; border: 1px solid {p.BORDER}; border-radius: 3px; text-align: center;
  height: 14px; }}
QProgressBar::chunk {{ background: {p.HIGHLIGHT}; }}
QLabel[role="title"] {{ font-size: 14px; font-weight: 600; color: {p.TEXT}; }}
QLabel[role="section"] {{ font-size: 11px; font-weight: 700; color: {p.MUTED}; }}
QLabel[role="small"] {{ font-size: 11px; color: {p.MUTED}; }}
QLabel[role="unconfirmed"] {{ color: {p.UNCONFIRMED}; }}
QLabel[role="reworded"] {{ color: {p.REWORDED}; }}
QLabel[role="confirmed"] {{ color: {p.TEXT}; }}
QLabel[role="strong"] {{ font-size: 12px; color: {p.TEXT}; }}
QLabel[role="faint"] {{ font-size: 12px; color: {p.FAINT}; }}
QLabel[role="weak"] {{ font-size: 12px; color: {p.MUTED}; }}
QLabel[role="muted"] {{ color: {p.MUTED}; }}
QFrame[role="panel"] {{ background: {p.PANEL}; }}
QListWidget, QTreeWidget {{ border: 0; background: {p.PANEL}; }}
QTreeWidget::item {{ padding: 3px 0; color: {p.TEXT}; }}
QTreeWidget::item:selected {{ background: {p.SELECTED}; }}
QTabWidget::pane {{ border: 0; }}
QTabBar::tab {{ background: {p.WINDOW}; color: {p.MUTED}; padding: 5px 14px; border-bottom: 2px solid {p.WINDOW}; }}
QTabBar::tab:selected {{ background: {p.PANEL}; color: {p.TEXT}; border-bottom-color: {p.ACCENT}; }}
QTabBar::tab:focus {{ color: {p.ACCENT}; }}
QListWidget::item {{ border: 1px solid transparent; border-radius: 4px; padding: 3px; color: {p.TEXT}; }}
QListWidget::item:disabled {{ color: {p.MUTED}; }}
QListWidget::item:selected {{ background: {p.SELECTED}; border: 1px solid {p.ACCENT}; }}
QLabel[tone] {{ padding: 5px 12px; background: {p.PANEL}; color: {p.MUTED}; }}
QLabel[tone="good"] {{ color: {p.CONFIRMED}; }}
QLabel[tone="warning"] {{ background: {p.WARNED}; color: {p.UNCONFIRMED}; font-weight: 700; }}
QLabel[tone="refused"] {{ background: {p.ALARM}; color: {p.ON_ALARM}; font-weight: 700; }}
QLabel[role="notes"] {{ background: {p.PANEL}; color: {p.UNCONFIRMED}; padding: 3px 12px; font-size: 12px; }}
QLabel[status] {{ font-weight: 600; }}
QLabel#draft_status {{ border: 1px solid {p.BORDER}; border-radius: 8px; padding: 1px 8px; font-size: 11px; }}
QLabel[status="draft"] {{ color: {p.UNCONFIRMED}; border-color: {p.UNCONFIRMED}; }}
QLabel[status="reviewed"] {{ color: {p.CONFIRMED}; border-color: {p.CONFIRMED}; }}
QLabel[status="exported"] {{ color: {p.EXPORTED}; border-color: {p.EXPORTED}; }}
QFrame#pane[shown="alone"] {{ border: 0; }}
QFrame#pane[shown="active"] {{ border: 2px solid {p.ACCENT}; }}
QFrame#pane[shown="beside"] {{ border: 2px solid {p.BORDER}; }}
"""


def _icon(theme: str, name: str) -> str:
    """Path of an icon, in the form that a style sheet takes on every system."""
    return resource_path("viewer", "icons", f"{name}-{theme}.svg").as_posix()


def apply(application: QApplication, theme: str = "dark") -> None:
    """Give the application a theme ("dark", "light"), at once, also while windows are open."""
    p.use(theme)
    application.setStyle("Fusion")
    application.setPalette(p.qt_palette())
    application.setStyleSheet(sheet(theme))
