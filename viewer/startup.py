"""What is looked at before the window opens: folders that can be written, and words of the language."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from engine.resources import user_cache_path, user_data_path
from viewer.i18n import tr
from viewer.state.images import Problem


@dataclass(frozen=True)
class Folders:
    """Where the viewer keeps things.

    Attributes
    ----------
    data, cache : Path
        The person's own folders, or temporary ones where those cannot be written.
    problems : tuple of Problem
        What to tell once the window is there.
    """

    data: Path
    cache: Path
    problems: tuple[Problem, ...] = ()


def usable_folders() -> Folders:
    """Return the person's folders; those that cannot be written are replaced by temporary ones, which is told."""
    found, refused = [], []
    for wanted in (user_data_path(), user_cache_path()):
        why = _obstacle(wanted)
        if why:
            refused.append(f"{wanted} ({why})")
        found.append(Path(tempfile.mkdtemp(prefix="saerad-")) if why else wanted)
    if not refused:
        return Folders(found[0], found[1])
    problem = Problem(
        "FOLDER_NOT_WRITABLE",
        tr("{folders} cannot be written", folders=", ".join(refused)),
        tr(
            "drafts, settings and the list of studies are kept in {folder} for now, where the system may delete them;"
            " export what you need, and allow writing there or name another folder in SAERAD_DATA_DIR and"
            " SAERAD_CACHE_DIR",
            folder=found[0],
        ),
    )
    return Folders(found[0], found[1], (problem,))


def _obstacle(folder: Path) -> str:
    """Why nothing can be written into a folder; empty if it can be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)
