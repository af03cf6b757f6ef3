"""The steps of an analysis: timed, reported, and a place to stop between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import Cancelled

Progress = Callable[[str, float], None]
Cancel = Callable[[], bool]
BEFORE_MAPS = 0.85
"""Share of an analysis that is done when the heat maps begin."""


@dataclass
class Steps:
    """Times the steps (milliseconds), reports them and asks whether to go on; raises `Cancelled` where not."""

    progress: Progress | None
    cancelled: Cancel | None
    timing_ms: dict[str, float] = field(default_factory=dict)
    _name: str = ""
    _start: float = 0.0

    def begin(self, name: str, share: float, spent_s: float = 0.0) -> None:
        """Begin a step, for which `spent_s` seconds were spent before."""
        self._close()
        self.tell(name, share)
        self._name, self._start = name, time.perf_counter() - spent_s

    def within(self, share: float) -> None:
        """Go on with the heat maps, of which a share is done."""
        self.tell(self._name, BEFORE_MAPS + (1.0 - BEFORE_MAPS) * share)

    def end(self) -> None:
        """End the last step and add up."""
        self._close()
        self.timing_ms["total"] = sum(self.timing_ms.values())
        if self.progress is not None:
            self.progress("done", 1.0)

    def tell(self, name: str, share: float) -> None:
        """Report a share done under a name, untimed."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        if self.progress is not None:
            self.progress(name, share)

    def _close(self) -> None:
        if self._name:
            self.timing_ms[self._name.replace(" ", "_")] = (time.perf_counter() - self._start) * 1000.0
        self._name = ""
