"""The table of the profile: what happens to each attribute."""

from __future__ import annotations

from enum import Enum
from functools import cache

from engine.resources import resource_path


class Action(Enum):
    """Actions of PS3.15 table E.1-1 that the Basic Profile comes down to."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    NEW_UID = "U"


# Which of X, Z and D an object needs depends on its IOD. The mildest always keeps it valid, and none leaves the value.
_MILDEST = ("U", "D", "Z", "X")


@cache
def basic_profile() -> dict[str, Action]:
    """Return the Basic Profile's action of each attribute by its tag, eight digits of which some may be ``x``."""
    text = resource_path("dicom", "basic_profile.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {tag: _mildest(actions) for tag, _, actions in rows}


def action_of(tag: int) -> Action | None:
    """Return what the profile does to an attribute; None where it is kept.

    Parameters
    ----------
    tag : int
        Group and element, as ``0x00100010``. Private groups are not in the table: they are removed as a whole.
    """
    table, name = basic_profile(), f"{tag:08X}"
    if found := table.get(name):
        return found
    if name.startswith(("50", "60")):  # repeating groups, of even number
        return table.get(f"{name[:2]}xx{name[4:]}") or table.get(f"{name[:2]}xxxxxx")
    return None


def _mildest(actions: str) -> Action:
    given = actions.replace("*", "").split("/")
    return Action(next(letter for letter in _MILDEST if letter in given))
