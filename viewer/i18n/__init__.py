"""Every text a person reads passes through ``tr``, so that translations can be loaded."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str, /, **values: object) -> str:
    """Translate `text` and fill its ``{name}`` fields."""
    translated = QCoreApplication.translate("saerad", text)
    return translated.format(**values) if values else translated
