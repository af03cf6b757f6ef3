"""Write the pages of actions, settings and the journey: ``python -m viewer.reference [FOLDER]`` (default ``docs``)."""

from __future__ import annotations

import sys
from pathlib import Path

from viewer.actions.catalogue import ACTIONS
from viewer.actions.mouse import GESTURES
from viewer.actions.spec import MENUS, ActionSpec
from viewer.journey.steps import STEPS
from viewer.settings.catalogue import GROUPS
from viewer.settings.spec import Setting

MADE = "<!-- Made by `python -m viewer.reference`; change the declarations instead. -->"
ACTIONS_HEAD = f"""# Actions of the viewer

{MADE}

Menus, toolbar, keys and the help page (F1) are made from the same list. Every key can be changed in Edit > Keys.
"""
SETTINGS_HEAD = f"""# Settings of the viewer

{MADE}

Chosen in Edit > Settings and kept in `viewer.ini` in the user's data folder (`SAERAD_DATA_DIR` moves it). A line that
cannot be used is told at the start, and its default holds.
"""

JOURNEY_HEAD = f"""# A journey through the viewer

{MADE}

    .venv/bin/saerad demo --offscreen build/journey       # needs no display; half a minute on two cores
    .venv/bin/python packaging/keep_pictures.py build/journey docs/images/journey

goes through the whole program as a reader would, with mouse and keys, leaves a picture of each step, and checks at each
in the widgets that what the picture is to show is there. `tests/viewer/test_journey.py` runs it. The pictures below
were made so, then scaled and reduced to 256 colours. Dialogs have no frame without a window manager: the strip with the
title stands for it. Where the images come from: [ATTRIBUTION](../resources/demo/ATTRIBUTION.md).
"""


def actions_page() -> str:
    """Return docs/viewer-actions.md."""
    page = ACTIONS_HEAD
    for menu in MENUS:
        page += f"\n## {menu.replace('&', '')}\n\n" + _actions([spec for spec in ACTIONS if spec.menu == menu])
    page += "\n## Keys only\n\n" + _actions([spec for spec in ACTIONS if not spec.menu])
    rows = "".join(f"| {hand} | {does} |\n" for hand, does in GESTURES)
    return page + "\n## Mouse and lists\n\n| hand | what happens |\n| --- | --- |\n" + rows


def _actions(specs: list[ActionSpec]) -> str:
    rows = "".join(f"| `{spec.id}` | {spec.name} | {_keys(spec)} | {spec.tooltip} |\n" for spec in specs)
    return "| id | name | keys | what it does |\n| --- | --- | --- | --- |\n" + rows


def _keys(spec: ActionSpec) -> str:
    return ("hold " if spec.held else "") + ", ".join(f"`{key}`" for key in spec.keys)


def settings_page() -> str:
    """Return docs/viewer-settings.md."""
    page = SETTINGS_HEAD
    for name, settings in GROUPS:
        rows = "".join(_setting(setting) for setting in settings)
        page += f"\n## {name}\n\n| setting | values | default | what it does |\n| --- | --- | --- | --- |\n" + rows
    return page


def _setting(setting: Setting) -> str:
    if setting.file:
        values = "path of a file" + (" or a folder" if setting.folder else "")
    elif setting.words:
        values = "text"
    elif setting.choices:
        values = ", ".join(f"`{value}`" for value, _ in setting.choices)
    elif isinstance(setting.default, bool):
        values = "`true`, `false`"
    else:
        values = f"{setting.low:g} to {setting.high:g}"
    later = " From the next start on." if setting.restart else ""
    default = setting.write(setting.default)
    return f"| `{setting.id}` ({setting.name}) | {values} | `{default}` | {setting.prose}{later} |\n"


def journey_page() -> str:
    """Return docs/journey.md."""
    steps = "".join(
        f"\n## {number}. {step.caption}\n\n![{step.caption}](images/journey/{step.name}.png)\n"
        for number, step in enumerate(STEPS, start=1)
    )
    return JOURNEY_HEAD + steps


def pages() -> dict[str, str]:
    """Return the text of each page, by its file name in docs."""
    return {"viewer-actions.md": actions_page(), "viewer-settings.md": settings_page(), "journey.md": journey_page()}


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for file_name, text in pages().items():
        (folder / file_name).write_text(text, encoding="utf-8")
