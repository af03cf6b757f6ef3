"""Role of a label (``title``, ``small``, ``unconfirmed``…), whose look the style sheet says."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel


def set_role(label: QLabel, role: str) -> None:
    """Give a label another role; quicker than a style sheet of its own, because there is one sheet for all."""
    if label.property("role") != role:
        label.setProperty("role", role)
        # The style reads properties once, when a widget is first shown.
        label.style().unpolish(label)
        label.style().polish(label)
