"""Settings of the mouse on the image."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.settings.spec import Setting

LEVEL_DIRECTION = Setting(
    "mouse/level_direction",
    mark("Dragging down makes the image"),
    "darker",
    mark("Direction of the level under the left button. Workstations differ here: choose what your hand is used to."),
    choices=(("darker", mark("darker")), ("brighter", mark("brighter"))),
)
WINDOW_SPEED = Setting(
    "mouse/window_speed",
    mark("Speed of window and level"),
    1.0,
    mark("1 changes the window by 0.4 % of its width for each pixel of the drag; 2 twice as much."),
    low=0.25,
    high=4.0,
)
WHEEL_ZOOMS_IN = Setting(
    "mouse/wheel_up_zooms_in",
    mark("Wheel up enlarges"),
    True,
    mark("Turning the wheel away from you enlarges at the mouse; off: it shrinks."),
)
SETTINGS: tuple[Setting, ...] = (LEVEL_DIRECTION, WINDOW_SPEED, WHEEL_ZOOMS_IN)
