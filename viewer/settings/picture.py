"""Settings of the picture."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.image.raster import SQUARES_FROM
from viewer.settings.spec import Setting

SQUARES = Setting(
    "picture/squares_from",
    mark("Single pixels are squares from"),
    SQUARES_FROM,
    mark("Enlargement from which pixels are shown as they were recorded; below it the picture is smoothed."),
    low=1.0,
    high=32.0,
)
SETTINGS: tuple[Setting, ...] = (SQUARES,)
