"""Time from starting the program to its window, painted; no display is needed.

    .venv/bin/python -m tests.benchmarks.startup [--runs 7] [--json]

Each run is a new process that does what ``saerad`` does, with data and cache folders of its own. The clock starts
before the process is asked for and stops when the window has been painted once and the event loop is about to run. The
processor time of that process stands beside it: it does not grow when other programs use the cores. The first run also
reads the libraries from disk, so it is told apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BUDGET_S = 2.0
CHILD = """
import sys, time, os
from PySide6.QtWidgets import QApplication
def shown():
    QApplication.processEvents()
    windows = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.inherits("QMainWindow")]
    assert len(windows) == 1
    windows[0].repaint()
    print(time.monotonic(), sum(os.times()[:2]), flush=True)
    windows[0].close()
    return 0
QApplication.exec = staticmethod(shown)
from viewer.cli import main
sys.exit(main([]))
"""


def one_start() -> tuple[float, float]:
    """Return seconds until the window was painted, and seconds of processor time used by then."""
    with tempfile.TemporaryDirectory(prefix="saerad-startup-") as folder:
        places = {"SAERAD_DATA_DIR": folder, "SAERAD_CACHE_DIR": folder, "QT_QPA_PLATFORM": "offscreen"}
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", CHILD],
            env=os.environ | places,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    shown, computed = (float(word) for word in done.stdout.split()[-2:])
    return shown - begun, computed


def main() -> int:
    """Print the figures; 0 if the median is within the budget."""
    parser = argparse.ArgumentParser(description="Seconds from start to window.")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    first, *rest = [one_start() for _ in range(options.runs)]
    wall = statistics.median(seconds for seconds, _ in rest)
    found = {
        "first_s": round(first[0], 2),
        "median_s": round(wall, 2),
        "worst_s": round(max(seconds for seconds, _ in rest), 2),
        "processor_s": round(statistics.median(seconds for _, seconds in rest), 2),
        "runs": len(rest),
        "budget_s": BUDGET_S,
    }
    told = "  ".join(f"{name} {value}" for name, value in found.items())
    sys.stdout.write((json.dumps(found) if options.json else told) + "\n")
    return 0 if wall < BUDGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
