"""Where the files that ship with the program lie, and where a person's own packs and caches go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP_NAME = "saerad"


def resource_path(*parts: str) -> Path:
    """Path under ``resources/``, which lies beside the packages (checkout, frozen program) or in the prefix's share.

    The file itself need not exist; a caller that needs it says so with its own error.
    """
    beside = Path(__file__).resolve().parents[1] / "resources"
    root = beside if beside.is_dir() else Path(sys.prefix) / "share" / APP_NAME / "resources"
    return root.joinpath(*parts)


def user_data_path(*parts: str) -> Path:
    """Path under the person's data folder (installed packs); ``SAERAD_DATA_DIR`` moves it."""
    root = os.environ.get("SAERAD_DATA_DIR") or platformdirs.user_data_dir(APP_NAME, appauthor=False)
    return Path(root).joinpath(*parts)


def user_cache_path(*parts: str) -> Path:
    """Path under the person's cache folder (unpacked archives); ``SAERAD_CACHE_DIR`` moves it."""
    root = os.environ.get("SAERAD_CACHE_DIR") or platformdirs.user_cache_dir(APP_NAME, appauthor=False)
    return Path(root).joinpath(*parts)
