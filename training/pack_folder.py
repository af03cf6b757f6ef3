"""Where a pack may be written without losing anything."""

from __future__ import annotations

import json
from pathlib import Path

from engine.errors import UsageError
from engine.pack.verify import MANIFEST_NAME


def refuse_taken(out: Path, *, overwrite: bool) -> None:
    """Refuse a place for a pack that is in use.

    Parameters
    ----------
    out : Path
        Fine if it is not there or an empty folder.
    overwrite : bool
        Whether a pack may be replaced; one with files beside it in its folder, which would go with it, never is.

    Raises
    ------
    UsageError
        ``EXPORT_OUT``.
    """
    if out.is_dir():
        found = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    else:
        found = {out.name} if out.exists() else set()
    if not found:
        return
    others = sorted(found - _listed(out))
    if others:
        raise UsageError(
            "EXPORT_OUT", f"{out} holds other things than a pack, such as {others[0]}", "name another folder with --out"
        )
    if not overwrite:
        raise UsageError("EXPORT_OUT", f"{out} holds a pack", "name another folder, or add --overwrite to replace it")


def _listed(folder: Path) -> set[str]:
    """Return the files of the pack in a folder, of whatever version; none where there is none."""
    try:
        return {MANIFEST_NAME, *json.loads((folder / MANIFEST_NAME).read_bytes())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
