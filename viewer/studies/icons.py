"""Thumbnails as icons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QImage, QPixmap


def icon_of(gray: npt.NDArray[np.uint8], side: int) -> QIcon:
    """Return displayed grey levels, shape (height, width), as an icon of at most `side` pixels a side."""
    height, width = gray.shape
    picture = QImage(gray.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    scaled = picture.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pixmap = QPixmap.fromImage(scaled)
    icon = QIcon(pixmap)
    # Qt would tint the picture of the selected image.
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
