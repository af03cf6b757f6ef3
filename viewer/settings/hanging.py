"""Settings of how images hang beside each other."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.settings.spec import Setting

RULES = Setting(
    "hanging/rules",
    mark("Own hanging rules"),
    "",
    mark("File of rules for View > Hang by rules; empty: those that ship with the program. docs/hanging.md says how."),
    file=True,
)
SETTINGS: tuple[Setting, ...] = (RULES,)
