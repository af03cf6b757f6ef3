"""How the mouse works on the image, as a person prefers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hand:
    """Preferences of the mouse.

    Attributes
    ----------
    down_is_brighter : bool
        Whether dragging down brightens; else dragging up does.
    speed : float
        Factor on the speed of window and level.
    wheel_up_enlarges : bool
        Whether turning the wheel away enlarges.
    """

    down_is_brighter: bool = False
    speed: float = 1.0
    wheel_up_enlarges: bool = True
