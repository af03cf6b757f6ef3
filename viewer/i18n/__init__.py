"""Every text a person reads passes through ``tr``; its German words stand in resources/viewer/de."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from viewer.marking import mark

__all__ = ["mark", "tr"]


def tr(text: str, /, **values: object) -> str:
    """Translate `text` and fill its ``{name}`` fields."""
    translated = QCoreApplication.translate("saerad", text)
    return translated.format(**values) if values else translated
