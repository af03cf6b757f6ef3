"""Named colours (contrast at least 4.5 : 1 for text on the surfaces they are used on; FAINT for what is disabled)."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

WINDOW = "#15181c"
PANEL = "#1c2026"
RAISED = "#262b33"
BORDER = "#363d48"
TEXT = "#e6e9ee"
MUTED = "#a3acb9"
WEAK = "#5b6675"
NEUTRAL = "#7d8896"
FAINT = "#6d7683"
ACCENT = "#4da3ff"
SELECTED = "#21384f"
MARKED = "#2b3442"
UNCONFIRMED = "#ffb638"
REWORDED = "#d9a6ff"
CONFIRMED = "#5fd08a"
REFUSED = "#ff6b6b"
EXPORTED = "#6cc4ff"
STRIP = "#ffcf5c"
IMAGE_TEXT = "#f2f4f7"
MEASURE = "#6fe3ff"
MEASURE_SELECTED = "#fff27a"


def dark_palette() -> QPalette:
    """Palette of all widgets."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: WINDOW,
        QPalette.ColorRole.Base: PANEL,
        QPalette.ColorRole.AlternateBase: RAISED,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.ToolTipText: TEXT,
        QPalette.ColorRole.BrightText: "#ffffff",
        QPalette.ColorRole.Highlight: "#2f6fb3",
        QPalette.ColorRole.HighlightedText: "#ffffff",
        QPalette.ColorRole.PlaceholderText: MUTED,
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.Mid: BORDER,
        QPalette.ColorRole.Dark: "#0e1013",
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    return palette
