"""The libraries' own virtual environment: made once, exact versions, never the program's."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "peers-requirements.txt"
MARK = "saerad-installed.txt"
UNWANTED = "torchvision"
"""Comes with a dependency and breaks the import of ``transformers`` beside a CPU build of torch."""


@dataclass(frozen=True)
class Environment:
    """An environment with the libraries in it, or why there is none.

    Attributes
    ----------
    python : Path or None
        Its interpreter.
    problem : str
    """

    python: Path | None
    problem: str = ""


def prepare(folder: Path) -> Environment:
    """Return the environment in a folder, made first where it is not there or is of other versions.

    Without a network this fails, which is no error: our own side can be measured alone.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    mark = folder / MARK
    if python.is_file() and mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return Environment(python)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)],
        [str(python), "-m", "pip", "uninstall", "--quiet", "--yes", UNWANTED],
    ):
        if failed := _run(command):
            return Environment(None, f"the other libraries could not be installed: {failed}")
    mark.write_text(wanted, encoding="utf-8")
    return Environment(python)


def _run(command: list[str]) -> str:
    """Return the last line of what a command complained of, or nothing where it succeeded."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1] if done.returncode else ""
