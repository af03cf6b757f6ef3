"""Settings of the whole program."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.i18n.language import SYSTEM
from viewer.settings.spec import Setting

LANGUAGE = Setting(
    "program/language",
    mark("Language"),
    SYSTEM,
    mark("Language of menus, panels and dialogs. That of drafts is a setting of its own."),
    choices=((SYSTEM, mark("as the system")), ("en", "English"), ("de", "Deutsch")),
    restart=True,
)
THEME = Setting(
    "program/theme",
    mark("Theme"),
    "dark",
    mark("Colours of the window. Images stand on black in both."),
    choices=(("dark", mark("dark")), ("light", mark("light"))),
)
WELCOME = Setting(
    "program/welcome",
    mark("Welcome page at the start"),
    True,
    mark("What the program is and how to begin; also in the Help menu. Closing the page switches it off."),
)
READER = Setting(
    "program/reader",
    mark("Your name"),
    "",
    mark(
        "Stands in a draft's record of changes and, once you have reviewed the draft, in the DICOM SR as the one who "
        "attests it; nothing proves it. Empty: the name under which this computer knows you."
    ),
    words=True,
)
SETTINGS: tuple[Setting, ...] = (READER, LANGUAGE, THEME, WELCOME)
