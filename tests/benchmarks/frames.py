"""Frames a second of the image while window/level or opacity are dragged; no display is needed.

    .venv/bin/python -m tests.benchmarks.frames [--side 4280] [--size 1920x1080] [--frames 200] [--json]

A radiograph of the demonstration study, enlarged to the size of a film as detectors deliver it and given 12 bits, fills
a canvas of a whole screen. Each frame is one movement of the mouse (or of the slider) and the painting it causes, done
at once; what a screen would wait for is not in it. Heat maps, three of them with their lines, lie over the image in
every phase. Frames are timed one by one: the median gives the rate, the 95th percentile says what the slow ones cost.
The time that the thread itself computed stands beside it: it does not grow when other programs use the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication

from engine.dicom.files import read_radiograph
from engine.dicom.grayscale import Grayscale, Window
from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import FeatureMap
from engine.resources import resource_path
from viewer.app import make_application
from viewer.image.canvas import Canvas
from viewer.image.heatmap import Painted, blend_densities, density_map
from viewer.image.layers import Layer, Layers
from viewer.image.outline import outline
from viewer.image.pyramid import build_pyramid

BUDGET = 60.0
COLOURS = ("#ff9f1c", "#2ec4b6", "#e71d36")


def film(side: int) -> Radiograph:
    """Enlarge a radiograph of the demonstration study and give it 12 bits with the grain of a detector."""
    source = read_radiograph(resource_path("demo", "02_chest_pa.dcm"))
    rows, columns = (np.arange(side) * size // side for size in source.stored.shape)
    grain = np.random.default_rng(1).integers(0, 16, (side, side), dtype=np.uint16)
    stored = (source.stored[np.ix_(rows, columns)].astype(np.uint16) << np.uint16(4)) + grain
    grayscale = Grayscale(stored_range=(int(stored.min()), int(stored.max())), automatic=Window(2000.0, 3600.0))
    return replace(source, stored=stored, grayscale=grayscale)


def layers(radiograph: Radiograph) -> Layers:
    """Three heat maps with their lines."""
    box = (0.0, 0.0, float(radiograph.columns), float(radiograph.rows))
    made = []
    for number, colour in enumerate(COLOURS):
        values = np.random.default_rng(number).gamma(0.5, 1.0, (16, 16)).astype(np.float32)
        feature = FeatureMap(number, values, 1.0, 0.0, "benchmark", box)
        made.append((density_map(feature, radiograph.rows, radiograph.columns, 1.0), colour))
    each = tuple(
        Layer((number,), colour, f"map {number}", "benchmark", outline(density.density, 1.0))
        for number, (density, colour) in enumerate(made)
    )
    return Layers(each, blend_densities([Painted(*one) for one in made]))


class Counted(Canvas):
    """A canvas that counts how often it was painted."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Count, and paint."""
        self.painted += 1
        super().paintEvent(event)


class Drag:
    """Holds a mouse button on a canvas and moves it back and forth."""

    def __init__(self, canvas: Canvas, button: Qt.MouseButton) -> None:
        self._canvas, self._button, self._step = canvas, button, 0
        self._send(QEvent.Type.MouseButtonPress)

    def move(self) -> None:
        """Move by some pixels and paint."""
        self._step += 1
        self._send(QEvent.Type.MouseMove)
        self._canvas.repaint()

    def end(self) -> None:
        """Let go."""
        self._send(QEvent.Type.MouseButtonRelease)

    def _send(self, kind: QEvent.Type) -> None:
        swing = abs(self._step % 80 - 40)
        place = QPointF(self._canvas.width() / 2 + 3 * swing, self._canvas.height() / 2 + 2 * swing)
        held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else self._button
        event = QMouseEvent(kind, place, place, self._button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._canvas, event)


def timed(canvas: Counted, frame: Callable[[], None], count: int) -> dict[str, float]:
    """Time frames one by one, after a few that are not counted; each must have been painted."""
    for _ in range(5):
        frame()
    before = canvas.painted
    spent, computed = [], []
    for _ in range(count):
        start, work = time.perf_counter(), time.thread_time()
        frame()
        spent.append(1000.0 * (time.perf_counter() - start))
        computed.append(1000.0 * (time.thread_time() - work))
    if canvas.painted - before != count:
        raise SystemExit(f"{canvas.painted - before} of {count} frames were painted")
    median, slow = float(np.median(spent)), float(np.percentile(spent, 95))
    return {
        "frames_per_s": 1000.0 / median,
        "median_ms": median,
        "p95_ms": slow,
        "cpu_ms": float(np.median(computed)),
    }


def measure(side: int, width: int, height: int, frames: int) -> dict[str, dict[str, float]]:
    """Return the figures of each phase."""
    radiograph = film(side)
    canvas = Counted()
    canvas.resize(width, height)
    canvas.show()
    QApplication.processEvents()
    canvas.show_image(radiograph, build_pyramid(radiograph.stored))
    canvas.set_layers(layers(radiograph), "fixed scale")
    found: dict[str, dict[str, float]] = {}

    def drag(name: str, button: Qt.MouseButton) -> None:
        hand = Drag(canvas, button)
        found[name] = timed(canvas, hand.move, frames)
        hand.end()

    def opacity() -> None:
        # Steps of a hundredth, as the slider has them.
        canvas.set_overlay(0.2 + 0.01 * (len(seen) % 60), peek=False)
        seen.append(0)
        canvas.repaint()

    seen: list[int] = []
    for zoom, factor in (("fitted", 1.0), ("1:1", 1.0 / canvas.view.scale)):
        canvas.zoom_by(factor)
        drag(f"window/level, {zoom}", Qt.MouseButton.LeftButton)
        found[f"opacity, {zoom}"] = timed(canvas, opacity, frames)
        drag(f"pan, {zoom}", Qt.MouseButton.MiddleButton)
    canvas.fit()
    drag("zoom", Qt.MouseButton.RightButton)
    canvas.close()
    return found


def write_table(phases: dict[str, dict[str, float]]) -> None:
    """Print a line a phase."""
    sys.stdout.write(f"{'phase':24} {'frames/s':>9} {'median ms':>10} {'95 % ms':>9} {'own ms':>8}\n")
    for name, row in phases.items():
        figures = f"{row['frames_per_s']:9.0f} {row['median_ms']:10.2f} {row['p95_ms']:9.2f} {row['cpu_ms']:8.2f}"
        sys.stdout.write(f"{name:24} {figures}\n")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Frames a second while window/level or opacity are dragged.")
    parser.add_argument("--side", type=int, default=4280, help="rows and columns of the image (default: 4280)")
    parser.add_argument("--size", default="1920x1080", help="of the canvas in pixels (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=200, help="frames timed in each phase (default: 200)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    width, height = (int(part) for part in options.size.split("x"))
    phases = measure(options.side, width, height, options.frames)
    application.processEvents()
    budgeted = [row["frames_per_s"] for name, row in phases.items() if name.startswith(("window", "opacity"))]
    result: dict[str, Any] = {
        "ours": {"frames_per_s": min(budgeted)},
        "peers": {"budget_frames_per_s": BUDGET},
        "ratio": min(budgeted) / BUDGET,
        "phases": phases,
    }
    if options.json:
        sys.stdout.write(json.dumps(result, indent=1) + "\n")
        return 0
    write_table(phases)
    own = max(row["cpu_ms"] for name, row in phases.items() if name.startswith(("window", "opacity")))
    sys.stdout.write(
        f"slowest of window/level and opacity: {min(budgeted):.0f} frames/s, budget {BUDGET:.0f}; "
        f"by its own computing time {1000.0 / own:.0f}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
