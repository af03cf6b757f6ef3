"""The folder of a run: whether there is a run to go on with, and whether another may begin in it."""

from __future__ import annotations

from pathlib import Path

from engine.errors import UsageError
from training.sae.checkpoint import NAME

CONFIGURATION, LOG = "fit.json", "metrics.jsonl"
BEGUN = {CONFIGURATION, LOG, f"{CONFIGURATION}.partial", f"{NAME}.partial"}
"""What a run leaves that is killed before its first checkpoint."""


def exists(folder: Path) -> bool:
    """Whether a folder holds a run that can be gone on with."""
    return (folder / NAME).is_file()


def refuse_other_files(folder: Path) -> None:
    """Refuse to begin a run in a folder that is in other use.

    Raises
    ------
    UsageError
        ``FIT_OTHER_RUN`` when it holds anything but what a run leaves that was killed before its first checkpoint.
    """
    if folder.is_dir() and any(path.name not in BEGUN for path in folder.rglob("*") if not path.is_dir()):
        raise UsageError(
            "FIT_OTHER_RUN",
            f"{folder} is not empty and holds no run to go on with",
            "choose a new or an empty folder",
        )
