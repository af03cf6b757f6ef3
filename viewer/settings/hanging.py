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
PRIORS = Setting(
    "hanging/priors",
    mark("Earlier studies"),
    "hang",
    mark(
        "What happens where the index knows earlier chest radiographs of the patient shown: they hang beside it by the"
        " rules, or are only named above it."
    ),
    choices=(("hang", mark("hang beside")), ("offer", mark("are named"))),
)
SETTINGS: tuple[Setting, ...] = (RULES, PRIORS)
