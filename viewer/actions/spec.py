"""One action as data, and the menus it can stand in."""

from __future__ import annotations

from dataclasses import dataclass

FILE, EDIT, VIEW, IMAGE, MEASURE = "&File", "&Edit", "&View", "&Image", "&Measure"
OVERLAY, REPORT, HELP = "&Overlay", "&Report", "&Help"
MENUS = (FILE, EDIT, VIEW, IMAGE, MEASURE, OVERLAY, REPORT, HELP)
"""In the order of the menu bar."""


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    id : str
        Names the action in code, settings and tests; it never changes, because a person's own keys are kept by it.
    keys : tuple of str
        Default shortcuts in Qt's portable notation; the first one is shown in menus.
    menu : str
        Menu it stands in; empty when it only has a key.
    needs : str
        What must be there for it to be enabled: "", "images" (more than one file, readable or not), "image", "draft",
        "maps", "panes" (more than one), "undo" and "redo" (there is something to), "measurements", "priors" (earlier
        studies that can be shown).
    held : bool
        Whether it lasts as long as its key is held.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    tooltip: str
    menu: str
    toolbar: bool = False
    checkable: bool = False
    needs: str = ""
    held: bool = False

    @property
    def name(self) -> str:
        """The text without the mark of its menu key and without dots, in English."""
        return self.text.replace("&", "").rstrip("…")
