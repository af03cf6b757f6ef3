"""Settings of how drafts are worded."""

from __future__ import annotations

from viewer.i18n import mark
from viewer.settings.spec import Setting

STYLE = Setting(
    "drafts/style",
    mark("House style"),
    "",
    mark(
        "File or folder with your own phrases, order, questions and templates; empty: the shipped ones. It holds for "
        "the next draft, and for the one shown with Report > Write the draft anew. docs/house-style.md says how."
    ),
    file=True,
    folder=True,
)
LANGUAGE = Setting(
    "drafts/language",
    mark("Language of drafts"),
    "",
    mark("Of the next draft, and of the one shown with Report > Write the draft anew."),
    choices=(("", mark("As the house style says, else English")), ("en", "English"), ("de", "Deutsch")),
)
SETTINGS: tuple[Setting, ...] = (STYLE, LANGUAGE)
