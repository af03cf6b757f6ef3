"""What is not an action: the mouse, and keys that belong to one list of the window."""

from __future__ import annotations

from viewer.i18n import mark

GESTURES: tuple[tuple[str, str], ...] = (
    (mark("M"), mark("on features: switch their heat map")),
    (mark("Right, Left"), mark("on features of one kind, and on the muted ones: list them, hide them")),
    (mark("right click, menu key"), mark("on features: contour lines, how their map is drawn, mute")),
    (mark("arrow keys"), mark("move the selected measurement by a pixel of the image, with Shift by ten")),
    (mark("left drag"), mark("window (across) and level (the direction is a setting)")),
    (mark("middle drag"), mark("move the image")),
    (mark("right drag"), mark("zoom")),
    (mark("right click"), mark("menu of the image")),
    (mark("wheel"), mark("zoom at the mouse")),
    (mark("Shift+wheel"), mark("next or previous image")),
    (mark("Shift+left or middle drag"), mark("move this image alone, also where pan and zoom are linked")),
    (mark("Shift+right drag"), mark("zoom this image alone")),
    (mark("middle double click"), mark("whole image")),
)
"""Where the hand goes, and what happens; in the help page and in docs/viewer-actions.md."""
