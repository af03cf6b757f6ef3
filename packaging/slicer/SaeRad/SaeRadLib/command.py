"""The call of ``saerad analyse`` as a child process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

FORMATS = "text,json,seg"
SLICERS_OWN = ("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "QT_PLUGIN_PATH")
"""What Slicer sets for itself: another program's Python would take Slicer's libraries for its own."""


def find_program(chosen: str, environment: Mapping[str, str]) -> str:
    """Return the path of ``saerad``: the one that a person chose, else the one on the search path; empty if none."""
    if chosen:
        return chosen if Path(chosen).is_file() and os.access(chosen, os.X_OK) else ""
    return shutil.which("saerad", path=environment.get("PATH", "")) or ""


def arguments(image: str, out: str, pack: str = "", device: str = "auto") -> list[str]:
    """Return the arguments that analyse one image into a folder; `pack` is a name or path, empty the demo pack."""
    chosen = ["--pack", pack] if pack else []
    return ["analyse", image, "--out", out, "--format", FORMATS, "--device", device, "--json", *chosen]


def clean_environment(startup: Mapping[str, str]) -> dict[str, str]:
    """Return Slicer's environment as it was before Slicer, without what would still lead into Slicer's Python."""
    return {name: value for name, value in startup.items() if name not in SLICERS_OWN}
