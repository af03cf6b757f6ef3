"""Frames a second of two linked panes while one of them is dragged; no display is needed.

    .venv/bin/python -m tests.benchmarks.pane_frames [--layout 1x2] [--side 4280] [--size 1920x1080] [--frames 200]

As `tests.benchmarks.frames`, with a film in each of the panes that share a screen, window and level, pan and zoom
linked, and three heat maps on each. A frame is one movement of the mouse in the first pane and the painting of both.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

from tests.benchmarks.frames import BUDGET, Drag, film, layers, timed, write_table
from viewer.app import make_application
from viewer.hanging.links import Links
from viewer.hanging.panes import Panes
from viewer.image.pyramid import build_pyramid


class Counter(QObject):
    """Counts how often the last of several widgets was painted."""

    painted = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Count."""
        self.painted += event.type() == QEvent.Type.Paint
        return False


def measure(layout: str, side: int, size: tuple[int, int], frames: int) -> dict[str, dict[str, float]]:
    """Return the figures of each phase."""
    radiograph = film(side)
    pyramid, maps = build_pyramid(radiograph.stored), layers(radiograph)
    panes = Panes()
    links = Links(panes, panes)
    panes.set_layout(layout)
    panes.resize(*size)
    panes.show()
    QApplication.processEvents()
    canvases = [pane.canvas for pane in panes.shown]
    for canvas in canvases:
        canvas.show_image(radiograph, pyramid)
        canvas.set_layers(maps, "fixed scale")
    links.link_window()
    links.link_view()
    counter = Counter()
    canvases[-1].installEventFilter(counter)
    found: dict[str, dict[str, float]] = {}

    def drag(name: str, button: Qt.MouseButton) -> None:
        hand = Drag(canvases[0], button)
        # Painting one at once paints all of the window that wait for it: the last one is counted.
        found[name] = timed(counter, hand.move, frames)
        hand.end()

    drag("window/level, fitted", Qt.MouseButton.LeftButton)
    drag("pan, fitted", Qt.MouseButton.MiddleButton)
    drag("zoom", Qt.MouseButton.RightButton)
    canvases[0].one_to_one()
    links.lead(canvases[0])
    drag("window/level, 1:1", Qt.MouseButton.LeftButton)
    drag("pan, 1:1", Qt.MouseButton.MiddleButton)
    panes.close()
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Frames a second of two linked panes while one of them is dragged.")
    parser.add_argument("--layout", default="1x2", choices=("1x2", "2x1", "2x2"), help="rows x columns (default: 1x2)")
    parser.add_argument("--side", type=int, default=4280, help="rows and columns of the images (default: 4280)")
    parser.add_argument("--size", default="1920x1080", help="of all panes together in pixels (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=200, help="frames timed in each phase (default: 200)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    width, height = (int(part) for part in options.size.split("x"))
    phases = measure(options.layout, options.side, (width, height), options.frames)
    application.processEvents()
    slowest = min(row["frames_per_s"] for row in phases.values())
    own = max(row["cpu_ms"] for row in phases.values())
    result: dict[str, Any] = {
        "ours": {"frames_per_s": slowest, "frames_per_s_by_own_time": 1000.0 / own},
        "peers": {"budget_frames_per_s": BUDGET},
        "ratio": slowest / BUDGET,
        "phases": phases,
    }
    if options.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return 0
    write_table(phases)
    sys.stdout.write(f"slowest: {slowest:.0f} frames/s, budget {BUDGET:.0f}; by own time {1000.0 / own:.0f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
