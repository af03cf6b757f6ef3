"""How long the viewer's UI thread is held up while a study is opened and read; no display is needed.

    .venv/bin/python -m tests.benchmarks.ui_thread [--rounds 3] [--json]

A timer of 5 ms beats on the UI thread. Between two beats stand the time that passed and the processor time that the UI
thread itself used: the second is what the viewer's own code costs and does not grow when other programs use the cores.
A second thread looks 500 times a second at what the UI thread does, which names the code behind a long gap. Each round
opens the demonstration study and an enlarged film in a new window, in one process; the first one also pays for loading.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PySide6.QtCore import QEventLoop, QTimer

from engine.resources import resource_path
from tests.benchmarks.heartbeat import Heartbeat, Phase
from viewer.app import make_application, make_window
from viewer.state.selection import is_positive
from viewer.window import MainWindow

BUDGET_MS, LIMIT_S = 50.0, 120.0
IDLE = "idle"


def wait(ready: Callable[[], bool], what: str) -> None:
    """Let the event loop run until something is so."""
    loop, timer, end = QEventLoop(), QTimer(), time.monotonic() + LIMIT_S

    def look() -> None:
        if ready() or time.monotonic() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(10)
    loop.exec()
    if not ready():
        raise SystemExit(f"waited {LIMIT_S:.0f} s for {what}")


def pause(seconds: float) -> None:
    """Let the event loop run for a while."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end, "the clock")


def large_film(target: Path, side: int = 4280) -> Path:
    """Enlarge a radiograph of the demonstration study to the size of a film as detectors deliver it."""
    source = pydicom.dcmread(resource_path("demo", "02_chest_pa.dcm"))
    source.decompress()
    pixels = source.pixel_array
    rows, columns = (np.arange(side) * size // side for size in pixels.shape)
    large = np.ascontiguousarray(pixels[np.ix_(rows, columns)])
    source.Rows, source.Columns, source.PixelData = *large.shape, large.tobytes()
    source.SOPInstanceUID = source.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    source.save_as(target)
    return target


def journey(window: MainWindow, beat: Heartbeat, film: Path) -> None:
    """Do what a reader does, each step as a phase of its own."""
    session, controller = window.session, window.controller
    with beat.phase(IDLE):
        pause(1.0)

    def read(name: str, key: str) -> None:
        image = session.images[key]
        with beat.phase(f"{name}: analysis to panels and maps"):
            wait(lambda: key in controller.maps, "the analysis")
            pause(0.2)
        if image.analysis is None or image.history is None:
            raise SystemExit(f"{image.path.name} was refused")
        with beat.phase(f"{name}: maps on and off"):
            for feature in list(image.analysis.maps)[:8]:
                session.set_overlay(session.overlay.switch((feature,), True))
                pause(0.05)
            for value in (0.2, 0.4, 0.1):
                session.set_overlay(session.overlay.with_threshold(value))
                pause(0.05)
            session.set_overlay(session.overlay.show(()))
            pause(0.05)
        with beat.phase(f"{name}: sentences"):
            sentences = list(image.history.current.sentences())
            for sentence in sentences[:3]:
                window.commands.choose_sentence(sentence.key)
                pause(0.05)
                window.commands.confirm(sentence.key)
                pause(0.05)
            if not any(is_positive(sentence) for sentence in sentences):
                raise SystemExit(f"{image.path.name} has no positive sentence to show")

    with beat.phase("study: drop to image"):
        controller.open([resource_path("demo")])
        wait(lambda: window.canvas.radiograph is not None, "the first image")
    wait(lambda: len(controller.thumbnails) == len(session.images), "the thumbnails")
    phantom = next(key for key in session.images if Path(key).name.startswith("04"))
    session.show(phantom)
    read("phantom", phantom)
    with beat.phase("film: drop to image"):
        controller.open([film])
        wait(lambda: session.current_key == str(film) and window.canvas.radiograph is not None, "the film")
    read("film", str(film))
    with beat.phase("film: back and forth"):
        for _ in range(3):
            session.step(-1)
            pause(0.15)
            session.step(1)
            pause(0.15)


def summary(rounds: list[dict[str, Phase]]) -> dict[str, Any]:
    """Medians over the rounds, the largest of them, and how it compares with the budget."""
    phases: dict[str, dict[str, Any]] = {
        name: {
            "wall_ms": statistics.median(r[name].longest.wall_ms for r in rounds),
            "cpu_ms": statistics.median(r[name].busiest.cpu_ms for r in rounds),
            "wall_ms_rounds": [round(r[name].longest.wall_ms, 1) for r in rounds],
            "cpu_ms_rounds": [round(r[name].busiest.cpu_ms, 1) for r in rounds],
            "longest_in": rounds[-1][name].longest.code,
            "busiest_in": rounds[-1][name].busiest.code,
        }
        for name in rounds[0]
    }
    busy = [row for name, row in phases.items() if name != IDLE]
    wall, cpu = (max(row[key] for row in busy) for key in ("wall_ms", "cpu_ms"))
    idle = phases[IDLE]["wall_ms"]
    return {
        "ours": {"busiest_gap_cpu_ms": cpu, "longest_gap_wall_ms": wall, "longest_gap_to_idle": wall / idle},
        "peers": {"budget_ms": BUDGET_MS, "idle_longest_gap_wall_ms": idle},
        "ratio": BUDGET_MS / cpu,
        "phases": phases,
    }


def table(result: dict[str, Any], rounds: int) -> str:
    """The summary for people."""
    lines = [f"{'phase':40} {'longest gap':>12} {'most work':>12}   ms, median of {rounds} rounds; the work was in"]
    for name, row in result["phases"].items():
        lines.append(f"{name:40} {row['wall_ms']:12.1f} {row['cpu_ms']:12.1f}   {row['busiest_in']}")
    ours, ratio = result["ours"], result["ratio"]
    lines.append(
        f"most work between two beats {ours['busiest_gap_cpu_ms']:.1f} ms, budget {BUDGET_MS:.0f} ms: "
        f"{ratio:.1f} times inside it; longest gap {ours['longest_gap_to_idle']:.1f} times the idle one"
    )
    return "\n".join(lines)


def main() -> int:
    """Run the rounds and print the medians over them."""
    parser = argparse.ArgumentParser(description="How long the viewer's UI thread is held up.")
    parser.add_argument("--rounds", type=int, default=3, help="how often the journey is made (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = make_application()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="saerad-bench-") as name:
        folder = Path(name).resolve()
        film = large_film(folder / "film.dcm")
        for number in range(options.rounds):
            window = make_window(None, "cpu", folder / f"drafts{number}")
            window.show()
            beat = Heartbeat()
            journey(window, beat, film)
            beat.stop()
            rounds.append(beat.phases)
            window.close()
            window.deleteLater()
            application.processEvents()
    result = summary(rounds)
    sys.stdout.write((json.dumps(result, indent=1) if options.json else table(result, options.rounds)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
