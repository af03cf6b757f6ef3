"""A font that is always there: machines without any (bare containers, the offscreen platform) get the bundled one."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QApplication

from engine.errors import SaeRadError
from engine.resources import resource_path


class FontError(SaeRadError):
    """No text could be shown."""


def ensure_font(application: QApplication) -> str:
    """Set the application's font and return its family; loads DejaVu Sans where the system has no fonts.

    Raises
    ------
    FontError
        ``FONT_MISSING`` when neither the system nor resources/fonts has one.
    """
    # Without fonts the platform still lists names such as "Serif", so ask for a letter.
    if QFontMetrics(application.font()).inFont("A"):
        family = application.font().family()
    else:
        folder = resource_path("fonts")
        numbers = [QFontDatabase.addApplicationFont(str(path)) for path in sorted(folder.glob("*.ttf"))]
        families = [name for number in numbers if number >= 0 for name in QFontDatabase.applicationFontFamilies(number)]
        if not families:
            raise FontError(
                "FONT_MISSING",
                "this machine has no fonts and the bundled one was not found",
                f"install a font (Debian: fonts-dejavu-core) or restore {folder}",
            )
        family = families[0]
    font = QFont(family)
    font.setPixelSize(13)
    application.setFont(font)
    return family
