"""A timer that beats on the UI thread: how long it was held up, how much it worked then, and in which code."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from PySide6.QtCore import Qt, QTimer

BEAT_MS, LOOK_S = 5, 0.002
_OURS = ("viewer", "engine")
_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Gap:
    """The longest time between two beats of one phase."""

    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    code: str = ""


@dataclass
class Phase:
    """Beats while one thing was done: the gap longest by the clock, and the one in which the UI thread worked most."""

    longest: Gap = field(default_factory=Gap)
    busiest: Gap = field(default_factory=Gap)


class Heartbeat:
    """Beats on the UI thread and keeps the longest gaps of the current phase."""

    def __init__(self) -> None:
        self.phases: dict[str, Phase] = {}
        self._phase: Phase | None = None
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._looks: list[tuple[float, list[CodeType]]] = []
        self._thread = threading.get_ident()
        self._stop = threading.Event()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)
        threading.Thread(target=self._watch, daemon=True).start()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the beats within as those of `name`."""
        self._beat()
        self._phase = self.phases.setdefault(name, Phase())
        yield
        self._beat()
        self._phase = None

    def stop(self) -> None:
        """End the beats."""
        self._stop.set()
        self._timer.stop()

    def _beat(self) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        gap = Gap(1000.0 * (wall - self._wall), 1000.0 * (cpu - self._cpu))
        looks, self._looks = self._looks, []
        if self._phase is not None:
            gap.code = _commonest([_place(codes) for when, codes in looks if when >= self._wall])
            if gap.wall_ms > self._phase.longest.wall_ms:
                self._phase.longest = gap
            if gap.cpu_ms > self._phase.busiest.cpu_ms:
                self._phase.busiest = gap
        self._wall, self._cpu = wall, cpu

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_S):
            now, codes = time.perf_counter(), list[CodeType]()
            # Only code objects are kept: a frame held here would end the Qt objects in it on this thread.
            frame = sys._current_frames().get(self._thread)
            while frame is not None:
                codes.append(frame.f_code)
                frame = frame.f_back
            self._looks.append((now, codes))


def _place(codes: list[CodeType]) -> str:
    """The functions of viewer and engine that the UI thread is in, outermost first; empty while Qt has it."""
    files = [(Path(code.co_filename), code.co_name) for code in reversed(codes)]
    return " > ".join(f"{p.stem}.{name}" for p, name in files if any(p.is_relative_to(_ROOT / part) for part in _OURS))


def _commonest(places: list[str]) -> str:
    """The function in which most looks found the UI thread, and the deepest one below it that half of them share."""
    counts: Counter[str] = Counter()
    for place in places:
        parts = place.split(" > ") if place else []
        counts.update({" > ".join(parts[:depth]) for depth in range(1, len(parts) + 1)})
    shared = [chain for chain, count in counts.items() if 2 * count >= len(places)]
    return max(shared, key=lambda chain: chain.count(">"), default="")
