"""The bundled study in the viewer, on the screen or, without one, as a whole journey with screenshots."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from engine.resources import resource_path
from viewer.journey.errors import DemoError


def run_demo(offscreen: Path | None) -> int:
    """Open the bundled study.

    Parameters
    ----------
    offscreen : Path, optional
        Needs no display then: goes through the journey (`viewer.journey.steps`), leaves a picture of each step and
        every export in this folder and prints what it wrote.

    Returns
    -------
    int
        0, or 1 when something on the way reported a problem or was not as it should be.
    """
    folder = resource_path("demo")
    if not any(folder.glob("*.dcm")):
        raise DemoError("DEMO_MISSING", f"the demonstration study is not in {folder}", "install the program again")
    if offscreen is None:
        from viewer.app import run

        return run([str(folder)])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    offscreen.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="saerad-demo-") as scratch:
        return journey(offscreen, Path(scratch))


def journey(out: Path, scratch: Path) -> int:
    """Go through all steps, say what was written and what was not as it should be."""
    from viewer.journey.stage import Stage
    from viewer.journey.steps import STEPS

    stage = Stage(out, scratch)
    try:
        for step in STEPS:
            step.do(stage)
            stage.picture(step.name)
    finally:
        stage.end()
    for path in stage.written:
        sys.stdout.write(f"{path}\n")
    for problem in stage.problems:
        sys.stderr.write(f"error {problem}\n")
    return 1 if stage.problems else 0
