"""Named colours of the theme in use, dark or light.

The names change their values with the theme, so use them as ``palette.MUTED`` at the time of painting: what is imported
by name (``from … import MUTED``) stays as it was, and a test forbids it. Text has a contrast of at least 4.5 : 1 (WCAG
2.2, 1.4.3) on the surfaces it stands on, in both themes; FAINT is for what is disabled. What lies on the image has one
colour in both, since images stand on black.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

WINDOW: str = ""
PANEL: str = ""
FIELD: str = ""
RAISED: str = ""
BORDER: str = ""
HANDLE: str = ""
TEXT: str = ""
MUTED: str = ""
WEAK: str = ""
NEUTRAL: str = ""
FAINT: str = ""
ACCENT: str = ""
SELECTED: str = ""
MARKED: str = ""
HIGHLIGHT: str = ""
ON_HIGHLIGHT: str = ""
PRIMARY: str = ""
PRIMARY_BORDER: str = ""
UNCONFIRMED: str = ""
CONFIRMED: str = ""
REWORDED: str = ""
EXPORTED: str = ""
WARNED: str = ""
REFUSED: str = ""
ALARM: str = ""
ON_ALARM: str = ""

STRIP = "#ffcf5c"
IMAGE_TEXT = "#f2f4f7"
IMAGE_MUTED = "#a3acb9"
IMAGE_ACCENT = "#4da3ff"
MEASURE = "#6fe3ff"
MEASURE_SELECTED = "#fff27a"

THEMES: dict[str, dict[str, str]] = {
    "dark": {
        "WINDOW": "#15181c",
        "PANEL": "#1c2026",
        "FIELD": "#12151a",
        "RAISED": "#262b33",
        "BORDER": "#363d48",
        "HANDLE": "#4a5361",
        "TEXT": "#e6e9ee",
        "MUTED": "#a3acb9",
        "WEAK": "#5b6675",
        "NEUTRAL": "#7d8896",
        "FAINT": "#6d7683",
        "ACCENT": "#4da3ff",
        "SELECTED": "#21384f",
        "MARKED": "#2b3442",
        "HIGHLIGHT": "#2f6fb3",
        "ON_HIGHLIGHT": "#ffffff",
        "PRIMARY": "#245a94",
        "PRIMARY_BORDER": "#3d7fc4",
        "UNCONFIRMED": "#ffb638",
        "REWORDED": "#d9a6ff",
        "CONFIRMED": "#5fd08a",
        "EXPORTED": "#6cc4ff",
        "WARNED": "#3a2c0a",
        "REFUSED": "#ff7d7d",
        "ALARM": "#4a1518",
        "ON_ALARM": "#ffd9d9",
    },
    "light": {
        "WINDOW": "#e9ecf0",
        "PANEL": "#f7f8fa",
        "FIELD": "#ffffff",
        "RAISED": "#dfe4ea",
        "BORDER": "#b7bfca",
        "HANDLE": "#9aa4b2",
        "TEXT": "#1a1f26",
        "MUTED": "#4c5663",
        "WEAK": "#8793a2",
        "NEUTRAL": "#7d8896",
        "FAINT": "#7a8491",
        "ACCENT": "#0b5cb8",
        "SELECTED": "#cfe2f8",
        "MARKED": "#e0e8f2",
        "HIGHLIGHT": "#2f6fb3",
        "ON_HIGHLIGHT": "#ffffff",
        "PRIMARY": "#245a94",
        "PRIMARY_BORDER": "#1c4a7c",
        "UNCONFIRMED": "#7d4a00",
        "REWORDED": "#6b2a9e",
        "CONFIRMED": "#12602f",
        "EXPORTED": "#0b5299",
        "WARNED": "#fff0cc",
        "REFUSED": "#a31f23",
        "ALARM": "#9c2226",
        "ON_ALARM": "#ffffff",
    },
}


_in_use: dict[str, str] = {}


def use(theme: str) -> None:
    """Give the names their values in a theme ("dark", "light")."""
    _in_use.update(THEMES[theme])
    globals().update(_in_use)


def named(name: str) -> str:
    """Return the colour that a name of the palette stands for now; for what is chosen long before it is painted."""
    return _in_use[name]


use("dark")


def qt_palette() -> QPalette:
    """Palette of all widgets in the theme in use."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: WINDOW,
        QPalette.ColorRole.Base: FIELD,
        QPalette.ColorRole.AlternateBase: RAISED,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.ToolTipText: TEXT,
        QPalette.ColorRole.BrightText: ON_HIGHLIGHT,
        QPalette.ColorRole.Highlight: HIGHLIGHT,
        QPalette.ColorRole.HighlightedText: ON_HIGHLIGHT,
        QPalette.ColorRole.PlaceholderText: MUTED,
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.LinkVisited: ACCENT,
        QPalette.ColorRole.Mid: BORDER,
        QPalette.ColorRole.Dark: HANDLE,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    return palette
